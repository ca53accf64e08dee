using System;
using System.Collections.Concurrent;
using System.Collections.Generic;

namespace HakMem.Tests.Model;

/// <summary>Carries a thread's sequence out against the allocator and the shadow heap together.</summary>
internal sealed unsafe class SequenceRunner(IHeapSubject subject, ShadowHeap shadow, ConcurrentQueue<ShadowBlock> exchange)
{
    private const int MaxBlocks = 200, BatchBlocks = 24;
    private const nuint MaxBytes = 32 << 20;

    private readonly List<ShadowBlock> _held = [];
    private nuint _heldBytes;

    public void Run(Operation operation)
    {
        bool full = _held.Count >= MaxBlocks || _heldBytes > MaxBytes;
        if (full) FreeOne(operation);
        switch (operation.Kind)
        {
            case <= OperationKind.AllocBatch:
                Allocate(operation);
                break;
            case OperationKind.Realloc or OperationKind.ReallocAligned:
                Resize(operation);
                break;
            case <= OperationKind.FreeLocal:
                FreeOne(operation);
                break;
            case OperationKind.FreeBatch:
                FreeSeveral(operation);
                break;
            case OperationKind.HandOver:
                if (_held.Count != 0) exchange.Enqueue(Release(operation.Index));
                break;
            case OperationKind.Receive:
                if (exchange.TryDequeue(out ShadowBlock? received)) Receive(received);
                break;
            default:
                subject.Trim();
                break;
        }
    }

    /// <summary>Gives back half of what is left and hands the rest to whoever is last.</summary>
    public void Finish()
    {
        while (_held.Count != 0)
        {
            ShadowBlock block = Release(_held.Count - 1);
            if ((_held.Count & 1) != 0) exchange.Enqueue(block);
            else Discard(block);
        }
    }

    private void Discard(ShadowBlock block)
    {
        shadow.Dismiss(block);
        subject.Free(block.Start);
    }

    private void Allocate(Operation operation)
    {
        if (operation.Kind == OperationKind.AllocBatch)
        {
            Span<nint> blocks = stackalloc nint[BatchBlocks];
            nuint size = operation.Size & 0xFFFF;
            subject.AllocBatch(size, blocks);
            foreach (nint start in blocks) Hold(shadow.Admit((void*)start, size, 16));
            return;
        }

        nuint alignment = operation.Kind == OperationKind.AllocAligned ? operation.Alignment : 16;
        void* block = operation.Kind switch
        {
            OperationKind.AllocZeroed => subject.AllocZeroed(operation.Size),
            OperationKind.AllocAligned => subject.AllocAligned(AlignedSize(operation), alignment),
            OperationKind.AllocLocal => subject.AllocLocal(operation.Size),
            _ => subject.Alloc(operation.Size),
        };
        if (operation.Kind == OperationKind.AllocZeroed && !BlockPattern.IsZero((byte*)block, operation.Size))
        {
            throw new ModelViolationException($"not zeroed: 0x{(nuint)block:x} of {operation.Size} bytes");
        }

        Hold(shadow.Admit(block, operation.Size, nuint.Max(alignment, 16)));
    }

    private void Resize(Operation operation)
    {
        if (_held.Count == 0) return;
        ShadowBlock old = Release(operation.Index);
        bool aligned = operation.Kind == OperationKind.ReallocAligned;
        shadow.Dismiss(old);
        void* block = aligned ? subject.ReallocAligned(old.Start, AlignedSize(operation), operation.Alignment) : subject.Realloc(old.Start, operation.Size);
        ShadowHeap.VerifyMoved(old, block, operation.Size);
        Hold(shadow.Admit(block, operation.Size, aligned ? nuint.Max(operation.Alignment, 16) : 16));
    }

    private void FreeOne(Operation operation)
    {
        if (_held.Count == 0) return;
        ShadowBlock block = Release(operation.Index);
        shadow.Dismiss(block);
        switch (operation.Kind)
        {
            case OperationKind.FreeSized: subject.FreeSized(block.Start, block.Size); break;
            case OperationKind.FreeLocal: subject.FreeLocal(block.Start); break;
            default: subject.Free(block.Start); break;
        }
    }

    private void FreeSeveral(Operation operation)
    {
        Span<nint> blocks = stackalloc nint[BatchBlocks + 1];
        int count = 0;
        blocks[count++] = 0;   // nulls are skipped
        while (count <= BatchBlocks && _held.Count != 0)
        {
            ShadowBlock block = Release(operation.Index);
            shadow.Dismiss(block);
            blocks[count++] = block.Address;
        }

        subject.FreeBatch(blocks[..count]);
    }

    private void Receive(ShadowBlock block)
    {
        ShadowHeap.Verify(block);
        if ((block.Seed & 2) != 0) Hold(block);
        else Discard(block);
    }

    // No bytes at an alignment are tried in a process of their own (aligned-zero-size): what fails there spoils the heap of all tests here.
    private static nuint AlignedSize(Operation operation) => nuint.Max(operation.Size, 1);

    private void Hold(ShadowBlock block)
    {
        _held.Add(block);
        _heldBytes += block.Usable;
    }

    private ShadowBlock Release(int index)
    {
        index %= _held.Count;
        ShadowBlock block = _held[index];
        _held[index] = _held[^1];
        _held.RemoveAt(_held.Count - 1);
        _heldBytes -= block.Usable;
        return block;
    }
}
