using System;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;

namespace HakMem.Systems;

/// <summary>
/// What <c>dotnet test</c> and <c>dotnet</c> do, for a system that this machine is not: <c>test ASSEMBLY [PART OF A NAME]…</c> runs an assembly's tests in this process, <c>list ASSEMBLY</c> tells its classes of tests, <c>run ASSEMBLY [ARGUMENTS]</c> runs a program.
/// Both are as they were built, and this one brings the runtime.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is not [("test" or "list" or "run") and var what, var path, ..] || !File.Exists(path))
        {
            Console.Error.WriteLine("usage: HakMem.Systems test ASSEMBLY [PART OF A TEST'S NAME]... | list ASSEMBLY | run ASSEMBLY [ARGUMENTS]");
            return 2;
        }

        path = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(path)!;
        AppContext.SetData("APP_CONTEXT_BASE_DIRECTORY", folder + Path.DirectorySeparatorChar);   // what lies beside the assembly lies beside it here, too
        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            string file = Path.Combine(folder, name.Name + ".dll");
            return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        };
        Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        string[] rest = arguments[2..];
        if (what == "list") return TestRun.List(assembly);
        if (what == "test") return TestRun.Run(assembly, rest);
        object? result = assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, assembly.EntryPoint.GetParameters().Length == 0 ? [] : [rest], null);
        return result is int code ? code : 0;
    }
}
