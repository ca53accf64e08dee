using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <summary>Who a heap serves.</summary>
public enum HeapKind : uint
{
    /// <summary>One thread at a time.</summary>
    Thread,

    /// <summary>Whoever holds its user lock: <see cref="FirstClassHeap"/>. Its blocks die with it.</summary>
    FirstClass,
}

/// <summary>Whether a thread runs on a heap.</summary>
public enum HeapLife
{
    /// <summary>A thread runs on it, or ran and nobody has noticed its end.</summary>
    Active,

    /// <summary>Its thread ended; it waits for another. Its partly used slabs may move to other heaps.</summary>
    Free,

    /// <summary>It was first-class and has nothing in it; it waits to be that again.</summary>
    Spare,
}

/// <summary>
/// One thread's heap: its core, followed in memory by the states of the composition's boxes. Struct and id are permanent and recycled
/// together. The front stacks and the remote table belong to the running thread alone; lists, counts and slabs are touched only under
/// <see cref="Lock"/> (T1); <see cref="Inbox"/> is where every thread pushes slabs with blocks to collect.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct ThreadHeap
{
    /// <summary>The bytes of the core.</summary>
    public const int Size = BinsOffset + ((int)SizeClasses.Count * Bin.Size);

    /// <summary>The bytes from one row of the front's table to the next: 8 for each class.</summary>
    public const int FrontRowBytes = (int)SizeClasses.Count * 8;

    /// <summary>The rows of the front's table.</summary>
    public const int FrontRows = 4;

    private const int TableOffset = 192, OutOffset = 320, FrontOffset = (OutOffset + FrontRowBytes + 63) & ~63, BinsOffset = FrontOffset + (FrontRows * FrontRowBytes);

    /// <summary>The id, shifted as in the page map.</summary>
    [FieldOffset(0)] public uint IdShifted;

    /// <summary>The owner id.</summary>
    [FieldOffset(4)] public uint Id;

    /// <summary>The next heap of the composition; written once, before the heap is published.</summary>
    [FieldOffset(8)] public ThreadHeap* NextInComposition;

    /// <summary>The next heap without a thread. Under the registry's lock.</summary>
    [FieldOffset(16)] public ThreadHeap* NextFree;

    /// <summary>Who it serves. Changes only while nobody uses it.</summary>
    [FieldOffset(24)] public HeapKind Kind;

    /// <summary>
    /// For hosts whose threads can be interrupted by code that allocates: all ones while the running thread is in no hit path, 0 while it is in one. The gates of such a host mask
    /// the class with it, so that who interrupts finds the empty stack of class 0. The highest bit alone does the same to the thread's next call. Others leave it 0 and do not look.
    /// </summary>
    [FieldOffset(28)] public uint Open;

    /// <summary>What the host keeps of the running thread. Boxes do not look.</summary>
    [FieldOffset(32)] public void* HostState;

    /// <summary>What <see cref="ThreadStacks"/> keeps of the running thread's stack; null when it is not found by that.</summary>
    [FieldOffset(40)] public void* Stack;

    /// <summary>The likely class of the next block freed (<see cref="FreeGate.TryOwn{TConfig}"/>): whose stack was full twice, without another's having been full or empty meanwhile. Else 0. Written by the running thread.</summary>
    [FieldOffset(48)] public uint GuessedClass;

    /// <summary>The class whose stack was full last; 0 when one was empty since. Written by the running thread.</summary>
    [FieldOffset(52)] public uint FlushedClass;

    /// <summary>The one before it in that list. Under the registry's lock.</summary>
    [FieldOffset(56)] public ThreadHeap* PreviousFree;

    /// <summary>Guards the bins' slab lists, the L parts of the slabs, the warm and large pools of this heap.</summary>
    [FieldOffset(64)] public int Lock;

    /// <summary>The OS's id of the thread that runs on it. Under the registry's lock.</summary>
    [FieldOffset(68)] public uint Thread;

    /// <summary>Whether a thread runs on it. Under the registry's lock.</summary>
    [FieldOffset(72)] public HeapLife Life;

    /// <summary><see cref="Moves"/> when a flush last asked for a pass: while the host has one to run, the next flush asks 64 moves later. Written by the running thread.</summary>
    [FieldOffset(76)] public uint AskedMoves;

    /// <summary>32 bytes in which the OS marks the end of the thread; nonzero is ended.</summary>
    [FieldOffset(80)] public int EndMark;

    /// <summary>Refills and flushes so far. Under <see cref="Lock"/>.</summary>
    [FieldOffset(112)] public uint Moves;

    /// <summary><see cref="Moves"/> when the scavenger came last. Under <see cref="Lock"/>.</summary>
    [FieldOffset(116)] public uint SeenMoves;

    /// <summary>OS pages given back inside slabs of this heap that still have users. Under <see cref="Lock"/>.</summary>
    [FieldOffset(120)] public long PurgedPages;

    /// <summary>Slabs of this heap, or just migrated from it, whose remote part has something to collect.</summary>
    [FieldOffset(128)] public nint Inbox;

    /// <summary>The slabs of a first-class heap that are in no bin's list. Under <see cref="Lock"/>.</summary>
    [FieldOffset(136)] public Slab* FullSlabs;

    /// <summary>The large blocks of a first-class heap, linked through the headers of their first chunks. Under <see cref="Lock"/>.</summary>
    [FieldOffset(144)] public Slab* LargeBlocks;

    /// <summary>The chunks of these. Under <see cref="Lock"/>.</summary>
    [FieldOffset(152)] public long LargeChunks;

    /// <summary>The big blocks of a first-class heap, also after its release. Under the lock of the table of big blocks.</summary>
    [FieldOffset(160)] public long BigBlocks;

    /// <summary>The bytes of these. Under the same.</summary>
    [FieldOffset(168)] public long BigBytes;

    /// <summary>Whoever holds it is, for a first-class heap, the running thread. Taken before <see cref="Lock"/>.</summary>
    [FieldOffset(176)] public int UserLock;

    /// <summary>The number of its present use as a first-class heap: who waited for the user lock since an earlier one finds another. Never 0 in use. Under <see cref="UserLock"/>.</summary>
    [FieldOffset(180)] public uint Use;

    /// <summary>Whether it was released and nobody has taken it since: in the list of heaps without a thread, and first-class again once it is empty. Under the registry's lock.</summary>
    [FieldOffset(184)] public bool Reusable;

    /// <summary>The large blocks that bear its id, those of a first-class heap also after its release. Under <see cref="Lock"/>.</summary>
    [FieldOffset(188)] public uint OwnLarge;

    /// <summary>Bytes of slabs that were cut from fresh memory, or handed out again after they went back, and still count in <see cref="PageArena.SharedState.UntouchedBytes"/> (<see cref="UnifiedCacheRefill.Exchange{TConfig}"/>). By the running thread.</summary>
    [FieldOffset(264)] public uint FreshBytes;   // behind the table of classes

    /// <summary>For hosts that nobody wakes: how many calls of the running thread looked at the clock at <see cref="HostLookedAt"/>. Boxes do not look.</summary>
    [FieldOffset(268)] public uint HostLooks;

    /// <summary>For such hosts: the clock at the last of these, its lower half. Boxes do not look.</summary>
    [FieldOffset(272)] public uint HostLookedAt;

    /// <summary>A copy of <see cref="SizeClasses.Table"/>, for code compiled ahead of time: one load, the heap being in a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* ClassTable(ThreadHeap* heap) => (byte*)heap + TableOffset;

    /// <summary>How many blocks of a class are out of this heap's slabs: with users, in stacks, in remote tables or bitmaps. Under <see cref="Lock"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong* Out(ThreadHeap* heap, uint sizeClass) => (ulong*)((byte*)heap + OutOffset) + sizeClass;

    /// <summary>
    /// The column of a class in a table of <see cref="FrontRows"/> rows that is the front's: the box in that slot alone reads it. Each row has one field of all classes, so that a
    /// column is found without a shift and eight neighbouring classes share a line.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* FrontColumnOf(ThreadHeap* heap, uint sizeClass) => (ulong*)((byte*)heap + FrontOffset) + sizeClass;

    /// <summary>The bin of a class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bin* BinOf(ThreadHeap* heap, uint sizeClass) => (Bin*)((byte*)heap + BinsOffset) + sizeClass;

    /// <summary>Whether the caller, who plays the running thread, holds a user lock for it: others wait for that, and a pass over all heaps has to come after it. False of null.</summary>
    public static bool IsUserLocked(ThreadHeap* heap) => heap != null && heap->Kind == HeapKind.FirstClass;

    /// <summary>Whether the heap is registered under its id and keeps within its bounds. Under <see cref="Lock"/>, by the running thread.</summary>
    public static bool IsValid<TConfig>(ThreadHeap* heap)
        where TConfig : struct, IAllocatorConfig
        => heap->Id != 0 && heap->IdShifted == heap->Id << 8 && heap->Id < TConfig.Space->TabledOwners
           && TConfig.Space->Owners[heap->Id].Heap == heap && TConfig.Space->Owners[heap->Id].Composition == TConfig.Composition->Id
           && heap->PurgedPages >= 0;
}

