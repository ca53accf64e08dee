using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Threading;
using Xunit;

namespace HakMem.Tests;

/// <summary>A copy of the library in a context that can be unloaded, as plug-ins have it.</summary>
public sealed unsafe class UnloadingTests
{
    [Fact]
    public void AContextThatUsedTheLibraryCanBeUnloaded()
    {
        WeakReference context = UseInContext();
        Stopwatch waited = Stopwatch.StartNew();
        while (context.IsAlive && waited.Elapsed < TimeSpan.FromSeconds(30))
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(50);   // a purge may be due still
        }

        Assert.False(context.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseInContext()
    {
        PlugInContext context = new();
        Assembly copy = context.LoadFromAssemblyName(typeof(HakMemory).Assembly.GetName());
        Type memory = copy.GetType("HakMem.HakMemory", throwOnError: true)!;
        Assert.NotSame(typeof(HakMemory), memory);
        MethodInfo alloc = memory.GetMethod("Alloc", [typeof(nuint)])!, free = memory.GetMethod("Free", [typeof(void*)])!;
        object[] blocks = new object[1000];
        for (int i = 0; i < blocks.Length; i++) blocks[i] = alloc.Invoke(null, [(nuint)(i * 100)])!;
        foreach (object block in blocks) _ = free.Invoke(null, [block]);
        context.Unload();
        return new WeakReference(context);
    }

    /// <summary>Loads its own copies of the library's assemblies.</summary>
    private sealed class PlugInContext() : AssemblyLoadContext("plug-in", isCollectible: true)
    {
        private static readonly string s_folder = Path.GetDirectoryName(typeof(HakMemory).Assembly.Location)!;

        protected override Assembly? Load(AssemblyName name)
            => name.Name is "HakMem" or "HakMem.Boxes" ? LoadFromAssemblyPath(Path.Combine(s_folder, name.Name + ".dll")) : null;
    }
}
