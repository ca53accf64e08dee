using System;
using System.Collections.Generic;
using Xunit;
using Config = HakMem.Boxes.Tests.TestHeap.Config;

namespace HakMem.Boxes.Tests;

/// <summary>
/// Programs of random steps over every way in which memory comes and goes. What is in their blocks stays, and the arena's count of bytes that nobody wrote to is what a look at all slabs and large blocks says: it decides how much goes back.
/// </summary>
public unsafe class TouchedBytesTests
{
    private const int Steps = 6000, StepsPerWalk = 40, MostHeaps = 3;

    /// <summary>With one heap, where free blocks above a page and the ends of large blocks go back for fresh memory.</summary>
    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 80)]
    [InlineData(3, 200)]
    [InlineData(4, 80)]
    public void Of_one_heap_they_are_counted(int seed, int blocks) => OwnThread.RunFresh(TestHeap.Reset, () => new Program(seed, blocks, false).Run());

    /// <summary>With first-class heaps that are destroyed or released, and threads that free and end.</summary>
    [Theory]
    [InlineData(5, 30)]
    [InlineData(6, 80)]
    [InlineData(7, 200)]
    [InlineData(8, 80)]
    public void Of_many_heaps_they_are_counted(int seed, int blocks) => OwnThread.RunFresh(TestHeap.Reset, () => new Program(seed, blocks, true).Run());

    private sealed class Program(int seed, int most, bool manyHeaps)
    {
        private readonly Random _random = new(seed);
        private readonly BlockLedger _blocks = new();
        private readonly List<(nint Heap, BlockLedger Blocks)> _heaps = [];

        public void Run()
        {
            _ = TestHeap.CurrentHeap();
            FaultyMemory.Clock = 100_000;
            for (int step = 0; step < Steps; step++)
            {
                Step(_random.Next(100));
                if (step % StepsPerWalk == 0) HeapWalk.AssertValid<Config>();
            }

            while (_blocks.Count != 0) TestHeap.Free(_blocks.Take(_blocks.Count - 1));
            while (_heaps.Count != 0) EndHeap(0, true);
            TestHeap.Trim();
            HeapWalk.AssertValid<Config>();
            Assert.Equal((0L, 0UL), (Config.PageArenaState->UntouchedBytes, Config.PageArenaState->UsedChunks));
        }

        private void Step(int kind)
        {
            if (_random.Next(10) == 0) FaultyMemory.Clock += (ulong)_random.Next(30);
            bool room = _blocks.Count < most;
            if (kind < 50)
            {
                if (room) Add(_blocks, Alloc(kind, out nuint size), size);
            }
            else if (kind < 60)
            {
                if (_blocks.Count == 0) return;
                int index = _random.Next(_blocks.Count);
                nuint size = _random.Next(3) == 0 ? Size() : _blocks.BytesAt(index) + (nuint)_random.Next(200_000);   // in place, if it can
                _blocks.Move(index, TestHeap.Realloc(_blocks[index], size), size);
            }
            else if (kind < 90)
            {
                if (_blocks.Count == 0) return;
                nint block = (nint)_blocks.Take(_random.Next(_blocks.Count));
                if (kind == 60) Config.FreeSlow(null, (void*)block);   // as a thread does that gets no heap
                else if (kind == 61 && manyHeaps) OwnThread.Run(() => TestHeap.Free((void*)block));
                else TestHeap.Free((void*)block);
            }
            else if (kind < 96)
            {
                if (manyHeaps) UseHeap();
            }
            else if (kind == 96)
            {
                if (_heaps.Count != 0) EndHeap(_random.Next(_heaps.Count), _random.Next(2) == 0);
            }
            else if (kind == 97)
            {
                FaultyMemory.Clock += 150;
                _ = Config.ScavengePass(_random.Next(3) == 0);
            }
            else if (kind == 98)
            {
                if (_random.Next(5) == 0) TestHeap.Trim();
            }
            else
            {
                PageArena.SharedState* arena = Config.PageArenaState;
                arena->MostTouchedBytes = PageArena.TouchedBytes(arena) * _random.Next(3) / 3;   // so that memory goes back for fresh again
            }
        }

        private void* Alloc(int kind, out nuint size)
        {
            size = Size();
            if (kind < 40) return TestHeap.Alloc(size);
            void* block;
            if (kind < 44)
            {
                nuint alignment = (nuint)1 << _random.Next(5, 20);
                Assert.True(TestHeap.TryAlignedAlloc(size, alignment, out block));
                Assert.Equal(0u, (nuint)block & (alignment - 1));
                return block;
            }

            Assert.True(TestHeap.TryAllocZeroed(size, out block));
            Assert.False(new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0));
            return block;
        }

        // Some users write to all that they have.
        private void Add(BlockLedger blocks, void* block, nuint size) => blocks.Add(block, _random.Next(2) == 0 ? TestHeap.UsableSize(block) : size);

        private void UseHeap()
        {
            if (_heaps.Count == 0 || (_heaps.Count < MostHeaps && _random.Next(20) == 0)) _heaps.Add(((nint)FirstClassHeap.Create<Config>(), new BlockLedger()));
            (nint heap, BlockLedger blocks) = _heaps[_random.Next(_heaps.Count)];
            if (_random.Next(3) == 0 && blocks.Count != 0)
            {
                FirstClassHeap.Free<Config>((ThreadHeap*)heap, blocks.Take(_random.Next(blocks.Count)));
                return;
            }

            nuint size = Size();
            bool zeroed = _random.Next(3) == 0;
            void* block = FirstClassHeap.Alloc<Config>((ThreadHeap*)heap, size, (nuint)1 << _random.Next(18), zeroed);
            Assert.True(block != null);
            Assert.False(zeroed && new ReadOnlySpan<byte>(block, (int)size).ContainsAnyExcept((byte)0));
            Add(blocks, block, size);
        }

        private void EndHeap(int index, bool destroy)
        {
            (nint heap, BlockLedger blocks) = _heaps[index];
            _heaps.RemoveAt(index);
            if (destroy)
            {
                blocks.TakeAll();
                FirstClassHeap.Destroy<Config>((ThreadHeap*)heap);
                return;
            }

            FirstClassHeap.Release<Config>((ThreadHeap*)heap);
            _blocks.TakeFrom(blocks);
        }

        private nuint Size() => (nuint)(_random.Next(8) switch
        {
            0 => _random.Next(1000),
            1 or 2 => _random.Next(4097, 32768),
            3 => _random.Next(4097, 9000),
            4 => _random.Next(32769, 140_000),
            5 => (65536 * _random.Next(1, 4)) + _random.Next(-3, 4),   // about whole chunks
            6 => _random.Next(32769, 400_000),
            _ => _random.Next(1, 40_000),
        });
    }
}
