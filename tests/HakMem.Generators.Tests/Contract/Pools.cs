namespace HakMem.Boxes
{
    public static class SizeClasses
    {
        public const uint MaxBytes = 32768;

        public static uint ClassOf(nuint size) => (uint)size;

        public static nuint KeepAlignment(nuint size) => size;
    }
}

namespace HakMem
{
    public static unsafe class PoolAllocator
    {
        public static void* AllocOfClass(uint sizeClass, nuint size) => null;

        public static bool TryAllocOfClass(uint sizeClass, nuint size, out void* block)
        {
            block = null;
            return false;
        }

        public static void* Alloc(nuint size) => null;

        public static bool TryAlloc(nuint size, out void* block)
        {
            block = null;
            return false;
        }

        public static void* AllocZeroed(nuint size) => null;

        public static void* AlignedAlloc(nuint size, nuint alignment) => null;

        public static void Free(void* block) { }

        public static uint AllocBatch(nuint size, void** blocks, uint count) => 0;

        public static void FreeBatch(void** blocks, uint count) { }
    }
}
