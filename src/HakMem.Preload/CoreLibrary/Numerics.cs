using System.Runtime.CompilerServices;

namespace System.Numerics
{
    /// <summary>Operations on bits; the compiler has code of its own for those marked.</summary>
    public static class BitOperations
    {
        /// <summary>The zeros above the highest one.</summary>
        [Intrinsic]
        public static int LeadingZeroCount(uint value)
        {
            int count = 32;
            for (; value != 0; value >>= 1) count--;
            return count;
        }

        /// <inheritdoc cref="LeadingZeroCount(uint)"/>
        [Intrinsic]
        public static int LeadingZeroCount(ulong value)
        {
            int count = 64;
            for (; value != 0; value >>= 1) count--;
            return count;
        }

        /// <summary>The zeros below the lowest one.</summary>
        [Intrinsic]
        public static int TrailingZeroCount(uint value) => value == 0 ? 32 : 31 - LeadingZeroCount(value & (0 - value));

        /// <inheritdoc cref="TrailingZeroCount(uint)"/>
        [Intrinsic]
        public static int TrailingZeroCount(ulong value) => value == 0 ? 64 : 63 - LeadingZeroCount(value & (0 - value));

        /// <summary>The number of ones.</summary>
        [Intrinsic]
        public static int PopCount(uint value) => PopCount((ulong)value);

        /// <inheritdoc cref="PopCount(uint)"/>
        [Intrinsic]
        public static int PopCount(ulong value)
        {
            int count = 0;
            for (; value != 0; value &= value - 1) count++;
            return count;
        }

        /// <summary>The place of the highest one; 0 for 0.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Log2(uint value) => 31 ^ LeadingZeroCount(value | 1);

        /// <inheritdoc cref="Log2(uint)"/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static int Log2(ulong value) => 63 ^ LeadingZeroCount(value | 1);

        /// <summary>Whether there is exactly one one.</summary>
        public static bool IsPow2(nuint value) => (value & (value - 1)) == 0 && value != 0;

        /// <summary>The smallest power of two that is not smaller; 0 when there is none.</summary>
        public static uint RoundUpToPowerOf2(uint value) => value <= 1 ? value : (uint)(1UL << (32 - LeadingZeroCount(value - 1)));

        /// <inheritdoc cref="RoundUpToPowerOf2(uint)"/>
        public static ulong RoundUpToPowerOf2(ulong value) => value <= 1 ? value : value > 1UL << 63 ? 0 : 1UL << (64 - LeadingZeroCount(value - 1));

        /// <inheritdoc cref="RoundUpToPowerOf2(uint)"/>
        public static nuint RoundUpToPowerOf2(nuint value) => (nuint)RoundUpToPowerOf2((ulong)value);
    }
}

namespace System
{
    /// <summary>Arithmetic.</summary>
    public static class Math
    {
        /// <summary>The product of two numbers in 128 bits: the high half, and the low one in <paramref name="low"/>.</summary>
        [Intrinsic]
        public static ulong BigMul(ulong a, ulong b, out ulong low)
        {
            ulong lowLow = (ulong)(uint)a * (uint)b;
            ulong middle = ((a >> 32) * (uint)b) + (lowLow >> 32);
            ulong rest = ((uint)a * (b >> 32)) + (uint)middle;
            low = a * b;
            return ((a >> 32) * (b >> 32)) + (middle >> 32) + (rest >> 32);
        }
    }
}

namespace System
{
    /// <summary>Which system it is: the library is for one.</summary>
    public static class OperatingSystem
    {
        /// <summary>Whether it is Windows.</summary>
        public static bool IsWindows() => false;
    }
}

namespace System.Runtime.Intrinsics.X86
{
    /// <summary>Instructions that every processor of the family has.</summary>
    [Intrinsic]
    public abstract class X86Base
    {
        /// <summary>Whether the processor is of the family.</summary>
        public static bool IsSupported
        {
            [Intrinsic]
            get => IsSupported;
        }

        /// <summary>A short wait in a loop.</summary>
        [Intrinsic]
        public static void Pause() => Pause();
    }
}

namespace System.Runtime.Intrinsics.Arm
{
    /// <summary>Instructions that every processor of the family has.</summary>
    [Intrinsic]
    public abstract class ArmBase
    {
        /// <summary>Whether the processor is of the family.</summary>
        public static bool IsSupported
        {
            [Intrinsic]
            get => IsSupported;
        }

        /// <summary>A short wait in a loop.</summary>
        [Intrinsic]
        public static void Yield() => Yield();
    }
}
