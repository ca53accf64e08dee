using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HakMem.Preload;

/// <summary>
/// The library's own file in memory. The kernel maps the neighbours of each page that is touched, up to 64 KiB of a mapping, so that a short program that needs a few pages of code holds all of it. The native
/// compiler's order (<c>Native/order.txt</c>) has five parts: what every program runs again and again; what many programs run now and then; what only the beginning of a process or thread runs; what comes with a second thread, with
/// the scavenger, or with blocks above 2 MiB; and the rest, named by no line. All but the first, and what only unwinding reads, are given back at the end of the library's constructor, as mappings of their own: touching one brings no other. Each comes again when it is called.
/// </summary>
internal static unsafe class OwnImage
{
    private const nuint PageBytes = 4096;
    private const uint Load = 1, Writable = 2, UnwindTable = 0x6474e550;
    private const int Random = 1, Sequential = 2, DontNeed = 4;

    /// <summary>Gives back what only starting had a use for. Whatever the OS refuses stays.</summary>
    internal static void GiveBackUnused()
    {
        byte* image = Trampolines.Image();
        ProgramHeader* first = (ProgramHeader*)(image + *(ulong*)(image + 32));
        ProgramHeader* end = first + *(ushort*)(image + 56);
        for (ProgramHeader* at = first; at != end; at++)
        {
            if (at->Type == UnwindTable) GiveBackFrom(image + at->Address, EndOf(image + at->Address, image, first, end), Random);
        }

        byte* rare = (byte*)(delegate*<void>)&RareCode, starting = (byte*)(delegate*<void>)&StartingCode, shared = (byte*)(delegate*<void>)&SharedCode, cold = (byte*)(delegate*<void>)&ColdCode;
        GiveBackFrom(rare, starting, Random);
        GiveBackFrom(starting, shared, Sequential);
        GiveBackFrom(shared, cold, Random);
        GiveBackFrom(cold, EndOf(cold, image, first, end), Sequential);
    }

    // A page that holds the end of one part and the beginning of the next belongs to the former. Mappings with different advice are different mappings; that is all it is for.
    private static void GiveBackFrom(byte* start, byte* end, int advice)
    {
        byte* from = (byte*)(((nuint)start + PageBytes - 1) & ~(PageBytes - 1));
        byte* to = (byte*)(((nuint)end + PageBytes - 1) & ~(PageBytes - 1));
        if (from < to && LibC.madvise(from, (nuint)(to - from), advice) == 0) _ = LibC.madvise(from, (nuint)(to - from), DontNeed);
    }

    // The end of the segment of an address; null if it can be written: what was written, relocations too, is nowhere else.
    private static byte* EndOf(byte* address, byte* image, ProgramHeader* first, ProgramHeader* end)
    {
        for (ProgramHeader* at = first; at != end; at++)
        {
            nuint offset = (nuint)address - (nuint)(image + at->Address);
            if (at->Type == Load && (at->Flags & Writable) == 0 && offset < at->Bytes) return image + at->Address + at->Bytes;
        }

        return null;
    }

    // Lines of the order: where the parts begin.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RareCode()
    {
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StartingCode()
    {
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SharedCode()
    {
    }

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