/// <summary>What was done last to a bin's front.</summary>
public enum FrontMove : byte
{
    /// <summary>Nothing yet, or nothing since <see cref="UnifiedCacheRefill.MakeRoom{TConfig}"/> came by.</summary>
    None,

    /// <summary>It was empty and was refilled.</summary>
    Refilled,

    /// <summary>It was full and was flushed.</summary>
    Flushed,
}

/// <summary>A heap's state for one size class but for the front, which keeps its own.</summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct Bin
{
    /// <summary>The bytes of a bin.</summary>
    public const int Size = 40;

    /// <summary>The slab that refills take from first.</summary>
    public Slab* Current;

    /// <summary>Slabs worth visiting.</summary>
    public Slab* Partial;

    /// <summary>Slabs with few free blocks, visited before a new one is taken.</summary>
    public Slab* Sparse;

    /// <summary>The one empty slab that the bin keeps; it is in one of the lists.</summary>
    public Slab* Empty;

    /// <summary>What was done last to the front: doing the same again makes it grow.</summary>
    public FrontMove LastMove;

    /// <summary>How many blocks the home class's slabs lent while this bin had none of its own, since the heap was flushed with few blocks of the home class in use.</summary>
    public byte Borrowed;

    /// <summary>How many blocks the front held when <see cref="UnifiedCacheRefill.MakeRoom{TConfig}"/> last came by.</summary>
    public ushort SeenInFront;

    /// <summary>Whether it had a slab of its own before. The pages of the first go back to the OS before it is cut: most classes of most programs never use more than one or two.</summary>
    public bool Begun;

    /// <summary>Whether front and lists of a heap's bin agree with themselves; of each list only the head is looked at. Under the heap's lock, by the running thread.</summary>
    public static bool IsValid<TConfig>(ThreadHeap* heap, uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        Bin* bin = ThreadHeap.BinOf(heap, sizeClass);
        if (TConfig.CountFront(heap, sizeClass) > TConfig.FrontCapacity) return false;
        if (!IsHead(bin->Partial, sizeClass, heap->Id, SlabPlace.Partial) || !IsHead(bin->Sparse, sizeClass, heap->Id, SlabPlace.Sparse)) return false;
        Slab* current = bin->Current, empty = bin->Empty;
        if (current != null && (current->Place != SlabPlace.Current || current->Class != sizeClass || current->Owner != heap->Id)) return false;
        return empty == null || (empty->FreeBlocks == empty->Carved && empty->Class == sizeClass && empty->Owner == heap->Id);
    }

    private static bool IsHead(Slab* slab, uint sizeClass, uint owner, SlabPlace place)
        => slab == null || (slab->Place == place && slab->Previous == null && slab->Class == sizeClass && slab->Owner == owner);
}

