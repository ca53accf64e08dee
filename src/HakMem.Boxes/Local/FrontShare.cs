using System.Runtime.CompilerServices;

namespace HakMem.Boxes;

/// <summary>The bytes that the fronts of a heap hold beyond their first capacities, which are bounded together, and whose turn it is to give some up. Kept by the front, whatever it is made of; by the running thread.</summary>
public unsafe struct FrontShare
{
    private const uint RefusalsPerAsk = 64;

    /// <summary>The bytes held.</summary>
    public uint Bytes;

    /// <summary>How often growth was refused for want of bytes since <see cref="IsShort"/> said so.</summary>
    public uint Refused;

    /// <summary>The class whose turn was last.</summary>
    public uint Hand;

    /// <summary>The most blocks of a class that a front may hold.</summary>
    public static uint CapacityOf<TConfig>(uint sizeClass)
        where TConfig : struct, IAllocatorConfig
    {
        uint capacity = TConfig.FrontBytes / TConfig.Classes[sizeClass].SizeBytes;
        if (capacity < 4) capacity = 4;
        return capacity < TConfig.FrontCapacity ? capacity : TConfig.FrontCapacity;
    }

    /// <summary>Whether a front may hold so many bytes more; counts it when not. What is taken the caller adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasRoom<TConfig>(FrontShare* share, uint bytes)
        where TConfig : struct, IAllocatorConfig
    {
        if ((ulong)share->Bytes + bytes <= TConfig.HeapFrontBytes) return true;
        share->Refused++;
        return false;
    }

    /// <summary>Whether growth was refused for want of bytes 64 times since this last said so: time for a front that is not used to give up its room.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsShort(FrontShare* share)
    {
        if (share->Refused < RefusalsPerAsk) return false;
        share->Refused = 0;
        return true;
    }

    /// <summary>The class whose turn is next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Turn(FrontShare* share)
    {
        share->Hand = share->Hand + 1 < SizeClasses.Count ? share->Hand + 1 : 1;
        return share->Hand;
    }
}
