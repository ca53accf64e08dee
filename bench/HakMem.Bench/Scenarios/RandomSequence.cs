using System.Runtime.CompilerServices;

namespace HakMem.Bench.Scenarios;

/// <summary>A linear congruential generator: two numbers below given bounds from one multiplication.</summary>
internal struct RandomSequence(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Advances; the numbers come from the upper and the middle bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Next(uint firstBound, uint secondBound, out uint second)
    {
        _state = _state * 6364136223846793005UL + 1442695040888963407UL;
        second = (uint)(((_state >> 16 & uint.MaxValue) * secondBound) >> 32);
        return (uint)(((_state >> 32) * firstBound) >> 32);
    }
}
