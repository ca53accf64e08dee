using System;
using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>Why the process is ended.</summary>
public enum FatalReason
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>No allocator of the process handed out this address.</summary>
    NotAllocated,

    /// <summary>The address lies inside a block, not at its start.</summary>
    InteriorPointer,

    /// <summary>The block is free already.</summary>
    DoubleFree,

    /// <summary>The block belongs to another allocator of the process.</summary>
    OtherAllocator,

    /// <summary>The allocator's own records contradict each other.</summary>
    Corrupted,
}

/// <summary>
/// Box of layer Core. The one way in which the allocator ends the process: one line on standard error with the cause and the
/// address, written without allocating, then abort. Callable under any lock.
/// </summary>
[Box(BoxLayer.Core)]
public static unsafe class Fatal
{
    /// <summary>Writes the message and ends the process.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Stop<TConfig>(FatalReason reason, void* address)
        where TConfig : struct, IAllocatorConfig
    {
        byte* line = stackalloc byte[160];
        uint length = Append(line, 0, "hakmem: "u8);
        length = reason switch
        {
            FatalReason.NotAllocated => Append(line, length, "free of an address that is not allocated: 0x"u8),
            FatalReason.InteriorPointer => Append(line, length, "free of an address inside a block: 0x"u8),
            FatalReason.DoubleFree => Append(line, length, "double free of the block at 0x"u8),
            FatalReason.OtherAllocator => Append(line, length, "free of a block of another allocator: 0x"u8),
            _ => Append(line, length, "corrupted records of the block at 0x"u8),
        };
        length = AppendHex(line, length, (nuint)address);
        line[length++] = (byte)'\n';
        TConfig.OsWriteError(line, length);
        TConfig.OsAbort();
    }

    private static uint Append(byte* line, uint length, ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++) line[length++] = text[i];
        return length;
    }

    private static uint AppendHex(byte* line, uint length, nuint value)
    {
        int shift = 60;
        while (shift > 0 && (value >> shift) == 0) shift -= 4;
        for (; shift >= 0; shift -= 4)
        {
            uint digit = (uint)(value >> shift) & 15;
            line[length++] = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        }

        return length;
    }
}
