using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using HakMem.Preload.Tests.Programs;
using Xunit;
using static HakMem.Preload.Tests.Shape.Disassembly;

namespace HakMem.Preload.Tests.Shape;

/// <summary>What the built library is: its size, what it needs, what it offers, and the length of its hit paths. Only of the library of this repository, in the release flavor.</summary>
public sealed class LibraryShapeTests
{
    private const long MostBytes = 150 * 1024;

    private static readonly string[] s_exports =
    [
        "malloc", "free", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc", "posix_memalign", "valloc", "pvalloc", "cfree", "dlopen",
        "free_sized", "free_aligned_sized", "malloc_usable_size", "malloc_object_size", "malloc_trim", "malloc_stats", "malloc_info", "mallinfo", "mallinfo2", "mallopt",
        "__libc_malloc", "__libc_free", "__libc_calloc", "__libc_realloc", "__libc_memalign", "__libc_valloc", "__libc_pvalloc", "__posix_memalign",
        "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZnamRKSt9nothrow_t", "_ZnwmSt11align_val_t", "_ZnamSt11align_val_t",
        "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZnamSt11align_val_tRKSt9nothrow_t",
        "_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm", "_ZdlPvRKSt9nothrow_t", "_ZdaPvRKSt9nothrow_t", "_ZdlPvSt11align_val_t", "_ZdaPvSt11align_val_t",
        "_ZdlPvmSt11align_val_t", "_ZdaPvmSt11align_val_t", "_ZdlPvSt11align_val_tRKSt9nothrow_t", "_ZdaPvSt11align_val_tRKSt9nothrow_t",
        "hakmem_version", "hakmem_stats", "hakmem_trim", "hakmem_heap_new", "hakmem_heap_destroy", "hakmem_heap_release", "hakmem_heap_malloc", "hakmem_heap_calloc",
        "hakmem_heap_realloc", "hakmem_heap_memalign", "hakmem_heap_free", "hakmem_heap_trim",
    ];

    [NativeFact(NativeNeed.Binutils)]
    public void Is_small() => Assert.InRange(new FileInfo(LibraryUnderTest.Path).Length, 1, MostBytes);

    [NativeFact(NativeNeed.Binutils)]
    public void Needs_the_C_library_only()
    {
        string[] needed = [.. Run("objdump", "-p", LibraryUnderTest.Path).Split('\n').Where(line => line.Contains("NEEDED")).Select(line => line.Split(' ')[^1])];
        Assert.Equal(["libc.so.6"], needed);
    }

