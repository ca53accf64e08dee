namespace HakMem.Bench.Allocators;

/// <summary>The proof that both ways of calling mimalloc share.</summary>
internal static unsafe class MimallocProof
{
    public static string Of<T>()
        where T : struct, IBenchAllocator
    {
        if (!MimallocLibrary.IsPresent)
            return MimallocLibrary.Prove(null);
        void* block = T.Alloc(64);
        try
        {
            return MimallocLibrary.Prove(block);
        }
        finally
        {
            T.Free(block);
        }
    }
}
