using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace HakMem.Tests.Model;

internal enum OperationKind
{
    Alloc,
    AllocZeroed,
    AllocAligned,
    AllocLocal,
    AllocBatch,
    Realloc,
    ReallocAligned,
    Free,
    FreeSized,
    FreeLocal,
    FreeBatch,
    HandOver,
    Receive,
    Trim,
}

/// <summary>One step of a thread. Which block it means is an index into the blocks that the thread holds, wrapped around.</summary>
internal readonly record struct Operation(OperationKind Kind, nuint Size, nuint Alignment, int Index);

/// <summary>One sequence for each thread. Its text is its shape: the seed that FsCheck prints brings the operations back.</summary>
internal sealed class OperationCase(Operation[][] sequences)
{
    public Operation[][] Sequences => sequences;

    public override string ToString() => $"{sequences.Length} sequences of {sequences[0].Length} operations";
}

/// <summary>Draws sequences over all tiers.</summary>
internal static class OperationGenerator
{
    public const int Threads = 4, MinLength = 200, MaxLength = 240;

    private const int Mid = 1024, Large = 32768, Big = 2 << 20;

    private static readonly Gen<nuint> Sizes = Gen.Frequency(
        (10, Range(0, Mid)),
        (5, Range(Mid + 1, Large)),
        (2, Range(Large + 1, Big)),
        (1, Range(Big + 1, 3 * Big)),
        (4, Gen.Elements(Boundaries())));

    private static readonly Gen<OperationKind> Kinds = Gen.Frequency(
        (24, Gen.Constant(OperationKind.Alloc)),
        (8, Gen.Constant(OperationKind.AllocZeroed)),
        (8, Gen.Constant(OperationKind.AllocAligned)),
        (6, Gen.Constant(OperationKind.AllocLocal)),
        (2, Gen.Constant(OperationKind.AllocBatch)),
        (12, Gen.Constant(OperationKind.Realloc)),
        (5, Gen.Constant(OperationKind.ReallocAligned)),
        (18, Gen.Constant(OperationKind.Free)),
        (4, Gen.Constant(OperationKind.FreeSized)),
        (5, Gen.Constant(OperationKind.FreeLocal)),
        (2, Gen.Constant(OperationKind.FreeBatch)),
        (8, Gen.Constant(OperationKind.HandOver)),
        (8, Gen.Constant(OperationKind.Receive)),
        (1, Gen.Constant(OperationKind.Trim)));

    private static readonly Gen<Operation> Operations =
        from kind in Kinds
        from size in Sizes
        from alignment in Gen.Choose(0, 22)
        from index in Gen.Choose(0, int.MaxValue - 1)
        select new Operation(kind, size, (nuint)1 << alignment, index);

    public static Arbitrary<OperationCase> Cases { get; } =
        (from length in Gen.Choose(MinLength, MaxLength)
         from sequences in Operations.ArrayOf(length).ArrayOf(Threads)
         select new OperationCase(sequences)).ToArbitrary();

    private static Gen<nuint> Range(int from, int to) => Gen.Choose(from, to).Select(size => (nuint)size);

    private static nuint[] Boundaries()
    {
        int[] edges = [16, 128, 160, 256, 512, Mid, 4096, 8192, 16384, Large, 65536, 131072, Big / 2, Big, 2 * Big];
        return [0, 1, .. edges.SelectMany(edge => new[] { (nuint)edge - 1, (nuint)edge, (nuint)edge + 1 })];
    }
}
