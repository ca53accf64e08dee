using System;

namespace HakMem.Preload.Tests.Programs;

/// <summary>Says what is missing on this machine.</summary>
internal static class NativeNeeds
{
    private static readonly Lazy<bool> s_canTrace = new(static () => NativeProcess.Run(NativeToolchain.Compiled("footprint"), ["end", "/bin/true"], [("FOOTPRINT_SHIFT", "0")], TimeSpan.FromMinutes(1)).ExitCode == 0);

    private static readonly Lazy<bool> s_canSetGroup = new(static () => NativeToolchain.TrySetGroup(NativeToolchain.Compiled("endings"), out string program) && NativeProcess.Run(program, ["secure"], [], TimeSpan.FromMinutes(1)).ExitCode == 3);

    public static string? Missing(NativeNeed[] needs)
    {
        if (LibraryUnderTest.Absence is { } absence) return absence;
        if (NativeToolchain.CCompiler is null) return "there is no C compiler (cc, gcc or clang)";
        foreach (NativeNeed need in needs)
        {
            if (need == NativeNeed.CppCompiler && NativeToolchain.CppCompiler is null) return "there is no C++ compiler (c++, g++ or clang++)";
            if (need == NativeNeed.MuslCompiler && NativeToolchain.MuslCompiler is null) return "there is no musl-gcc";
            if (need == NativeNeed.Binutils && (NativeToolchain.FindInPath("objdump") is null || NativeToolchain.FindInPath("nm") is null)) return "there are no binutils";
            if (need == NativeNeed.Valgrind && NativeToolchain.FindInPath("valgrind") is null) return "there is no valgrind";
            if (need == NativeNeed.Tracing && !s_canTrace.Value) return "no process can be traced here, or its addresses be chosen";
            if (need == NativeNeed.SetGroup && !s_canSetGroup.Value) return "no program can be run with another group's rights here: that takes root, and a file system without nosuid";
        }

        return null;
    }
}
