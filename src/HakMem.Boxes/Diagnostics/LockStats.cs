using System.Threading;

namespace HakMem.Boxes;

/// <summary>What a lock guards.</summary>
public enum LockKind : uint
{
    /// <summary>A heap's slabs and lists.</summary>
    Heap,

    /// <summary>A first-class heap's turn.</summary>
    User,

    /// <summary>The registry of heaps.</summary>
    Registry,

    /// <summary>The arena and the purge queue.</summary>
    Arena,

    /// <summary>The address space: SuperSlabs, owner ids, metadata; the process's.</summary>
    AddressSpace,

    /// <summary>The table of big blocks; the process's.</summary>
    BigTable,

    /// <summary>The cache of big blocks.</summary>
    BigCache,

    /// <summary>What other diagnostics and guards lock.</summary>
    Other,
}

/// <summary>
/// Box of layer Diagnostics: how often each kind of lock was taken, how often it was held by another thread, and how many waits that cost. The locks of
/// heaps are counted in rows by address, so that threads do not meet at one cache line. State: <see cref="SharedState"/>, by atomics.
/// </summary>
[Box(BoxLayer.Diagnostics, Switch = "HakMemLockStats", Flavors = "profile,debug")]
public static unsafe class LockStats
{
    /// <summary>The kinds of locks.</summary>
    public const uint Kinds = (uint)LockKind.Other + 1;

    private const int HeapRowsLog2 = 5;
    private const uint WordsPerRow = 8, WordsPerKind = 3;

    /// <summary>One row of 64 bytes for each kind, then the rows of the heaps.</summary>
    public struct SharedState
    {
        internal fixed ulong Rows[(int)((Kinds + (1 << HeapRowsLog2)) * WordsPerRow)];
    }

    /// <summary>The numbers of all locks by kind; index with <see cref="LockKind"/>.</summary>
    public struct Totals
    {
        /// <summary>How often it was taken.</summary>
        public fixed ulong Acquisitions[(int)Kinds];

        /// <summary>How often it was held by another thread then.</summary>
        public fixed ulong Contended[(int)Kinds];

        /// <summary>The waits of these: each the processor's pause, from the 64th on a yield, from the 128th on a sleep of 50 µs.</summary>
        public fixed ulong Waits[(int)Kinds];
    }

    /// <summary>Adds the composition's numbers to the totals.</summary>
    public static void AccumulateShared(Totals* into, SharedState* from)
    {
        for (uint kind = 0; kind < Kinds; kind++) Add(into, kind, from->Rows + (kind * WordsPerRow));
        for (uint row = Kinds; row < Kinds + (1u << HeapRowsLog2); row++)
        {
            Add(into, (uint)LockKind.Heap, from->Rows + (row * WordsPerRow));
            Add(into, (uint)LockKind.User, from->Rows + (row * WordsPerRow) + WordsPerKind);
        }
    }

    /// <inheritdoc cref="IAllocatorConfig.OnLock"/>
    public static void OnLock<TConfig>(SharedState* state, int* word, uint waits)
        where TConfig : struct, IAllocatorConfig
    {
        if (TConfig.Composition == null) return;   // it is being opened
        ulong* counts = CountsOf<TConfig>(state, word);
        Interlocked.Increment(ref counts[0]);
        if (waits == 0) return;
        Interlocked.Increment(ref counts[1]);
        Interlocked.Add(ref counts[2], waits);
    }

    private static void Add(Totals* into, uint kind, ulong* counts)
    {
        into->Acquisitions[kind] += counts[0];
        into->Contended[kind] += counts[1];
        into->Waits[kind] += counts[2];
    }

    private static ulong* CountsOf<TConfig>(SharedState* state, int* word)
        where TConfig : struct, IAllocatorConfig
    {
        SpaceState* space = TConfig.Space;
        LockKind kind;
        if (word == &TConfig.PageArenaState->Lock) kind = LockKind.Arena;
        else if (word == &TConfig.RegistryState->Lock) kind = LockKind.Registry;
        else if (word == &TConfig.BigCacheState->Lock) kind = LockKind.BigCache;
        else if (word == &space->Lock) kind = LockKind.AddressSpace;
        else if (word == &space->BigLock) kind = LockKind.BigTable;
        else if ((nuint)word - (nuint)TConfig.Composition < TConfig.CompositionBytes) kind = LockKind.Other;
        else
        {
            // A heap's: its lock begins a cache line, its user lock does not.
            ulong row = ((ulong)word >> 6) * 0x9E37_79B9_7F4A_7C15UL >> (64 - HeapRowsLog2);
            return state->Rows + ((Kinds + row) * WordsPerRow) + (((nuint)word & 63) == 0 ? 0 : WordsPerKind);
        }

        return state->Rows + ((uint)kind * WordsPerRow);
    }
}
