using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using HakMem.Bench.Commands;
using HakMem.Bench.Native;
using Xunit;

namespace HakMem.Bench.Tests.Native;

public class NativeCommandTests
{
    [Theory]
    [InlineData("native tiy", "There is no program 'tiy'. Did you mean 'tiny'? Known: tiny, random-mixed, larson, producer-consumer, large.")]
    [InlineData("native --librari x", "There is no option '--librari'. Did you mean '--library'?")]
    [InlineData("native --library /no/such/lib.so", "--library: there is no file '/no/such/lib.so'.")]
    [InlineData("native --allocators mimaloc", "There is no allocator 'mimaloc'. Did you mean 'mimalloc'? Known: glibc, hakmem, mimalloc, ")]
    [InlineData("native --allocators hoard", "'hoard' was asked for, but the dynamic linker knows no such library here (ldconfig -p).")]
    [InlineData("native --allocators ", "--allocators names none. Known: glibc, hakmem, mimalloc, ")]
    [InlineData("native --allocators ,", "--allocators names none. Known: glibc, hakmem, mimalloc, ")]
    [InlineData("native --json ", "--json needs a file name.\n")]
    [InlineData("native --rounds 0", "--rounds must be from 1 to 1000, not 0.")]
    [InlineData("native --json /no/such/folder/file.json", "--json: there is no folder '/no/such/folder'.")]
    public void Bad_usage_exits_with_2_and_says_what_is_wrong(string commandLine, string message)
    {
        (int exitCode, string output, string error) = Run(commandLine.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    public void Help_has_examples()
    {
        (int exitCode, string output, _) = Run("native", "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("HakMem.Bench native larson --library", output, StringComparison.Ordinal);
    }

    [CompilerFact]
    public void Programs_run_with_the_C_library_and_its_floor()
    {
        string json = Path.Combine(Directory.CreateTempSubdirectory("hakmem-bench-").FullName, "native.json");
        (int exitCode, string output, string error) = Run("native", "tiny", "large", "--allocators", "glibc", "--rounds", "2", "--json", json);
        Assert.True(exitCode == 0, error + output);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        JsonElement[] rows = [.. document.RootElement.GetProperty("results").EnumerateArray()];
        Assert.Equal(
            [
                "tiny 100 x 16 B, alone glibc", "tiny 100 x 16 B, alone null", "tiny 100 x 16 B, idle thread glibc", "tiny 100 x 16 B, idle thread null",
                "large 32 slots 64 KiB-12 MiB, alone glibc", "large 32 slots 64 KiB-12 MiB, idle thread glibc",
            ],
            rows.Select(row => $"{row.GetProperty("scenario").GetString()} {row.GetProperty("variant").GetString()} {row.GetProperty("allocator").GetString()}"));
        Assert.All(rows, row => Assert.True(row.GetProperty("nsPerOp").GetProperty("min").GetDouble() > 0));
        Assert.True(rows[0].GetProperty("peakRssBytes").GetInt64() > 500_000);
        Assert.Contains("libc", rows[0].GetProperty("identity").GetString()!, StringComparison.Ordinal);
    }

    [CompilerFact]
    public void A_library_that_has_no_malloc_is_an_error_and_no_row_of_numbers()
    {
        (int exitCode, string output, _) = Run("native", "tiny", "--library", Preloadable("int nothing;"), "--allocators", "hakmem", "--rounds", "1");
        Assert.Equal(1, exitCode);
        Assert.Contains("error: tiny 100 x 16 B, alone, hakmem: malloc is served by ", output, StringComparison.Ordinal);
    }

    [CompilerFact]
    public void A_library_that_only_hands_the_calls_on_is_an_error()
    {
        const string source = """
            #include <stddef.h>
            void *__libc_malloc(size_t); void __libc_free(void *); void *__libc_calloc(size_t, size_t); void *__libc_realloc(void *, size_t);
            void *malloc(size_t n) { return __libc_malloc(n); }
            void free(void *p) { __libc_free(p); }
            void *calloc(size_t n, size_t m) { return __libc_calloc(n, m); }
            void *realloc(void *p, size_t n) { return __libc_realloc(p, n); }
            """;
        (int exitCode, string output, _) = Run("native", "tiny", "--library", Preloadable(source), "--allocators", "hakmem", "--rounds", "1");
        Assert.Equal(1, exitCode);
        Assert.Contains("hands the calls on", output, StringComparison.Ordinal);
    }

    [CompilerFact]
    public void An_allocator_that_hands_a_block_out_twice_is_caught()
    {
        const string source = """
            #include <stddef.h>
            static char block[1 << 20];
            void *malloc(size_t n) { (void)n; return block; }
            void free(void *p) { (void)p; }
            void *calloc(size_t n, size_t m) { (void)n, (void)m; return block; }
            void *realloc(void *p, size_t n) { (void)n; return p; }
            """;
        (int exitCode, string output, _) = Run("native", "tiny", "--library", Preloadable(source), "--allocators", "hakmem", "--rounds", "1");
        Assert.Equal(1, exitCode);
        Assert.Contains("hakmem: ended with 3: a block was overwritten", output, StringComparison.Ordinal);
    }

    private static string Preloadable(string source)
    {
        string folder = Directory.CreateTempSubdirectory("hakmem-bench-").FullName, file = Path.Combine(folder, "source.c"), library = Path.Combine(folder, "libplanted.so");
        File.WriteAllText(file, source);
        string compiler = NativeCompiler.Find(Environment.GetEnvironmentVariable("CC"), Environment.GetEnvironmentVariable("PATH") ?? "");
        using Process process = Process.Start(compiler, ["-O1", "-shared", "-fPIC", "-fno-builtin", "-o", library, file]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return library;
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        return (BenchCommandLine.Run(arguments, output, error), output.ToString(), error.ToString());
    }
}
