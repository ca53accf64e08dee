using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Memory;
using HakMem.Bench.Teams;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>
/// Replays a trace with every block filled with a pattern of its own, which is verified when the block is freed or
/// reallocated; zeroed blocks must be zero, addresses aligned. What is live at the end is verified and freed, too.
/// </summary>
internal sealed unsafe class CheckPass : IDisposable
{
    private const ulong DefaultAlignment = 16;

    private readonly Trace _trace;
    private readonly MappedArray<nint> _blocks;
    private readonly MappedArray<ulong> _sizes;
    private readonly MappedArray<bool> _aligned;
    private readonly CrossThreadWait _wait = new();
    private long _verifiedBytes;

    public CheckPass(Trace trace)
    {
        _trace = trace;
        _blocks = new MappedArray<nint>(trace.BlockCount);
        _sizes = new MappedArray<ulong>(trace.BlockCount);
        _aligned = new MappedArray<bool>(trace.BlockCount);
    }

    public CheckTally RunSerial<T>()
        where T : struct, IBenchAllocator
    {
        for (long i = 0; i < _trace.EventCount; i++)
            Execute<T>(i);
        return Finish<T>();
    }

    public CheckTally RunParallel<T>()
        where T : struct, IBenchAllocator
    {
        var eventsOfThread = new List<int>[_trace.ThreadCount];
        for (int thread = 0; thread < eventsOfThread.Length; thread++)
            eventsOfThread[thread] = [];
        for (int i = 0; i < (int)_trace.EventCount; i++)
            eventsOfThread[_trace.Events[i].Thread].Add(i);
        ThreadTeam.Run(_trace.ThreadCount, thread =>
        {
            try
            {
                foreach (int i in eventsOfThread[thread])
                    Execute<T>(i);
            }
            catch (Exception failure)
            {
                _wait.Fail(failure);
            }
        });
        if (_wait.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return Finish<T>();
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _sizes.Dispose();
        _aligned.Dispose();
    }

    private void Execute<T>(long index)
        where T : struct, IBenchAllocator
    {
        ref TraceEvent traced = ref _trace.Events[index];
        nuint size = (nuint)traced.SizeBytes;
        void* block;
        switch (traced.Operation)
        {
            case TraceOperation.Free:
                Free<T>(index, traced.EndedBlock);
                return;
            case TraceOperation.Realloc:
                block = Realloc<T>(index, in traced);
                break;
            case TraceOperation.AllocZeroed:
                block = T.AllocZeroed(size);
                VerifyZero(index, (byte*)block, in traced);
                break;
            case TraceOperation.AlignedAlloc:
                block = T.AlignedAlloc(size, (nuint)1 << traced.AlignmentLog2);
                break;
            default:
                block = T.Alloc(size);
                break;
        }

        VerifyAddress(index, (nuint)block, in traced);
        BlockPattern.Fill((byte*)block, size, traced.CreatedBlock);
        _sizes[traced.CreatedBlock] = size;
        _aligned[traced.CreatedBlock] = traced.Operation == TraceOperation.AlignedAlloc;
        Volatile.Write(ref _blocks[traced.CreatedBlock], (nint)block);
    }

    private void Free<T>(long index, uint number)
        where T : struct, IBenchAllocator
    {
        void* block = _wait.Block(_blocks.Pointer + number);
        VerifyContents(index, (byte*)block, number, _sizes[number], "before it was freed");
        _blocks[number] = 0;
        if (_aligned[number])
            T.AlignedFree(block);
        else
            T.Free(block);
    }

    private void* Realloc<T>(long index, in TraceEvent traced)
        where T : struct, IBenchAllocator
    {
        uint number = traced.EndedBlock;
        void* old = _wait.Block(_blocks.Pointer + number);
        VerifyContents(index, (byte*)old, number, _sizes[number], "before it was reallocated");
        _blocks[number] = 0;
        void* block = T.Realloc(old, (nuint)traced.SizeBytes);
        VerifyAddress(index, (nuint)block, in traced);
        VerifyContents(index, (byte*)block, number, Math.Min(_sizes[number], traced.SizeBytes), $"while it was reallocated to {traced.SizeBytes} bytes");
        return block;
    }

    private CheckTally Finish<T>()
        where T : struct, IBenchAllocator
    {
        for (uint number = 0; number < _trace.BlockCount; number++)
        {
            if (_blocks[number] != 0)
                Free<T>(_trace.EventCount, number);
        }

        return new CheckTally(_trace.BlockCount, _verifiedBytes);
    }

    private void VerifyContents(long index, byte* block, uint number, ulong keptBytes, string when)
    {
        ulong size = _sizes[number];
        long difference = BlockPattern.FirstDifference(block, size, keptBytes, number);
        if (difference >= 0)
            throw new CheckFailureException(index, $"block {number} of {size} bytes at 0x{(nuint)block:x} lost its byte {difference} {when}");
        Interlocked.Add(ref _verifiedBytes, (long)Math.Min(BlockPattern.CarryingBytes(size), keptBytes));
    }

    private static void VerifyZero(long index, byte* block, in TraceEvent traced)
    {
        if (block == null)
            return;
        for (ulong offset = 0; offset < traced.SizeBytes;)
        {
            int length = (int)Math.Min(traced.SizeBytes - offset, 1 << 20);
            int nonzero = new ReadOnlySpan<byte>(block + offset, length).IndexOfAnyExcept((byte)0);
            if (nonzero >= 0)
                throw new CheckFailureException(index, $"zeroed block {traced.CreatedBlock} of {traced.SizeBytes} bytes at 0x{(nuint)block:x} is not zero at byte {offset + (ulong)nonzero}");
            offset += (ulong)length;
        }
    }

    /// <summary>A block is aligned for whatever fits into it, up to 16 bytes, or as was asked.</summary>
    private static void VerifyAddress(long index, nuint address, in TraceEvent traced)
    {
        if (address == 0)
            throw new CheckFailureException(index, $"no memory for block {traced.CreatedBlock} of {traced.SizeBytes} bytes");
        ulong due = traced.Operation == TraceOperation.AlignedAlloc
            ? 1UL << traced.AlignmentLog2
            : traced.SizeBytes == 0 ? 1 : Math.Min(DefaultAlignment, 1UL << System.Numerics.BitOperations.Log2(traced.SizeBytes));
        if ((address & (nuint)(due - 1)) != 0)
            throw new CheckFailureException(index, $"block {traced.CreatedBlock} of {traced.SizeBytes} bytes at 0x{address:x} is not aligned to {due} bytes");
    }
}
