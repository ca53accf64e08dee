using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Preload;

/// <summary>
/// The library's own file in memory. The kernel maps the neighbours of each page that is touched, so that a short program that needs half of the code holds all of it. The native compiler's order
/// (<c>Native/order.txt</c>) has the code of short programs in front; what comes behind, and what only unwinding reads, is given back once, and comes again when it is called.
/// </summary>
internal static unsafe class OwnImage
{
    private const nuint PageBytes = 4096;
    private const uint Load = 1, Writable = 2, UnwindTable = 0x6474e550;
    private const int Random = 1, DontNeed = 4;

    /// <summary>Gives back what starting has no use for. Whatever the OS refuses stays.</summary>
    internal static void GiveBackUnused()
    {
        byte* image = Trampolines.Image();
        ProgramHeader* first = (ProgramHeader*)(image + *(ulong*)(image + 32));
        ProgramHeader* end = first + *(ushort*)(image + 56);
        GiveBackFrom((byte*)(delegate*<void>)&ColdCode, image, first, end);
        for (ProgramHeader* at = first; at != end; at++)
        {
            if (at->Type == UnwindTable) GiveBackFrom(image + at->Address, image, first, end);
        }
    }

    // From the next page on to the end of the segment. Advised at random, it is a mapping of its own, where touching what is in front of it maps nothing.
    private static void GiveBackFrom(byte* start, byte* image, ProgramHeader* first, ProgramHeader* end)
    {
        for (ProgramHeader* at = first; at != end; at++)
        {
            nuint offset = (nuint)start - (nuint)(image + at->Address);
            if (at->Type != Load || (at->Flags & Writable) != 0 || offset >= at->Bytes) continue;   // what was written, relocations too, is nowhere else
            byte* from = (byte*)(((nuint)start + PageBytes - 1) & ~(PageBytes - 1));
            byte* to = (byte*)(((nuint)image + (nuint)at->Address + (nuint)at->Bytes + PageBytes - 1) & ~(PageBytes - 1));
            if (from < to && LibC.madvise(from, (nuint)(to - from), Random) == 0) _ = LibC.madvise(from, (nuint)(to - from), DontNeed);
        }
    }

    // The last line of the order: where the code begins that short programs do not run.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ColdCode()
    {
    }

    // ELF-64, what is needed of it.
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    private readonly struct ProgramHeader
    {
        [FieldOffset(0)] public readonly uint Type;
        [FieldOffset(4)] public readonly uint Flags;
        [FieldOffset(16)] public readonly ulong Address;
        [FieldOffset(40)] public readonly ulong Bytes;
    }
}
