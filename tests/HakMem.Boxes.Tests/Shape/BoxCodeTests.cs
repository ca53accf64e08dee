using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Threading;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>What the boxes' IL may hold: it is compiled for the preload library too, where nothing of the runtime exists.</summary>
public class BoxCodeTests
{
    private static readonly string[] s_forbidden = ["newarr", "box", "throw", "rethrow", "ldstr", "callvirt", "castclass", "isinst", "unbox", "unbox.any", "ldvirtftn", "mkrefany"];
    private static readonly Type[] s_allowed = [typeof(Interlocked), typeof(Volatile), typeof(BitOperations), typeof(Unsafe), typeof(X86Base), typeof(ArmBase), typeof(OperatingSystem), typeof(Debug), typeof(ReadOnlySpan<>)];
    private static readonly string[] s_allowedNative = [nameof(NativeMemory.Clear), nameof(NativeMemory.Copy), nameof(NativeMemory.Fill)];

    [Fact]
    public void Boxes_hold_nothing_that_needs_the_runtime()
    {
        Instruction[] code = [.. BoxCode.Types(typeof(Slab).Assembly).Where(static type => type != typeof(SystemSupport)).SelectMany(BoxCode.Of)];   // that is for the runtime alone
        Assert.True(code.Length > 3000, $"only {code.Length} instructions were read");
        Assert.Empty(code.Select(Objection).OfType<string>());
    }

    [Fact]
    public void Whatever_is_planted_is_found()
    {
        string[] objections = [.. BoxCode.Of(typeof(PlantedBox)).Select(Objection).OfType<string>()];
        foreach (string wrong in new[] { "newobj", "newarr", "box", "throw", "ldstr", "callvirt", "Console.WriteLine", "NativeMemory.Alloc" })
        {
            Assert.Contains(objections, objection => objection.Contains(wrong, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_box_calls_its_own_layer_or_below()
    {
        Assert.Empty(BoxCode.Types(typeof(Slab).Assembly).SelectMany(BoxCode.Of).Where(CallsUpward).Select(static call => call.ToString()).Distinct());
        Assert.Contains(BoxCode.Of(typeof(PlantedBox)), CallsUpward);
    }

    [Fact]
    public void Only_the_layer_Os_imports_from_the_system()
    {
        IEnumerable<MethodInfo> imports = typeof(Slab).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));
        Assert.NotEmpty(imports);
        Assert.All(imports, static import => Assert.Equal(BoxLayer.Os, import.DeclaringType?.GetCustomAttribute<BoxAttribute>()?.Layer));
    }

    [Fact]
    public void Hot_paths_have_no_loop_lock_or_atomic()
    {
        MethodInfo[] hot = [.. BoxCode.Types(typeof(Slab).Assembly).SelectMany(static type => type.GetMethods()).Where(static method => method.GetCustomAttribute<HotPathAttribute>() != null)];
        Assert.True(hot.Length >= 4);
        foreach (MethodInfo method in hot)
        {
            Instruction[] code = [.. BoxCode.Of(method.DeclaringType!).Where(instruction => instruction.Method == method)];
            Assert.DoesNotContain(code, static instruction => instruction.Member?.DeclaringType == typeof(Interlocked) || instruction.Member?.DeclaringType == typeof(SpinLock));
            Assert.True(method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveInlining), method.Name);
        }
    }

    private static string? Objection(Instruction instruction)
    {
        if (s_forbidden.Contains(instruction.Code.Name)) return instruction.ToString();
        if (instruction.Member is not MethodBase callee || callee.DeclaringType is not { } type) return null;
        if (instruction.Code.Name == "newobj" && !type.IsValueType) return instruction.ToString();
        if (type.Assembly == typeof(Slab).Assembly) return null;
        Type open = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (s_allowed.Contains(open) || (type == typeof(NativeMemory) && s_allowedNative.Contains(callee.Name))) return null;
        return instruction.ToString();
    }

    private static bool CallsUpward(Instruction instruction)
    {
        if (instruction.Member is not MethodBase callee || callee.DeclaringType == typeof(IAllocatorConfig)) return false;
        if (BoxCode.BoxOf(instruction.Method.DeclaringType) is not { } caller || BoxCode.BoxOf(callee.DeclaringType) is not { } box) return false;
        return box.GetCustomAttribute<BoxAttribute>()!.Layer > caller.GetCustomAttribute<BoxAttribute>()!.Layer;
    }

    /// <summary>Everything a box must not do.</summary>
    [Box(BoxLayer.Core)]
    private static unsafe class PlantedBox
    {
        public static object Forbidden(int number)
        {
            if (number < 0) throw new InvalidOperationException("planted");
            Console.WriteLine(new int[number].ToString());
            NativeMemory.Free(NativeMemory.Alloc(1));
            return number;
        }

        public static void Upward() => FaultyMemory.Restore();
    }
}
