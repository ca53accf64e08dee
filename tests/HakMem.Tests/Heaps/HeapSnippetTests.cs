using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using HakMem.Tests.Threads;
using Xunit;

namespace HakMem.Tests.Heaps;

/// <summary>The snippets of docs/heaps.md: each is written here, too, and run.</summary>
[Collection(QuiescentHeap.Name)]
public sealed unsafe partial class HeapSnippetTests
{
    [Fact]
    public void AHeapIsGivenUpAtOnce()
    {
        using UnchangedUse use = new();
        using HakHeap heap = new();
        int* numbers = (int*)heap.AllocZeroed(1000 * sizeof(int));
        byte* text = (byte*)heap.Alloc(80);
        numbers[0] = 1;
        heap.Free(text);                       // single blocks may go before; HakMemory.Free does it, too
        ulong blocks = heap.GetStatistics().Blocks;
        Assert.Equal(1UL, blocks);
    }

    [Fact]
    public void AHeapIsReleased()
    {
        using UnchangedUse use = new();
        HakHeap heap = new();
        void* result = heap.Alloc(100);
        heap.Release();                        // the blocks live on, each to be freed alone
        HakMemory.Free(result);
    }

    [Fact]
    public void AnArenaIsReset()
    {
        using HakArena arena = new();
        Span<int> rows = arena.AllocSpan<int>(500);
        HakArenaMark mark = arena.GetMark();
        byte* scratch = (byte*)arena.Alloc(10_000, 64);
        scratch[0] = (byte)rows.Length;
        arena.Reset(mark);                     // scratch is gone, rows are not
        arena.Reset();                         // everything is gone; the pages are kept for the next round
        Assert.Equal(65536u, arena.HeldBytes);
    }

    [Fact]
    public void AWalkSumsUp()
    {
        LiveBytes live = new();
        HakMemory.Walk(live);
        Console.WriteLine($"{live.Sum} bytes are with users");
        Assert.Equal(HakMemory.GetStatistics().InUseBytes, live.Sum);
    }

    [Fact]
    public void ThePageHasTheseSnippets()
    {
        string here = Flat(File.ReadLines(Source()));
        string page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Source())!, "..", "..", "..", "docs", "heaps.md"));
        List<string> snippets = [.. Snippet().Matches(page).Select(match => Flat(match.Groups[1].Value.Split('\n')))];
        Assert.Equal(5, snippets.Count);
        Assert.All(snippets, snippet => Assert.Contains(snippet, here, StringComparison.Ordinal));
    }

    private static string Flat(IEnumerable<string> lines) => string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length != 0).Select(Public));

    private static string Public(string line) => line.Replace("private sealed class", "sealed class", StringComparison.Ordinal);

    private static string Source([CallerFilePath] string path = "") => path;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();

    private sealed class LiveBytes : IHeapVisitor
    {
        public nuint Sum { get; private set; }

        public void VisitHeap(in HeapInfo heap)
        {
        }

        public void VisitSlab(in SlabInfo slab)
        {
        }

        public void VisitBlock(in BlockInfo block)
        {
            if (block.State == BlockState.Live) Sum += block.Bytes;
        }
    }
}
