using System.Threading;

namespace HakMem.Boxes;

/// <summary>What a walk found at one place of the address space: a copy, taken under the owner's lock.</summary>
public unsafe struct WalkedSpan
{
    /// <summary>The first byte.</summary>
    public byte* Start;

    /// <summary>Its bytes.</summary>
    public nuint Bytes;

    /// <summary>The owner's id: a heap's, or the composition's.</summary>
    public uint Owner;

    /// <summary>The size class; 0 for a large or big block, which fills the span.</summary>
    public uint Class;

    /// <summary>How many blocks were cut.</summary>
    public uint Carved;

    /// <summary>How many blocks it has room for.</summary>
    public uint Blocks;

    /// <summary>The free bitmap.</summary>
    public fixed ulong Free[64];

    /// <summary>The remote bitmap: blocks freed by other threads that the owner has not collected.</summary>
    public fixed ulong Remote[64];
}

/// <summary>Where a walk of the big blocks is: the next of them by address, noted from the table at once. Zero at the start.</summary>
public unsafe struct BigCursor
{
    /// <summary>How many are noted at once.</summary>
    public const uint Room = 64;

    /// <summary>The noted blocks, in ascending order of address.</summary>
    public fixed ulong Starts[(int)Room];

    /// <summary>How many there are.</summary>
    public uint Count;

    /// <summary>The next one to look at.</summary>
    public uint Next;

    /// <summary>Every block up to this address was noted.</summary>
    public ulong Last;
}

/// <summary>
/// Box of layer Shared: visits what a composition holds, in ascending order of address, by the page map. Each slab is copied under its owner's lock, so
/// each is true in itself; the whole is exact when the process is at rest. Changes nothing. No state but the caller's cursor.
/// </summary>
[Box(BoxLayer.Shared)]
public static unsafe class HeapWalk
{
    /// <summary>Finds the next slab or large block at or after the chunk of a cursor, and moves the cursor behind it. False at the end.</summary>
    public static bool TryNext<TConfig>(uint* cursor, WalkedSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        if (!HeapRegistry.IsOpen<TConfig>()) return false;
        SpaceState* space = TConfig.Space;
        for (; *cursor < Volatile.Read(ref space->NextChunk); ++*cursor)
        {
            uint chunk = *cursor;
            uint entry = Volatile.Read(ref TConfig.PageMap[chunk]);
            uint sizeClass = (byte)entry;
            if (entry == 0 || sizeClass == SizeClasses.LargeInterior || space->Owners[entry >> 8].Composition != TConfig.Composition->Id) continue;
            if (sizeClass == SizeClasses.LargeHead)
            {
                // No lock: it may be freed now, and its first chunk be a slab's, with thousands of blocks.
                TConfig.OnSharedStep();
                uint chunks = Volatile.Read(ref Slab.At<TConfig>(chunk)->Blocks);
                TConfig.OnSharedStep();
                if (Volatile.Read(ref TConfig.PageMap[chunk]) != entry || chunks - 1 >= Chunk.PerSuperSlab) continue;
                *span = default;
                span->Start = PageMap.Address<TConfig>(chunk);
                span->Bytes = (nuint)chunks << Chunk.Log2;
                span->Owner = entry >> 8;
                span->Blocks = span->Carved = 1;
                ++*cursor;
                return true;
            }

            if ((chunk & (TConfig.Classes[sizeClass].Chunks - 1)) != 0 || !TryCopy<TConfig>(chunk, entry, span)) continue;
            *cursor += TConfig.Classes[sizeClass].Chunks;
            return true;
        }

        return false;
    }

    /// <summary>
    /// Finds the next big block, in ascending order of address, and moves the cursor behind it. False at the end. The order does not depend on the table, which others
    /// may fill, empty and rebuild meanwhile: what is there all the time is found once.
    /// </summary>
    public static bool TryNextBig<TConfig>(BigCursor* cursor, WalkedSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        if (!HeapRegistry.IsOpen<TConfig>()) return false;
        SpaceState* space = TConfig.Space;
        bool found = false;
        SpinLock.Enter<TConfig>(&space->BigLock);
        while (!found && (cursor->Next < cursor->Count || TryNote<TConfig>(space, cursor)))
        {
            BigBlock* block = SpaceState.FindBig(space, (byte*)cursor->Starts[cursor->Next++]);
            if (block == null || space->Owners[block->Owner].Composition != TConfig.Composition->Id) continue;   // freed since it was noted
            *span = default;
            span->Start = block->Start;
            span->Bytes = block->Bytes;
            span->Owner = block->Owner;
            span->Blocks = span->Carved = 1;
            found = true;
        }

        SpinLock.Exit<TConfig>(&space->BigLock);
        return found;
    }

    /// <summary>
    /// Copies the blocks in a heap's front stacks to <paramref name="blocks"/>, at most <paramref name="room"/>, and returns how many there are. Of a running thread's
    /// heap the copy may miss or repeat some.
    /// </summary>
    public static uint CopyCached<TConfig>(ThreadHeap* heap, void** blocks, uint room)
        where TConfig : struct, IAllocatorConfig
    {
        uint count = 0;
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            count += TConfig.CopyFront(heap, sizeClass, blocks + count, room > count ? room - count : 0);
        }

        return count;
    }

    // Notes the blocks with the lowest addresses above those noted so far. Under the table's lock.
    private static bool TryNote<TConfig>(SpaceState* space, BigCursor* cursor)
        where TConfig : struct, IAllocatorConfig
    {
        uint count = 0;
        nuint slots = space->BigLog2 == 0 ? 0 : (nuint)1 << space->BigLog2;
        for (nuint slot = 0; slot < slots; slot++)
        {
            ulong start = (ulong)space->BigBlocks[slot].Start;
            if (start <= cursor->Last || (count == BigCursor.Room && start > cursor->Starts[count - 1])) continue;
            if (space->Owners[space->BigBlocks[slot].Owner].Composition != TConfig.Composition->Id) continue;
            uint place = count == BigCursor.Room ? count - 1 : count++;
            for (; place > 0 && cursor->Starts[place - 1] > start; place--) cursor->Starts[place] = cursor->Starts[place - 1];
            cursor->Starts[place] = start;
        }

        cursor->Next = 0;
        cursor->Count = count;
        if (count != 0) cursor->Last = cursor->Starts[count - 1];
        return count != 0;
    }

    private static bool TryCopy<TConfig>(uint chunk, uint entry, WalkedSpan* span)
        where TConfig : struct, IAllocatorConfig
    {
        ThreadHeap* owner = TConfig.Space->Owners[entry >> 8].Heap;
        Slab* slab = Slab.At<TConfig>(chunk);
        SpinLock.Enter<TConfig>(&owner->Lock);
        bool same = Volatile.Read(ref TConfig.PageMap[chunk]) == entry;
        if (same)
        {
            SizeClass* info = TConfig.Classes + (byte)entry;
            span->Start = slab->Start;
            span->Bytes = (nuint)info->Chunks << Chunk.Log2;
            span->Owner = entry >> 8;
            span->Class = (byte)entry;
            span->Carved = slab->Carved;
            span->Blocks = slab->Blocks;
            for (uint word = 0; word < info->Words; word++)
            {
                span->Free[word] = slab->Bits[word];
                span->Remote[word] = Volatile.Read(ref slab->Remote[word]);
            }
        }

        SpinLock.Exit<TConfig>(&owner->Lock);
        return same;
    }
}
