using System;
using System.IO;
using System.Linq;
using HakMem.Bench.Commands;
using HakMem.Bench.Native;
using Xunit;

namespace HakMem.Bench.Tests.Native;

public class NativeRunTests
{
    private static readonly PreloadedAllocator s_other = new("other", "/opt/a folder/libother.so");

    [Fact]
    public void A_report_is_read()
    {
        NativeRun run = NativeRun.Parse("operations=20 cpu_ns=1000 peak_rss_kib=3 libc_bytes=0 served_by=/opt/a folder/libother.so\n", s_other, isFloor: false);
        Assert.Equal(new NativeRun(20, 1000, 3072, "/opt/a folder/libother.so", null), run);
    }

    [Theory]
    [InlineData("operations=1 cpu_ns=1 peak_rss_kib=1 libc_bytes=65552 served_by=/lib/libc.so.6", "malloc is served by /lib/libc.so.6, not by /opt/a folder/libother.so")]
    [InlineData("operations=1 cpu_ns=1 peak_rss_kib=1 libc_bytes=65552 served_by=/opt/a folder/libother.so", "/opt/a folder/libother.so hands the calls on: the C library's own count moved by 65552 bytes")]
    [InlineData("", "reported ''")]
    public void A_run_that_another_allocator_served_is_an_error(string report, string error) =>
        Assert.Equal(error, NativeRun.Parse(report, s_other, isFloor: false).Error);

    [Theory]
    [InlineData("libc_bytes=65552 served_by=/lib/libc.so.6", true)]
    [InlineData("libc_bytes=0 served_by=/lib/libc.so.6", false)]
    [InlineData("libc_bytes=0 served_by=/lib/libmimalloc.so.2", false)]
    public void The_C_library_has_to_prove_itself_too(string proof, bool isProven) =>
        Assert.Equal(isProven, NativeRun.Parse($"operations=1 cpu_ns=1 peak_rss_kib=1 {proof}", PreloadedAllocator.Glibc, isFloor: false).Error is null);

    [Fact]
    public void Installed_allocators_are_found_in_the_linkers_cache()
    {
        const string cache = """
            300 libs found in cache `/etc/ld.so.cache'
            	libtcmalloc_minimal_debug.so.4 (libc6,x86-64) => /lib/x86_64-linux-gnu/libtcmalloc_minimal_debug.so.4
            	libtcmalloc_minimal.so.4 (libc6,x86-64) => /lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4
            	libmimalloc.so.2 (libc6) => /lib32/libmimalloc.so.2
            	libmimalloc.so.2 (libc6,x86-64) => /opt/a folder/libmimalloc.so.2
            	libm.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libm.so.6
            """;
        Assert.Equal(
            [new PreloadedAllocator("mimalloc", "/opt/a folder/libmimalloc.so.2"), new PreloadedAllocator("tcmalloc", "/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4")],
            PreloadedAllocator.InstalledAccordingTo(cache));
    }

    [Fact]
    public void Without_a_compiler_it_says_what_is_missing()
    {
        string empty = Directory.CreateTempSubdirectory("hakmem-bench-").FullName;
        Assert.Contains("none of cc, gcc, clang is in the path", Assert.Throws<BadInputException>(() => NativeCompiler.Find(null, empty)).Message, StringComparison.Ordinal);
        Assert.Equal("CC names the C compiler '/no/cc', which is not here.", Assert.Throws<BadInputException>(() => NativeCompiler.Find("/no/cc", empty)).Message);
        string gcc = Path.Combine(empty, "gcc");
        File.WriteAllText(gcc, "");
        Assert.Equal(gcc, NativeCompiler.Find(null, $"/nowhere:{empty}"));
    }

    [Fact]
    public void Every_program_has_its_source()
    {
        string folder = RepositoryFolder.Candidates("bench", "native").First();
        Assert.All(NativeProgram.All, program => Assert.True(File.Exists(Path.Combine(folder, program.Name + ".c")), program.Name));
        Assert.Equal(NativeProgram.All.Count, NativeProgram.All.Select(program => (program.Name, program.Variant)).Distinct().Count());
    }

    [Theory]
    [InlineData("LD_PRELOAD", true)]
    [InlineData("MIMALLOC_LARGE_OS_PAGES", true)]
    [InlineData("MALLOC_ARENA_MAX", true)]
    [InlineData("GLIBC_TUNABLES", true)]
    [InlineData("HAKMEM_PURGE", false)]
    [InlineData("PATH", false)]
    public void Options_of_other_allocators_do_not_reach_the_programs(string name, bool isRemoved) => Assert.Equal(isRemoved, NativeEnvironment.IsRemoved(name));
}
