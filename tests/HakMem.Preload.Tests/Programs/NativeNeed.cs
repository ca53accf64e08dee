namespace HakMem.Preload.Tests.Programs;

/// <summary>What a test of native programs needs of the machine beside the library.</summary>
public enum NativeNeed
{
    CCompiler,
    CppCompiler,
    MuslCompiler,
    Valgrind,
    Binutils,
    Tracing,
    SetGroup,
}
