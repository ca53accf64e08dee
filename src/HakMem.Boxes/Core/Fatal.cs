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

    /// <summary>The block is free, and was given to a call that needs a block with a user.</summary>
    FreedBlock,

    /// <summary>A slab's header contradicts itself or the page map.</summary>
    CorruptedSlab,

    /// <summary>A bin contradicts itself.</summary>
    CorruptedBin,

    /// <summary>A heap contradicts itself or the registry.</summary>
    CorruptedHeap,

    /// <summary>The record of a SuperSlab contradicts itself.</summary>
    CorruptedSuperSlab,
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
            FatalReason.FreedBlock => Append(line, length, "use of the freed block at 0x"u8),
            FatalReason.CorruptedSlab => Append(line, length, "corrupted header of the slab at 0x"u8),
            FatalReason.CorruptedBin => Append(line, length, "corrupted bin at 0x"u8),
            FatalReason.CorruptedHeap => Append(line, length, "corrupted heap at 0x"u8),
            FatalReason.CorruptedSuperSlab => Append(line, length, "corrupted record of the SuperSlab at 0x"u8),
            _ => Append(line, length, "corrupted records of the block at 0x"u8),
        };
        End<TConfig>(line, AppendHex(line, length, (nuint)address));
    }

    /// <summary>Writes what a free block was found to hold instead of what it was filled with, and ends the process.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StopWrite<TConfig>(void* block, uint sizeClass, uint offset, byte found, byte filled)
        where TConfig : struct, IAllocatorConfig
    {
        byte* line = stackalloc byte[160];
        uint length = Append(line, 0, "hakmem: write after free of the block at 0x"u8);
        length = AppendHex(line, length, (nuint)block);
        length = Append(line, length, " of class "u8);
        length = AppendNumber(line, length, sizeClass);
        length = Append(line, length, ", "u8);
        length = AppendNumber(line, length, SizeClasses.SizeOf(sizeClass));
        length = Append(line, length, " bytes: at offset "u8);
        length = AppendNumber(line, length, offset);
        length = Append(line, length, " is 0x"u8);
        length = AppendHex(line, length, found);
        length = Append(line, length, " instead of 0x"u8);
        End<TConfig>(line, AppendHex(line, length, filled));
    }

    /// <summary>Writes which size a block was freed with, and which it has, and ends the process.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StopSize<TConfig>(void* block, nuint size, nuint usable)
        where TConfig : struct, IAllocatorConfig
    {
        byte* line = stackalloc byte[160];
        uint length = Append(line, 0, "hakmem: free of the block at 0x"u8);
        length = AppendHex(line, length, (nuint)block);
        length = Append(line, length, " with the size "u8);
        length = AppendNumber(line, length, size);
        length = Append(line, length, ": it has "u8);
        End<TConfig>(line, AppendNumber(line, length, usable));
    }

    private static void End<TConfig>(byte* line, uint length)
        where TConfig : struct, IAllocatorConfig
    {
        line[length++] = (byte)'\n';
        TConfig.OsWriteError(line, length);
        TConfig.OsAbort();
    }

    private static uint AppendNumber(byte* line, uint length, nuint value)
    {
        nuint unit = 1;
        while (value / unit >= 10) unit *= 10;
        for (; unit != 0; unit /= 10) line[length++] = (byte)('0' + (value / unit % 10));
        return length;
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
