using System;
using System.Collections.Generic;
using HakMem.Bench.Memory;
using HakMem.Bench.Traces;

namespace HakMem.Bench.Replay;

/// <summary>
/// A trace made ready for one thread: block numbers become slots that are reused as blocks end, so the table of
/// pointers is as small as the live set.
/// </summary>
internal sealed unsafe class SerialProgram : IDisposable
{
    private SerialProgram(MappedArray<ulong> words, MappedArray<nint> slots, MappedArray<AlignedRequest> alignedRequests, MappedArray<ulong> leftovers)
    {
        Words = words;
        Slots = slots;
        AlignedRequests = alignedRequests;
        Leftovers = leftovers;
    }

    public MappedArray<ulong> Words { get; }

    public MappedArray<nint> Slots { get; }

    public MappedArray<AlignedRequest> AlignedRequests { get; }

    /// <summary>A free of every block that the trace leaves live, as words of their own.</summary>
    public MappedArray<ulong> Leftovers { get; }

    public static SerialProgram Compile(Trace trace)
    {
        if (trace.PeakLiveBlocks > ReplayWord.MaxSlots)
            throw new TraceFormatException(trace.Name, $"{trace.PeakLiveBlocks} blocks live at once; at most {ReplayWord.MaxSlots} can be replayed");
        var words = new MappedArray<ulong>(trace.EventCount);
        var requests = new List<AlignedRequest>();
        using var slotOfBlock = new MappedArray<uint>(trace.BlockCount);
        using var alignedBlocks = new MappedArray<bool>(trace.BlockCount);
        using var liveBlocks = new MappedArray<bool>(trace.BlockCount);
        using var freeSlots = new MappedArray<uint>(trace.PeakLiveBlocks);
        uint slotCount = 0, freeCount = 0;
        for (long i = 0; i < trace.EventCount; i++)
        {
            ref TraceEvent traced = ref trace.Events[i];
            ulong size = traced.SizeBytes;
            uint slot, operation = (uint)traced.Operation;
            if (traced.EndedBlock != Trace.NoBlock)
            {
                slot = slotOfBlock[traced.EndedBlock];
                liveBlocks[traced.EndedBlock] = false;
                if (traced.Operation == TraceOperation.Free)
                {
                    freeSlots[freeCount++] = slot;
                    operation = alignedBlocks[traced.EndedBlock] ? ReplayWord.AlignedFree : ReplayWord.Free;
                }
            }
            else
            {
                slot = freeCount > 0 ? freeSlots[--freeCount] : slotCount++;
            }

            if (traced.CreatedBlock != Trace.NoBlock)
            {
                slotOfBlock[traced.CreatedBlock] = slot;
                liveBlocks[traced.CreatedBlock] = true;
            }

            if (traced.Operation == TraceOperation.AlignedAlloc)
            {
                alignedBlocks[traced.CreatedBlock] = true;
                size = (ulong)requests.Count;
                requests.Add(new AlignedRequest { SizeBytes = (nuint)traced.SizeBytes, Alignment = (nuint)1 << traced.AlignmentLog2 });
            }

            words[i] = ReplayWord.Pack(operation, slot, size);
        }

        var aligned = new MappedArray<AlignedRequest>(requests.Count);
        for (int i = 0; i < requests.Count; i++)
            aligned[i] = requests[i];
        return new SerialProgram(words, new MappedArray<nint>(slotCount, populate: true), aligned, FreesOf(liveBlocks, slotOfBlock, alignedBlocks));
    }

    public void Dispose()
    {
        Words.Dispose();
        Slots.Dispose();
        AlignedRequests.Dispose();
        Leftovers.Dispose();
    }

    private static MappedArray<ulong> FreesOf(MappedArray<bool> live, MappedArray<uint> slotOfBlock, MappedArray<bool> aligned)
    {
        long count = 0;
        for (long block = 0; block < live.Length; block++)
            count += live[block] ? 1 : 0;
        var frees = new MappedArray<ulong>(count);
        for (long block = 0, i = 0; block < live.Length; block++)
        {
            if (live[block])
                frees[i++] = ReplayWord.Pack(aligned[block] ? ReplayWord.AlignedFree : ReplayWord.Free, slotOfBlock[block], 0);
        }

        return frees;
    }
}
