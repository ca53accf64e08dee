using System;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Teams;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>One thread per thread of the trace; an event that names a block of another thread waits until it exists.</summary>
internal sealed unsafe class ParallelReplay : Workload
{
    public const string VariantName = "parallel";

    private const int SliceEvents = 1024;

    private readonly ParallelProgram _program;
    private readonly string _file;

    public ParallelReplay(Trace trace, string file)
    {
        _program = new ParallelProgram(trace);
        _file = file;
        Scenario = trace.Name;
        PeakLiveBytes = trace.PeakLiveBytes;
    }

    public override string Scenario { get; }

    public override string Variant => VariantName;

    public override long OperationsPerPass => _program.Events.Length;

    public override ulong PeakLiveBytes { get; }

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfTrace(_file, VariantName);

    public override bool UsesThreads => true;

    public override PassCost TimedPass<T>()
    {
        var wait = new CrossThreadWait();
        PassCost cost = ThreadTeam.Run(_program.ThreadCount, thread => ExecuteThread<T>(thread, wait));
        if (wait.Failure is { } failure)
        {
            // The next pass may be another allocator's: it must not meet these blocks, which are lost.
            new Span<nint>(_program.Blocks.Pointer, checked((int)_program.Blocks.Length)).Clear();
            ExceptionDispatchInfo.Throw(failure);
        }

        FreeLeftovers<T>();
        return cost with { CpuNanoseconds = Math.Max(0, cost.CpuNanoseconds - wait.WaitedNanoseconds) };
    }

    public override CheckTally Check<T>()
    {
        using Trace trace = TraceReader.Read(_file);
        using var check = new CheckPass(trace);
        return check.RunParallel<T>();
    }

    public override void Dispose() => _program.Dispose();

    private void ExecuteThread<T>(int thread, CrossThreadWait wait)
        where T : struct, IBenchAllocator
    {
        try
        {
            ParallelEvent* next = _program.First(thread);
            ParallelEvent* end = _program.End(thread);
            while (next < end)
            {
                ParallelEvent* sliceEnd = end - next > SliceEvents ? next + SliceEvents : end;
                Execute<T>(next, sliceEnd, _program.Blocks.Pointer, wait);
                next = sliceEnd;
            }
        }
        catch (Exception failure)
        {
            wait.Fail(failure);
        }
    }

    private static void Execute<T>(ParallelEvent* next, ParallelEvent* end, nint* blocks, CrossThreadWait wait)
        where T : struct, IBenchAllocator
    {
        for (; next < end; next++)
        {
            nuint size = (nuint)next->SizeBytes;
            void* block;
            switch (next->Operation)
            {
                case ReplayWord.Free:
                    T.Free(TakeEnded(blocks + next->EndedBlock, wait));
                    continue;
                case ReplayWord.Alloc:
                    block = T.Alloc(size);
                    break;
                case ReplayWord.Realloc:
                    block = T.Realloc(TakeEnded(blocks + next->EndedBlock, wait), size);
                    break;
                case ReplayWord.AllocZeroed:
                    block = T.AllocZeroed(size);
                    break;
                case ReplayWord.AlignedAlloc:
                    block = T.AlignedAlloc(size, next->Alignment);
                    break;
                default:
                    T.AlignedFree(TakeEnded(blocks + next->EndedBlock, wait));
                    continue;
            }

            if (block == null)
                ThrowNoMemory(size);
            BlockTouch.FirstAndLast<T>(block, size, next->CreatedBlock);
            Volatile.Write(ref blocks[next->CreatedBlock], (nint)block);
        }
    }

    /// <summary>Takes a block out of the table: each block is ended by one event only, so nobody else looks for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void* TakeEnded(nint* place, CrossThreadWait wait)
    {
        void* block = wait.Block(place);
        *place = 0;
        return block;
    }

    private static void ThrowNoMemory(nuint size) => throw new OutOfMemoryException($"the allocator gave no block of {size} bytes");

    private void FreeLeftovers<T>()
        where T : struct, IBenchAllocator
    {
        nint* blocks = _program.Blocks.Pointer;
        for (long i = 0; i < _program.Blocks.Length; i++)
        {
            if (blocks[i] == 0)
                continue;
            if (_program.AlignedBlocks[i])
                T.AlignedFree((void*)blocks[i]);
            else
                T.Free((void*)blocks[i]);
            blocks[i] = 0;
        }
    }
}
