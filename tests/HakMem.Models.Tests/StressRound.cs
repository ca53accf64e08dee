using System;
using System.Diagnostics;
using System.Threading;
using HakMem.Boxes;

namespace HakMem.Models.Tests;

/// <summary>
/// One round of the stress: lanes of threads, each thread's end beginning its successor, over blocks of their own and a board on which blocks change hands. A block
/// carries its size, a tag made of its address, size and owner's draw, and bytes of the tag; whoever gets the block checks them. The threads also share first-class heaps, in the other file.
/// </summary>
/// <typeparam name="TStressed">The allocator.</typeparam>
/// <typeparam name="TConfig">Its configuration.</typeparam>
internal sealed unsafe partial class StressRound<TStressed, TConfig>(ulong seed)
    where TStressed : struct, IStressed
    where TConfig : struct, IAllocatorConfig
{
    private const int OwnSlots = 256, BoardSlots = 1024;
    private const nuint HeaderBytes = 16, FilledBytes = 256, LastBytes = 32;

    private readonly nint[] _board = new nint[BoardSlots];
    private readonly Stopwatch _watch = new();
    private long _operations;
    private int _threads;
    private volatile bool _stop;
    private volatile string? _fault;

    /// <summary>What went wrong first; null when nothing did.</summary>
    public string? Fault => _fault;

    public long Operations => _operations;

    public int Threads => _threads;

    public void Run(int lanes, TimeSpan time)
    {
        using CountdownEvent running = new(lanes);
        _watch.Start();
        for (int lane = 0; lane < lanes; lane++) Start(lane, 0, time, running);
        running.Wait();
        EndHeaps();
        for (int i = 0; i < BoardSlots; i++)
        {
            Check((byte*)_board[i]);
            TStressed.Free((void*)_board[i]);   // by a thread without a heap
        }
    }

    private void Start(int lane, int generation, TimeSpan time, CountdownEvent running)
    {
        Thread thread = new(() =>
        {
            try
            {
                Work(seed ^ ((ulong)(lane + 1) * 0x9E37_79B9_7F4A_7C15UL) ^ ((ulong)generation << 20));
            }
            catch (Exception thrown)
            {
                // A lock may be held for ever now, and others would wait for it.
                Environment.FailFast($"Seed 0x{seed:X}: the allocator must not throw.", thrown);
            }

            if (!_stop && _watch.Elapsed < time) Start(lane, generation + 1, time, running);
            else running.Signal();
        });
        thread.IsBackground = true;
        thread.Start();
    }

    private void Work(ulong random)
    {
        Interlocked.Increment(ref _threads);
        byte** own = stackalloc byte*[OwnSlots];
        for (int i = 0; i < OwnSlots; i++) own[i] = null;
        int count = 200 + (int)(Next(ref random) % 20_000);
        for (int i = 0; i < count && !_stop; i++)
        {
            if (Next(ref random) % 8 == 0) StepInHeap(ref random);
            else Step(ref own[(int)(Next(ref random) % OwnSlots)], ref random);
        }

        // A thread that ends leaves a part of its blocks to the others.
        for (int i = 0; i < OwnSlots; i++)
        {
            byte* rest = own[i];
            if (Next(ref random) % 4 == 0) rest = HandOver(rest, ref random);
            Check(rest);
            own[i] = rest;
        }

        if (Next(ref random) % 2 == 0)
        {
            TStressed.FreeBatch((void**)own, OwnSlots);
        }
        else
        {
            for (int i = 0; i < OwnSlots; i++) TStressed.Free(own[i]);
        }

        Interlocked.Add(ref _operations, count);
    }

    private void Step(ref byte* block, ref ulong random)
    {
        ulong draw = Next(ref random) % 4096;
        nuint size = Size(ref random);
        if (draw < 1400)
        {
            Check(block);
            TStressed.Free(block);
            block = Fill((byte*)TStressed.Alloc(size), size, random);
        }
        else if (draw < 2200)
        {
            Check(block);
            TStressed.Free(block);
            block = null;
        }
        else if (draw < 3600)
        {
            block = HandOver(block, ref random);
            Check(block);
        }
        else if (draw < 3900)
        {
            Resize(ref block, size, random);
        }
        else if (draw < 4000)
        {
            Check(block);
            TStressed.Free(block);
            block = (byte*)TStressed.AllocZeroed(size);
            if (new Span<byte>(block, (int)size).ContainsAnyExcept((byte)0)) Fail($"a zeroed block of {size} bytes is not zero");
            Fill(block, size, random);
        }
        else if (draw < 4086)
        {
            nuint alignment = (nuint)16 << (int)(draw % 9);
            Check(block);
            TStressed.Free(block);
            block = (byte*)TStressed.AlignedAlloc(size, alignment);
            if ((nuint)block % alignment != 0) Fail($"a block of {size} bytes is not aligned to {alignment}");
            Fill(block, size, random);
        }
        else if (draw < 4094)
        {
            AllocatorStatistics statistics;
            TStressed.ReadStatistics(&statistics);
        }
        else
        {
            TStressed.Trim();
        }
    }

    private void Resize(ref byte* block, nuint size, ulong random)
    {
        Check(block);
        if (block == null)
        {
            block = Fill((byte*)TStressed.Alloc(size), size, random);
            return;
        }

        nuint before = *(nuint*)block;
        ulong tag = ((ulong*)block)[1];
        byte pattern = Pattern(block, tag);
        block = (byte*)TStressed.Realloc(block, size);
        Resized(block, before, tag, pattern, size, random);
    }

    // The pattern is that of the old address.
    private void Resized(byte* block, nuint before, ulong tag, byte pattern, nuint size, ulong random)
    {
        nuint kept = Filled(before < size ? before : size);
        if (*(nuint*)block != before || ((ulong*)block)[1] != tag || new Span<byte>(block + HeaderBytes, (int)kept).ContainsAnyExcept(pattern)) Fail($"a block of {before} bytes lost its contents on its way to {size}");
        Fill(block, size, random);
    }

    private byte* HandOver(byte* block, ref ulong random)
        => (byte*)Interlocked.Exchange(ref _board[(int)(Next(ref random) % BoardSlots)], (nint)block);

    // Mostly tiny, some of a few KiB, a few large, rarely one with its own mapping.
    private static nuint Size(ref ulong random)
    {
        ulong draw = Next(ref random);
        ulong kind = draw % 1000;
        nuint rest = (nuint)(draw >> 16);
        if (kind < 850) return HeaderBytes + (rest % 1024);
        if (kind < 970) return HeaderBytes + (rest % 32_000);
        if (kind < 999) return 33_000 + (rest % 300_000);
        return (2 << 20) + (rest % (1 << 20));
    }

    private static byte* Fill(byte* block, nuint size, ulong random)
    {
        ulong tag = random * 0x9E37_79B9_7F4A_7C15UL;
        *(nuint*)block = size;
        ((ulong*)block)[1] = tag;
        nuint first = Filled(size);
        new Span<byte>(block + HeaderBytes, (int)first).Fill(Pattern(block, tag));
        nuint last = Last(size, first);
        new Span<byte>(block + size - last, (int)last).Fill(Pattern(block, tag));
        return block;
    }

    private void Check(byte* block)
    {
        if (block == null) return;
        nuint size = *(nuint*)block;
        if (size - HeaderBytes > 4 << 20)
        {
            Fail($"a block says its size is {size}");
            return;
        }

        byte pattern = Pattern(block, ((ulong*)block)[1]);
        nuint first = Filled(size);
        if (new Span<byte>(block + HeaderBytes, (int)first).ContainsAnyExcept(pattern)) Fail($"a block of {size} bytes was overwritten near its start");
        nuint last = Last(size, first);
        if (new Span<byte>(block + size - last, (int)last).ContainsAnyExcept(pattern)) Fail($"a block of {size} bytes was overwritten near its end");
    }

    private static nuint Filled(nuint size) => size - HeaderBytes < FilledBytes ? size - HeaderBytes : FilledBytes;

    private static nuint Last(nuint size, nuint first) => size - HeaderBytes - first < LastBytes ? size - HeaderBytes - first : LastBytes;

    private static byte Pattern(byte* block, ulong tag) => (byte)(((ulong)block >> 4) ^ (tag >> 56) ^ tag);

    private static ulong Next(ref ulong random)
    {
        random += 0x9E37_79B9_7F4A_7C15UL;
        ulong draw = (random ^ (random >> 30)) * 0xBF58_476D_1CE4_E5B9UL;
        draw = (draw ^ (draw >> 27)) * 0x94D0_49BB_1331_11EBUL;
        return draw ^ (draw >> 31);
    }

    private void Fail(string fault)
    {
        _fault ??= fault;
        _stop = true;
    }
}
