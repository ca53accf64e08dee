using System.Runtime.CompilerServices;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Replay;

/// <summary>The writes that a program would do at the least: the first and the last 8 bytes of a block.</summary>
internal static unsafe class BlockTouch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FirstAndLast<T>(void* block, nuint byteCount, ulong value)
        where T : struct, IBenchAllocator
    {
        if (byteCount >= 8)
        {
            *(ulong*)block = value;
            *(ulong*)T.LastWord(block, byteCount) = value;
        }
        else if (byteCount >= 4)
        {
            *(uint*)block = (uint)value;
        }
        else if (byteCount > 0)
        {
            *(byte*)block = (byte)value;
        }
    }
}
