using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>What is done before an allocation fails: everything unused goes back to the system, and it is tried once more. From inside a slow path.</summary>
internal static unsafe class Relief
{
    /// <summary>As <see cref="IAllocatorConfig.AllocSlow"/>.</summary>
    internal static void* Alloc(ThreadHeap* heap, nuint size)
    {
        void* block = Config.AllocSlow(heap, size);
        return block != null || !TryRelieve(size) ? block : Config.AllocSlow(heap, size);
    }

    /// <summary>As <see cref="IAllocatorConfig.AllocZeroed"/>.</summary>
    internal static void* AllocZeroed(ThreadHeap* heap, nuint size)
    {
        void* block = Config.AllocZeroed(heap, size);
        return block != null || !TryRelieve(size) ? block : Config.AllocZeroed(heap, size);
    }

    /// <summary>As <see cref="IAllocatorConfig.AllocAligned"/>.</summary>
    internal static void* AllocAligned(ThreadHeap* heap, nuint size, nuint alignment)
    {
        void* block = Config.AllocAligned(heap, size, alignment);
        return block != null || !TryRelieve(size | alignment) ? block : Config.AllocAligned(heap, size, alignment);
    }

    /// <summary>As <see cref="ReallocGate.Realloc{TConfig}"/> without an alignment.</summary>
    internal static void* Realloc(ThreadHeap* heap, void* block, nuint size)
    {
        void* moved = ReallocGate.Realloc<Config>(heap, block, size, 0);
        return moved != null || !TryRelieve(size) ? moved : ReallocGate.Realloc<Config>(heap, block, size, 0);
    }

    // A size that no machine has is no reason to empty every cache.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryRelieve(nuint size)
    {
        if (size > (nuint)1 << 46 || Config.Composition == null) return false;
        _ = Config.ScavengePass(true);
        return true;
    }
}
