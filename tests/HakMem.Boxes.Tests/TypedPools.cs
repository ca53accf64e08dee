#pragma warning disable CS0649 // Fields that nobody assigns give the types their sizes.
namespace HakMem.Boxes.Tests;

/// <summary>A node of the release build's composition: what the shape tests compile.</summary>
[HakMemPool(Allocator = typeof(PlainHeap))]
internal unsafe partial struct PlainNode
{
    public PlainNode* Next;
    public long First, Second, Third, Fourth;
}

/// <summary>The same size class of a type that is known to the compiler of the machine code only.</summary>
[HakMemPool(Allocator = typeof(PlainHeap))]
internal partial struct Cell<T>
    where T : unmanaged
{
    public T Value;
    public long First, Second, Third;
}

/// <summary>A node of a composition that counts.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Capacity = 500)]
internal unsafe partial struct TestNode
{
    public TestNode* Next;
    public long First, Second, Third, Fourth;
}

/// <summary>Zeroed, and on cache lines of its own.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Zeroed = true, Alignment = 64)]
internal unsafe partial struct AlignedNode
{
    public fixed byte Bytes[130];
}

/// <summary>A little more than a page, at cache lines: no multiple of these is the class of its size.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Alignment = 64)]
internal unsafe partial struct PageAndHeaderNode
{
    public fixed byte Bytes[4300];
}

/// <summary>Of a size that larger classes may lend a block for.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Alignment = 64)]
internal unsafe partial struct LentNode
{
    public fixed byte Bytes[5500];
}

/// <summary>Pages.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Alignment = 4096)]
internal unsafe partial struct PagesNode
{
    public fixed byte Bytes[12000];
}

/// <summary>Larger than any size class.</summary>
[HakMemPool(Allocator = typeof(TestHeap), Zeroed = true)]
internal unsafe partial struct LargeNode
{
    public fixed byte Bytes[50_000];
}

/// <summary>The smallest that there is.</summary>
[HakMemPool(Allocator = typeof(TestHeap))]
internal partial struct ByteNode
{
    public byte Value;
}

internal static partial class Nest<TKey>
    where TKey : unmanaged
{
    /// <summary>A node inside a generic type.</summary>
    [HakMemPool(Allocator = typeof(TestHeap), Zeroed = true)]
    internal partial struct Node<TValue>
        where TValue : unmanaged
    {
        public TKey Key;
        public TValue Value;
    }
}
