using System;
using System.Runtime.CompilerServices;

namespace HakMem.Bench.Memory;

/// <summary>
/// Zeroed unmanaged memory of the harness, straight from the kernel: it neither moves the garbage collector nor
/// primes the heap of an allocator that is measured (glibc raises its mmap threshold with every large block freed).
/// </summary>
internal sealed unsafe class MappedArray<T> : IDisposable
    where T : unmanaged
{
    private readonly nuint _byteCount;

    public MappedArray(long length, bool populate = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _byteCount = Math.Max((nuint)length * (nuint)sizeof(T), 1);
        int flags = LibC.MapPrivateAnonymous | (populate ? LibC.MapPopulate : LibC.MapNoReserve);
        void* address = LibC.MemoryMap(null, _byteCount, LibC.ProtectReadWrite, flags, -1, 0);
        if (address == (void*)-1)
            throw new OutOfMemoryException($"the kernel gave no {_byteCount} bytes to the harness");
        Pointer = (T*)address;
    }

    public T* Pointer { get; private set; }

    public long Length { get; }

    public ref T this[long index]
    {
        get
        {
            if ((ulong)index >= (ulong)Length)
                throw new IndexOutOfRangeException();
            return ref Unsafe.AsRef<T>(Pointer + index);
        }
    }

    public void Dispose()
    {
        if (Pointer == null)
            return;
        _ = LibC.MemoryUnmap(Pointer, _byteCount);
        Pointer = null;
    }
}