    [NativeFact(NativeNeed.Binutils)]
    public void Offers_the_whole_interface_and_nothing_else()
    {
        IEnumerable<string> offered = Run("nm", "-D", "--defined-only", LibraryUnderTest.Path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[^1]);
        Assert.Equal(s_exports.Order(StringComparer.Ordinal), offered.Order(StringComparer.Ordinal));
    }

    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("malloc", 2 + 19)]   // two instructions find the heap, then the method begins
    [InlineData("_Znwm", 2 + 19)]
    [InlineData("free", 2 + 32)]
    [InlineData("calloc", 3)]        // an entry that jumps
    public void A_hit_is_short(string symbol, int most)
    {
        IReadOnlyList<Instruction> path = HitPath(symbol);
        Assert.True(path.Count <= most, $"{path.Count} instructions:\n{string.Join('\n', path)}");
    }

    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("malloc")]
    [InlineData("_Znwm")]
    [InlineData("free")]
    public void A_hit_calls_nothing_locks_nothing_and_does_not_loop(string symbol)
    {
        Assert.DoesNotContain(HitPath(symbol), instruction => instruction.Mnemonic is "call" or "lock" || instruction.Mnemonic.StartsWith("xchg", StringComparison.Ordinal));
    }

    [NativeFact(NativeNeed.Binutils)]
    public void What_short_programs_run_is_in_front()
    {
        Dictionary<string, ulong> code = Run("nm", LibraryUnderTest.Path).Split('\n').Select(line => line.Split(' ', 3)).Where(parts => parts is [_, "t" or "T", _])
            .GroupBy(parts => parts[2]).ToDictionary(same => same.Key, same => ulong.Parse(same.First()[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        string[] order = [.. File.ReadAllLines(Path.Combine(Repository.Root, "src", "HakMem.Preload", "Native", "order.txt")).Select(Shorten)];
        Assert.All(order, name => Assert.True(code.TryGetValue(name, out ulong at) && at <= code[order[^1]], $"{name} is not in front of {order[^1]}"));
        Assert.Contains(code, method => method.Value > code[order[^1]]);
    }

    // As short-names.awk does.
    private static string Shorten(string name)
        => name.Replace("hakmem_preload_", "", StringComparison.Ordinal).Replace("HakMem_Boxes_", "", StringComparison.Ordinal).Replace("HakMem_Preload_", "", StringComparison.Ordinal)
            .Replace("<PreloadAllocator_Config>", "", StringComparison.Ordinal);

    /// <summary>The kernel maps the neighbours of touched pages; what is of no use to a short program was given back.</summary>
    [NativeFact(NativeNeed.Binutils)]
    public void A_short_program_holds_no_cold_code()
    {
        NativeResult result = NativeProcess.Run("cat", ["/proc/self/smaps"], LibraryUnderTest.Preloaded(), TimeSpan.FromMinutes(1));
        string[] lines = result.Output.Split('\n');
        List<(string Rights, int Kibibytes)> held = [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].EndsWith(LibraryUnderTest.Path, StringComparison.Ordinal)) continue;
            string rss = lines.Skip(i).First(line => line.StartsWith("Rss:", StringComparison.Ordinal));
            held.Add((lines[i].Split(' ')[1], int.Parse(rss.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)));
        }

        // Headers; code that every program runs, that many run, that begins a process, that comes with threads and the scavenger, the rest; data, tables for unwinding; relocated, written.
        Assert.Equal(["r--p", "r-xp", "r-xp", "r-xp", "r-xp", "r-xp", "r--p", "r--p", "r--p", "rw-p"], held.Select(mapping => mapping.Rights));
        Assert.Equal((0, 0, 0, 0), (held[3].Kibibytes, held[4].Kibibytes, held[5].Kibibytes, held[7].Kibibytes));
        Assert.InRange(held.Sum(mapping => mapping.Kibibytes), 1, 56);
    }

    /// <summary>A <c>_fini</c> would stand behind all code, and be called, with the pages around it, by every process that ends.</summary>
    [NativeFact(NativeNeed.Binutils)]
    public void Nothing_behind_all_code_runs_at_the_end()
    {
        string[] entries = [.. Run("objdump", "-p", LibraryUnderTest.Path).Split('\n').Select(line => line.Trim().Split(' ')[0])];
        Assert.Contains("FINI_ARRAY", entries);
        Assert.DoesNotContain("FINI", entries);
        Assert.DoesNotContain("INIT", entries);
    }

    // What keeps a hit path whole under a signal handler: closed before anything of the heap's stacks is read, opened again as the last thing.
    [NativeTheory(NativeNeed.Binutils)]
    [InlineData("malloc")]
    [InlineData("_Znwm")]
    [InlineData("free")]
    public void A_hit_closes_the_heap_first_and_opens_it_last(string symbol)
    {
        const string Open = "0x1c(%rsi)", Front = "0x3c0(%rsi,";
        List<Instruction> path = [.. HitPath(symbol)];
        int close = path.FindIndex(instruction => instruction.Mnemonic == "mov" && instruction.Operands.EndsWith("," + Open, StringComparison.Ordinal));
        int read = path.FindIndex(instruction => instruction.Operands.StartsWith(Front, StringComparison.Ordinal));
        int open = path.FindIndex(instruction => instruction.ToString().Replace(" ", "") == "movl$0xffffffff," + Open);
        Assert.True(close >= 0 && close < read, $"closed at {close}, the front read at {read}:\n{string.Join('\n', path)}");
        Assert.All(path.Skip(open + 1), instruction => Assert.Contains(instruction.Mnemonic, new[] { "pop", "ret" }));
        Assert.True(open > read, string.Join('\n', path));
    }
}
