using System;
using System.IO;
using HakMem.Preload.Tests.Programs;
using Xunit;

namespace HakMem.Preload.Tests.Shape;

/// <summary>The check of the native compiler's object file finds what needs a runtime: shown on objects made for it.</summary>
public sealed class ObjectCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-object-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [NativeFact(NativeNeed.Binutils)]
    public void A_clean_object_passes() => Assert.Equal(0, Check("void *memset(void *, int, unsigned long); void f(char *p) { memset(p, 0, 1); }").ExitCode);

    [NativeFact(NativeNeed.Binutils)]
    public void A_static_constructor_is_found()
    {
        NativeResult result = Check("void Box___cctor(void) {}");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("static constructor that would never run: Box___cctor", result.Output);
    }

    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("RhpNewFast")]
    [InlineData("RhpThrowEx")]
    [InlineData("printf")]
    public void A_need_beyond_the_list_is_found(string symbol)
    {
        NativeResult result = Check($"void {symbol}(void); void f(void) {{ {symbol}(); }}");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"needs '{symbol}'", result.Output);
    }

    /// <summary>A check that saw nothing has found nothing wrong.</summary>
    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("false")]
    [InlineData("true")]
    [InlineData("no-such-program")]
    public void A_program_that_shows_no_symbols_is_found(string symbols)
    {
        NativeResult result = Check("void f(void) {}", symbols);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"'{symbols}' shows no symbols of", result.Output);
    }

    private NativeResult Check(string code, string symbols = "nm")
    {
        string source = Path.Combine(_folder, "made.c"), made = Path.Combine(_folder, "made.o");
        File.WriteAllText(source, code + "\n");
        _ = Disassembly.Run(NativeToolchain.CCompiler!, "-w", "-fno-builtin", "-O0", "-fno-pic", "-c", source, "-o", made);
        string native = Path.Combine(Repository.Root, "src", "HakMem.Preload", "Native");
        return NativeProcess.Run("bash", [Path.Combine(native, "check-object.sh"), symbols, made, Path.Combine(native, "libc-symbols.txt")], [], TimeSpan.FromMinutes(1));
    }
}
