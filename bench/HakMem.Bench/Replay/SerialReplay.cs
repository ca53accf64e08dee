using System;
using HakMem.Bench.Allocators;
using HakMem.Bench.Measuring;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>One thread executes all events of a trace in their order.</summary>
internal sealed unsafe class SerialReplay : Workload
{
    public const string VariantName = "serial";

    // A pass calls the loop this often, so that a single pass already carries it to its final tier.
    private const int SlicesPerPass = 128;

    private readonly SerialProgram _program;
    private readonly string _file;

    public SerialReplay(Trace trace, string file)
    {
        _program = SerialProgram.Compile(trace);
        _file = file;
        Scenario = trace.Name;
        PeakLiveBytes = trace.PeakLiveBytes;
    }

    public override string Scenario { get; }

    public override string Variant => VariantName;

    public override long OperationsPerPass => _program.Words.Length;

    public override ulong PeakLiveBytes { get; }

    public override WorkloadRecipe Recipe => WorkloadRecipe.OfTrace(_file, VariantName);

    public override PassCost TimedPass<T>()
    {
        ulong* word = _program.Words.Pointer;
        ulong* end = word + _program.Words.Length;
        long sliceWords = Math.Max(1, _program.Words.Length / SlicesPerPass);
        PassMeter meter = PassMeter.Start();
        while (word < end)
        {
            ulong* sliceEnd = end - word > sliceWords ? word + sliceWords : end;
            Execute<T>(word, sliceEnd, (void**)_program.Slots.Pointer, _program.AlignedRequests.Pointer);
            word = sliceEnd;
        }

        PassCost cost = meter.Stop();
        ulong* leftovers = _program.Leftovers.Pointer;
        Execute<T>(leftovers, leftovers + _program.Leftovers.Length, (void**)_program.Slots.Pointer, null);
        return cost;
    }

    public override CheckTally Check<T>()
    {
        using Trace trace = TraceReader.Read(_file);
        using var check = new CheckPass(trace);
        return check.RunSerial<T>();
    }

    public override void Dispose() => _program.Dispose();

    private static void Execute<T>(ulong* word, ulong* end, void** slots, AlignedRequest* alignedRequests)
        where T : struct, IBenchAllocator
    {
        for (; word < end; word++)
        {
            ulong packed = *word;
            void** slot = slots + ((uint)(packed >> ReplayWord.SlotShift) & ReplayWord.SlotMask);
            nuint size = (nuint)(packed >> ReplayWord.SizeShift);
            void* block;
            switch ((uint)packed & ReplayWord.OperationMask)
            {
                case ReplayWord.Free:
                    T.Free(*slot);
                    continue;
                case ReplayWord.Alloc:
                    block = T.Alloc(size);
                    break;
                case ReplayWord.Realloc:
                    block = T.Realloc(*slot, size);
                    break;
                case ReplayWord.AllocZeroed:
                    block = T.AllocZeroed(size);
                    break;
                case ReplayWord.AlignedAlloc:
                    AlignedRequest* request = alignedRequests + size;
                    size = request->SizeBytes;
                    block = T.AlignedAlloc(size, request->Alignment);
                    break;
                default:
                    T.AlignedFree(*slot);
                    continue;
            }

            *slot = block;
            BlockTouch.FirstAndLast<T>(block, size, packed);
        }
    }
}
