using System;
using System.Collections.Generic;
using System.Numerics;
using HakMem.Boxes;

namespace HakMem;

/// <content>The walk.</content>
public static unsafe partial class HakMemory
{
    /// <summary>
    /// Visits every heap, slab and block. Exact when no other thread allocates or frees meanwhile, nor the visitor. Otherwise each slab is a true picture of one moment, and
    /// blocks that threads hold in their caches may be reported as <see cref="BlockState.Live"/>.
    /// </summary>
    /// <param name="visitor">Receives what is found.</param>
    public static void Walk(IHeapVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        Walker.Walk(visitor, 0);
    }
}

/// <summary>One walk: what is cached is gathered first, then the address space is followed.</summary>
internal static unsafe class Walker
{
    /// <summary>Walks everything, or with a heap's id only that heap.</summary>
    internal static void Walk(IHeapVisitor visitor, uint onlyHeap)
    {
        if (DefaultAllocator.Config.Composition == null) return;
        HashSet<nint> cached = [];
        HashSet<nint> pending = [];
        for (ThreadHeap* heap = HeapRegistry.First<DefaultAllocator.Config>(); heap != null; heap = heap->NextInComposition)
        {
            if (heap->Life == HeapLife.Spare) continue;   // a destroyed first-class heap
            Gather(heap, cached, pending);
            if (onlyHeap != 0 && heap->Id != onlyHeap) continue;
            bool firstClass = heap->Kind == HeapKind.FirstClass;
            visitor.VisitHeap(new HeapInfo(heap->Id, firstClass, !firstClass && heap->Life == HeapLife.Active, (nuint)heap->PurgedPages * Chunk.OsPageBytes));
        }

        uint chunk = 0;
        WalkedSpan span;
        while (HeapWalk.TryNext<DefaultAllocator.Config>(&chunk, &span))
        {
            if (onlyHeap == 0 || span.Owner == onlyHeap) Visit(visitor, &span, cached, pending);
        }

        BigCursor big = default;
        while (HeapWalk.TryNextBig<DefaultAllocator.Config>(&big, &span))
        {
            if (onlyHeap == 0 || span.Owner == onlyHeap) Visit(visitor, &span, cached, pending);
        }
    }

    private static void Gather(ThreadHeap* heap, HashSet<nint> cached, HashSet<nint> pending)
    {
        uint room = HeapWalk.CopyCached<DefaultAllocator.Config>(heap, null, 0) + 64;
        nint[] blocks = new nint[room];
        fixed (nint* start = blocks)
        {
            uint count = HeapWalk.CopyCached<DefaultAllocator.Config>(heap, (void**)start, room);
            for (uint i = 0; i < count && i < room; i++) cached.Add(blocks[i]);
        }

        nuint* places = stackalloc nuint[64];
        ulong* bits = stackalloc ulong[64];
        uint entries = RemoteFree.CopyPending<DefaultAllocator.Config>(heap, places, bits);
        for (uint i = 0; i < entries; i++)
        {
            uint sizeClass = (byte)DefaultAllocator.Config.PageMap[places[i] >> 6];
            if (sizeClass is 0 or >= SizeClasses.Count) continue;
            nint slab = (nint)(DefaultAllocator.Config.Base + ((places[i] >> 6) << Chunk.Log2));
            for (ulong left = bits[i]; left != 0; left &= left - 1)
            {
                nuint index = ((places[i] & 63) << 6) + (nuint)BitOperations.TrailingZeroCount(left);
                pending.Add(slab + (nint)(index * SizeClasses.SizeOf(sizeClass)));
            }
        }
    }

    private static void Visit(IHeapVisitor visitor, WalkedSpan* span, HashSet<nint> cached, HashSet<nint> pending)
    {
        if (span->Class == 0)
        {
            visitor.VisitBlock(new BlockInfo((nint)span->Start, span->Bytes, BlockState.Live, span->Owner));
            return;
        }

        nuint size = SizeClasses.SizeOf(span->Class);
        uint free = 0;
        for (uint index = 0; index < span->Carved; index++) free += (uint)(span->Free[index >> 6] >> (int)(index & 63)) & 1;
        visitor.VisitSlab(new SlabInfo((nint)span->Start, span->Bytes, size, span->Blocks, span->Carved, free, span->Owner));
        for (uint index = 0; index < span->Carved; index++)
        {
            nint block = (nint)span->Start + (nint)(index * size);
            ulong bit = 1UL << (int)(index & 63);
            BlockState state = (span->Free[index >> 6] & bit) != 0 ? BlockState.Free
                : (span->Remote[index >> 6] & bit) != 0 || pending.Contains(block) ? BlockState.RemotePending
                : cached.Contains(block) ? BlockState.Cached
                : BlockState.Live;
            visitor.VisitBlock(new BlockInfo(block, size, state, span->Owner));
        }
    }
}
