using System;
using System.IO;
using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>hakmem.h compiles in every language that may include it, without a warning.</summary>
public sealed class HeaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-header-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [NativeTheory]
    [InlineData("c89")]
    [InlineData("c99")]
    [InlineData("c11")]
    public void C(string standard) => AssertCompiles(NativeToolchain.CCompiler!, standard, "made.c");

    [NativeTheory(NativeNeed.CppCompiler)]
    [InlineData("c++11")]
    [InlineData("c++17")]
    public void Cpp(string standard) => AssertCompiles(NativeToolchain.CppCompiler!, standard, "made.cpp");

    private void AssertCompiles(string compiler, string standard, string name)
    {
        string source = Path.Combine(_folder, name), folder = Path.Combine(Repository.Root, "src", "HakMem.Preload");
        File.WriteAllText(source, "#include \"hakmem.h\"\n#include \"hakmem.h\"\nint main(void) { return hakmem_version() == 0; }\n");
        NativeCases.AssertPasses(NativeProcess.Run(compiler, [$"-std={standard}", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I", folder, source], [], TimeSpan.FromMinutes(1)));
    }
}
