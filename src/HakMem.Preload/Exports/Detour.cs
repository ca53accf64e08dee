using System.Runtime.InteropServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What the exports do in a thread that is inside the allocator already, or with a block of the signal heap: no lock is taken.</summary>
internal static unsafe class Detour
{
    private const int Attempts = 10_000;

    /// <summary>A block of the signal heap; null with ENOMEM.</summary>
    internal static void* Alloc(nuint size, nuint alignment, bool zeroed)
    {
        void* block = SignalHeap.Alloc(size, alignment);
        if (block == null) return MallocExports.FailNoMemory();
        if (zeroed) NativeMemory.Clear(block, size);
        return block;
    }

    /// <summary>A block of the new size with the old contents; null with ENOMEM, the old block as before.</summary>
    internal static void* Realloc(void* block, nuint size, ThreadHeap* heap)
    {
        bool own = SignalHeap.Contains(block);
        nuint usable = own ? SignalHeap.UsableSize(block) : UsableSize(block);
        if (usable == 0) return MallocExports.FailNoMemory();
        if (own && size <= usable && size >= usable / 4) return block;
        void* moved = ThreadSlot.IsInside(heap) ? Alloc(size, 16, false) : MallocExports.Malloc(size, heap);
        if (moved == null) return null;
        NativeMemory.Copy(block, moved, usable < size ? usable : size);
        if (own) SignalHeap.Free(block);
        else SignalHeap.Defer(block);
        return moved;
    }

    /// <summary>The bytes that may be used of a block of the allocator; 0 when the lock that it takes to tell is held, perhaps by what was interrupted.</summary>
    internal static nuint UsableSize(void* block)
    {
        if (PageMap.ChunkOf<Config>(block) < Config.ChunkCount) return Config.UsableSize(block);
        int* word = &Config.Space->BigLock;
        for (int attempt = 0; !SpinLock.TryEnter<Config>(word); attempt++)
        {
            if (attempt == Attempts) return 0;
            Config.OsWait(0);
        }

        SpinLock.Exit<Config>(word);
        return Config.UsableSize(block);   // taken by another thread meanwhile, it will be given back
    }
}
