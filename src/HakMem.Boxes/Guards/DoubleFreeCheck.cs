using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Guards: knows of every block up to 32 KiB whether it has a user, and so finds a wrong free in the free itself: of a block that is free, of
/// one that was never handed out, of an address inside one. One byte for each block, because bytes of different blocks can be written by different threads
/// without an atomic; they lie in a table by chunk, 4 KiB each, reserved beside the address space and committed with it. Exact for frees that follow each other;
/// of two threads that free a block at the same instant both may pass, and the second is found when its bit is merged, as in every build.
/// Without memory for the table blocks of a slab are not checked, whatever the table has later. State: <see cref="SharedState"/>.
/// </summary>
[Box(BoxLayer.Guards, Switch = "HakMemDoubleFreeCheck", Flavors = "debug,hardened")]
public static unsafe class DoubleFreeCheck
{
    private const byte Unchecked = 0, Uncut = 1, Live = 2, Free = 3;   // what the OS gives is unchecked
    private const int StrideLog2 = Chunk.Log2 - 4;   // a byte for each of the smallest blocks

    /// <summary>The table.</summary>
    public struct SharedState
    {
        /// <summary>One byte for each block, 4 KiB for each chunk. Null before the first slab.</summary>
        internal byte* Marks;

        /// <summary>Guards the table's growth.</summary>
        internal int Lock;

        /// <summary>The chunks whose part is committed. Grows only; read without the lock.</summary>
        internal uint Chunks;

        /// <summary>Slabs that are not checked, because the OS refused memory for the table.</summary>
        public long UncheckedSlabs;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnNewSlab"/>
    public static void OnNewSlab<TConfig>(SharedState* state, Slab* slab)
        where TConfig : struct, IAllocatorConfig
    {
        if (slab->FirstChunk >= Volatile.Read(ref state->Chunks) && !TryGrow<TConfig>(state, slab->FirstChunk))
        {
            Interlocked.Increment(ref state->UncheckedSlabs);
            return;
        }

        NativeMemory.Fill(state->Marks + ((nuint)slab->FirstChunk << StrideLog2), slab->Blocks, Uncut);
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFrontHit"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OnFrontHit<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TryFind<TConfig>(state, sizeClass, block, out byte* mark, out bool exact)) return;
        if (!exact || *mark == Live) Fatal.Stop<TConfig>(FatalReason.Corrupted, block);   // it would have two users
        if (*mark != Unchecked) *mark = Live;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnMissServed"/>
    public static void OnMissServed<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontHit<TConfig>(state, sizeClass, block);

    /// <inheritdoc cref="IAllocatorConfig.OnCarveZeroed"/>
    public static void OnCarveZeroed<TConfig>(SharedState* state, Slab* slab, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontHit<TConfig>(state, slab->Class, block);

    /// <inheritdoc cref="IAllocatorConfig.OnFrontPush"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OnFrontPush<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (!TryFind<TConfig>(state, sizeClass, block, out byte* mark, out bool exact)) return;
        if (!exact || (*mark != Live && *mark != Unchecked)) Refuse<TConfig>(block, exact, *mark);
        if (*mark != Unchecked) *mark = Free;
    }

    /// <inheritdoc cref="IAllocatorConfig.OnFlushPush"/>
    public static void OnFlushPush<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontPush<TConfig>(state, sizeClass, block);

    /// <inheritdoc cref="IAllocatorConfig.OnRemoteBlock"/>
    public static void OnRemoteBlock<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
        => OnFrontPush<TConfig>(state, sizeClass, block);

    /// <inheritdoc cref="IAllocatorConfig.OnUse"/>
    public static void OnUse<TConfig>(SharedState* state, uint sizeClass, void* block)
        where TConfig : struct, IAllocatorConfig
    {
        if (TryFind<TConfig>(state, sizeClass, block, out byte* mark, out bool exact) && exact && *mark != Live && *mark != Unchecked)
        {
            Fatal.Stop<TConfig>(*mark == Free ? FatalReason.FreedBlock : FatalReason.NotAllocated, block);
        }
    }

    /// <inheritdoc cref="IAllocatorConfig.OnDestroy"/>
    public static void OnDestroy<TConfig>(SharedState* state)
        where TConfig : struct, IAllocatorConfig
    {
        if (state->Marks != null) _ = TConfig.OsUnmap(state->Marks, TConfig.ChunkCount << StrideLog2);
    }

    // False when the block's chunk is not in the table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFind<TConfig>(SharedState* state, uint sizeClass, void* block, out byte* mark, out bool exact)
        where TConfig : struct, IAllocatorConfig
    {
        SizeClass* info = TConfig.Classes + sizeClass;
        nuint offset = (nuint)block - (nuint)TConfig.Base;
        nuint mask = info->SlabMask;
        exact = Slab.IndexOf(info, offset & mask, out uint index);
        nuint chunk = (offset & ~mask) >> Chunk.Log2;
        bool covered = chunk < Volatile.Read(ref state->Chunks);   // acquire: pairs with the release in TryGrow, and Marks is there then
        mark = state->Marks + (chunk << StrideLog2) + index;
        return covered;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse<TConfig>(void* block, bool exact, byte mark)
        where TConfig : struct, IAllocatorConfig
        => Fatal.Stop<TConfig>(!exact ? FatalReason.InteriorPointer : mark == Uncut ? FatalReason.NotAllocated : FatalReason.DoubleFree, block);

    private static bool TryGrow<TConfig>(SharedState* state, uint chunk)
        where TConfig : struct, IAllocatorConfig
    {
        SpinLock.Enter<TConfig>(&state->Lock);
        if (state->Marks == null) state->Marks = TConfig.OsReserve(TConfig.ChunkCount << StrideLog2);
        uint done = state->Chunks, wanted = (chunk + Chunk.PerSuperSlab) & ~(Chunk.PerSuperSlab - 1);
        if (state->Marks != null && chunk >= done && TConfig.OsCommit(state->Marks + ((nuint)done << StrideLog2), (nuint)(wanted - done) << StrideLog2))
        {
            Volatile.Write(ref state->Chunks, wanted);
        }

        SpinLock.Exit<TConfig>(&state->Lock);
        return chunk < state->Chunks;
    }
}
