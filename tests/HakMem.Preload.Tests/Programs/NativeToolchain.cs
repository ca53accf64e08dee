using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Compiles the programs of the folder <c>Native</c>, each once, into a folder of this run.</summary>
internal static class NativeToolchain
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> s_compiled = new();
    private static readonly Lazy<string> s_folder = new(CreateFolder);

    /// <summary>Libraries that <c>life</c> opens and that are preloaded beside the allocator; they lie in the same folder as the programs.</summary>
    private static readonly string[] s_libraries = ["libearly", "libforwards", "libplugin", "libstatictls", "libwrappers"];

    /// <summary>Linked with a C++ library of its own.</summary>
    private const string OwnCppLibrary = "libcppstatic.so";

    private const string MuslFolder = "musl/";

    /// <summary>The C compiler; null if there is none.</summary>
    public static string? CCompiler { get; } = FindInPath("cc") ?? FindInPath("gcc") ?? FindInPath("clang");

    /// <summary>The C++ compiler; null if there is none.</summary>
    public static string? CppCompiler { get; } = FindInPath("c++") ?? FindInPath("g++") ?? FindInPath("clang++");

    /// <summary>The C compiler for musl; null if there is none.</summary>
    public static string? MuslCompiler { get; } = File.Exists("/lib/ld-musl-x86_64.so.1") ? FindInPath("musl-gcc") : null;

    public static string Sources { get; } = Path.Combine(Repository.Root, "tests", "HakMem.Preload.Tests", "Native");

    /// <summary>The path of a compiled program, or of a library with its name's end.</summary>
    public static string Compiled(string name) => s_compiled.GetOrAdd(name, key => new Lazy<string>(() => Compile(key))).Value;

    /// <summary>A program whose shared libraries lie beside it.</summary>
    public static string CompiledWithLibraries(string name)
    {
        foreach (string library in s_libraries) Compiled(library + ".so");
        return Compiled(name);
    }

    /// <summary>A program for musl, the C library of Alpine, whose shared libraries lie beside it.</summary>
    public static string CompiledForMusl(string name)
    {
        foreach (string library in s_libraries) OfMusl(library + ".so");
        return OfMusl(name);

        static string OfMusl(string name) => s_compiled.GetOrAdd(MuslFolder + name, key => new Lazy<string>(() => Compile(key))).Value;
    }

    /// <summary>Copies a program, so that it runs with the rights of a group that is not the caller's. False if this user may not.</summary>
    public static bool TrySetGroup(string program, out string copy)
    {
        copy = program + "-setgid";
        return NativeProcess.Run("/bin/sh", ["-c", "cp \"$0\" \"$1\" && chgrp 65534 \"$1\" && chmod g+s \"$1\"", program, copy], [], TimeSpan.FromMinutes(1)).ExitCode == 0;
    }

    public static string? FindInPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static string Compile(string name)
    {
        bool isLibrary = name.EndsWith(".so", StringComparison.Ordinal);
        string source = Path.Combine(Sources, Path.GetFileNameWithoutExtension(name)), output = Path.Combine(s_folder.Value, name);
        bool isForMusl = name.StartsWith(MuslFolder, StringComparison.Ordinal);
        if (isForMusl) Directory.CreateDirectory(Path.Combine(s_folder.Value, MuslFolder));
        bool isCpp = File.Exists(source + ".cpp");
        List<string> arguments = isCpp ? ["-std=c++17", source + ".cpp"] : ["-std=gnu17", source + ".c"];
        arguments.AddRange(["-O2", "-g", "-pthread", "-fno-builtin", "-Wall", "-Wextra", "-o", output]);
        if (isLibrary) arguments.AddRange(["-shared", "-fPIC"]);
        if (name == OwnCppLibrary) arguments.AddRange(["-static-libstdc++", "-static-libgcc"]);
        if (isForMusl) arguments.AddRange(["-include", Path.Combine(Sources, "glibc-for-musl.h"), "-Wl,-z,dynamic-undefined-weak"]);
        arguments.AddRange(["-ldl", "-lrt"]);
        string compiler = (isForMusl ? MuslCompiler : isCpp ? CppCompiler : CCompiler) ?? throw new InvalidOperationException("There is no compiler; the test should have been skipped.");
        NativeResult result = NativeProcess.Run(compiler, arguments, [], TimeSpan.FromMinutes(2));
        return result.ExitCode == 0 ? output : throw new InvalidOperationException($"{name} does not compile:\n{result.Error}");
    }

    private static string CreateFolder()
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-native-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
