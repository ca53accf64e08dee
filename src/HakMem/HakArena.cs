using System;

namespace HakMem;

/// <summary>A position in a <see cref="HakArena"/>, from <see cref="HakArena.GetMark"/>.</summary>
public readonly unsafe struct HakArenaMark
{
    internal HakArenaMark(HakArena arena, void* page, nuint offset, uint generation)
    {
        Arena = arena;
        Page = page;
        Offset = offset;
        Generation = generation;
    }

    internal HakArena? Arena { get; }

    internal void* Page { get; }

    internal nuint Offset { get; }

    internal uint Generation { get; }
}

/// <summary>
/// Bump allocation: each block is the next bytes of a page, nothing is freed alone, everything at once by <see cref="Reset()"/> or back to a mark. Pages come from
/// <see cref="HakMemory"/> and are kept for reuse until <see cref="Dispose"/>. For one thread at a time.
/// </summary>
public sealed unsafe class HakArena : IDisposable
{
    private const nuint HeaderBytes = 32;
    private const nuint SmallestPage = 4096;

    private readonly nuint _pageBytes;
    private Page* _first;
    private Page* _current;
    private byte* _next;
    private byte* _end;
    private uint _generation;
    private bool _disposed;

    /// <summary>Makes an arena; it takes its first page with its first block.</summary>
    /// <param name="pageBytes">The size of its pages in bytes, at least 4096; larger blocks get pages of their own size.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 4096.</exception>
    public HakArena(nuint pageBytes = 65536)
    {
        if (pageBytes < SmallestPage) throw new ArgumentOutOfRangeException(nameof(pageBytes), pageBytes, "A page of an arena has at least 4096 bytes.");
        _pageBytes = pageBytes;
    }

    /// <summary>Frees the pages of an arena that was dropped without a word.</summary>
    ~HakArena() => FreePages();

    private struct Page
    {
        internal Page* Next;
        internal nuint Bytes;
    }

    /// <summary>The bytes of all pages that the arena holds.</summary>
    public nuint HeldBytes { get; private set; }

    /// <summary>Allocates the next bytes; their contents are undefined.</summary>
    /// <param name="byteCount">The size in bytes; a block of 0 bytes may have the address of the next one.</param>
    /// <param name="alignment">The alignment in bytes, a power of two; 16 by default.</param>
    /// <returns>The block; valid until a reset before it or the end of the arena.</returns>
    /// <exception cref="ArgumentException">The alignment is not a power of two.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for another page.</exception>
    /// <exception cref="ObjectDisposedException">The arena is gone.</exception>
    public void* Alloc(nuint byteCount, nuint alignment = 16)
    {
        if (alignment == 0 || (alignment & (alignment - 1)) != 0) throw new ArgumentException("The alignment must be a power of two.", nameof(alignment));
        byte* block = Align(_next, alignment);
        if (_next == null || block < _next || block > _end || (nuint)(_end - block) < byteCount) return AllocSlow(byteCount, alignment);
        _next = block + byteCount;
        return block;
    }

    /// <summary>Allocates room for elements at a multiple of 16 bytes; their contents are undefined. Elements that need more, as vectors of 32 and 64 bytes do for aligned loads, are had by <see cref="Alloc(nuint, nuint)"/>.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="count">How many.</param>
    /// <returns>The elements; valid until a reset before them or the end of the arena.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for another page.</exception>
    /// <exception cref="ObjectDisposedException">The arena is gone.</exception>
    public Span<T> AllocSpan<T>(int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new Span<T>(Alloc((nuint)count * (nuint)sizeof(T)), count);
    }

    /// <summary>The present position.</summary>
    /// <returns>A mark to go back to.</returns>
    /// <exception cref="ObjectDisposedException">The arena is gone.</exception>
    public HakArenaMark GetMark()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new HakArenaMark(this, _current, _current == null ? 0 : (nuint)(_next - (byte*)_current), _generation);
    }

    /// <summary>Gives up every block since a mark; the pages stay.</summary>
    /// <param name="mark">A mark of this arena that no reset has passed.</param>
    /// <exception cref="InvalidOperationException">The mark is of another arena, or a full reset has passed it.</exception>
    /// <exception cref="ObjectDisposedException">The arena is gone.</exception>
    public void Reset(HakArenaMark mark)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (mark.Arena != this || mark.Generation != _generation) throw new InvalidOperationException("The mark is not of this arena, or the arena was reset since.");
        if (mark.Page == null) Enter(_first);
        else Enter((Page*)mark.Page);
        if (mark.Page != null) _next = (byte*)mark.Page + mark.Offset;
    }

    /// <summary>Gives up every block; the pages stay. Marks made before are void.</summary>
    /// <exception cref="ObjectDisposedException">The arena is gone.</exception>
    public void Reset()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _generation++;
        Enter(_first);
    }

    /// <summary>Gives up every block and frees the pages. A second call does nothing.</summary>
    public void Dispose()
    {
        FreePages();
        GC.SuppressFinalize(this);
    }

    private static byte* Align(byte* at, nuint alignment) => (byte*)(((nuint)at + alignment - 1) & ~(alignment - 1));

    private void* AllocSlow(nuint byteCount, nuint alignment)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        nuint needed = HeaderBytes + alignment + byteCount;
        if (needed < byteCount) throw new OutOfMemoryException();

        // The pages behind the current one were left by a reset: the next that fits serves; smaller ones wait for another reset.
        for (Page* page = _current == null ? _first : _current->Next; page != null; page = page->Next)
        {
            if (page->Bytes < needed) continue;
            Enter(page);
            return Alloc(byteCount, alignment);
        }

        nuint bytes = needed > _pageBytes ? HakMemory.GoodSize(needed) : _pageBytes;
        Page* made = (Page*)HakMemory.Alloc(bytes);
        if (_disposed) HakMemory.Free(made);   // by a handler of HakMemory.MemoryPressure, on this thread
        ObjectDisposedException.ThrowIf(_disposed, this);
        Append(made, bytes);
        return Alloc(byteCount, alignment);
    }

    // Looks for the last page anew: a handler may have added some.
    private void Append(Page* made, nuint bytes)
    {
        made->Next = null;
        made->Bytes = bytes;
        HeldBytes += bytes;
        Page* last = _current == null ? _first : _current;
        while (last != null && last->Next != null) last = last->Next;
        if (last == null) _first = made;
        else last->Next = made;
        Enter(made);
    }

    private void Enter(Page* page)
    {
        _current = page;
        _next = page == null ? null : (byte*)page + HeaderBytes;
        _end = page == null ? null : (byte*)page + page->Bytes;
    }

    private void FreePages()
    {
        _disposed = true;
        for (Page* page = _first; page != null;)
        {
            Page* next = page->Next;
            HakMemory.Free(page);
            page = next;
        }

        _first = null;
        HeldBytes = 0;
        Enter(null);
    }
}
