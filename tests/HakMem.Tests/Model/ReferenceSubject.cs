using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Tests.Model;

/// <summary>
/// A plain allocator over <see cref="NativeMemory"/> that keeps its books in a dictionary: the model must pass it, and each planted fault
/// is this allocator with one method gone wrong.
/// </summary>
internal unsafe class ReferenceSubject : IHeapSubject, IDisposable
{
    private readonly ConcurrentDictionary<nint, (nuint Usable, nint Mapped)> _blocks = new();
    private readonly ConcurrentQueue<nint> _buried = new();
    private long _count, _bytes;

    public virtual void* Alloc(nuint size) => AllocAligned(size, 16);

    public virtual void* AllocZeroed(nuint size)
    {
        void* block = AllocAligned(size, 16);
        NativeMemory.Clear(block, size);
        return block;
    }

    public virtual void* AllocAligned(nuint size, nuint alignment)
    {
        alignment = nuint.Max(alignment, 16);
        nuint usable = (size + 31) & ~(nuint)15;
        byte* mapped = (byte*)NativeMemory.AlignedAlloc(usable + 64, alignment);
        NativeMemory.Fill(mapped, nuint.Min(usable, 4096), 0xDD);
        Register(mapped, usable, mapped);
        return mapped;
    }

    public void* AllocLocal(nuint size) => Alloc(size);

    public void AllocBatch(nuint size, Span<nint> blocks)
    {
        foreach (ref nint block in blocks) block = (nint)Alloc(size);
    }

    public virtual void* Realloc(void* block, nuint size) => ReallocAligned(block, size, 16);

    public virtual void* ReallocAligned(void* block, nuint size, nuint alignment)
    {
        void* moved = AllocAligned(size, alignment);
        NativeMemory.Copy(block, moved, nuint.Min(UsableSize(block), size));
        Free(block);
        return moved;
    }

    public virtual void Free(void* block)
    {
        if (block == null) return;
        _blocks.Remove((nint)block, out (nuint Usable, nint Mapped) entry);
        Unmap(entry.Mapped);
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -(long)entry.Usable);
    }

    public void FreeSized(void* block, nuint size) => Free(block);

    public void FreeLocal(void* block) => Free(block);

    public void FreeBatch(ReadOnlySpan<nint> blocks)
    {
        foreach (nint block in blocks) Free((void*)block);
    }

    public nuint UsableSize(void* block) => _blocks[(nint)block].Usable;

    public nuint GoodSize(nuint size) => (size + 31) & ~(nuint)15;

    public void Trim()
    {
    }

    public HeapUse InUse() => new((ulong)Volatile.Read(ref _count), (ulong)Volatile.Read(ref _bytes));

    public void Dispose()
    {
        foreach (KeyValuePair<nint, (nuint Usable, nint Mapped)> block in _blocks) NativeMemory.AlignedFree((void*)block.Value.Mapped);
        foreach (nint mapped in _buried) NativeMemory.AlignedFree((void*)mapped);
        _blocks.Clear();
        _buried.Clear();
    }

    protected virtual void Unmap(nint mapped) => NativeMemory.AlignedFree((void*)mapped);

    /// <summary>Keeps memory until the end.</summary>
    protected void Bury(nint mapped) => _buried.Enqueue(mapped);

    /// <summary>Changes a block's address in the books.</summary>
    protected void Move(void* block, void* to, nuint usable)
    {
        _blocks.Remove((nint)block, out (nuint Usable, nint Mapped) entry);
        _blocks[(nint)to] = entry with { Usable = usable };
    }

    /// <summary>Writes a block into the books.</summary>
    protected void Register(void* block, nuint usable, void* mapped)
    {
        _blocks[(nint)block] = (usable, (nint)mapped);
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, (long)usable);
    }
}
