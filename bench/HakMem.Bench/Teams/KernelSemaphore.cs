using System;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Teams;

/// <summary>
/// A semaphore of the C library: a waiter sleeps in the kernel at once. The runtime's own ones spin first, which would be
/// CPU time that no allocator took.
/// </summary>
internal sealed unsafe class KernelSemaphore : IDisposable
{
    private const int WordsOfSemaphore = 8;

    private readonly MappedArray<long> _memory = new(WordsOfSemaphore, populate: true);

    public KernelSemaphore(int value)
    {
        _ = LibC.SemaphoreInitialize(_memory.Pointer, 0, (uint)value);
    }

    public void Wait()
    {
        while (LibC.SemaphoreWait(_memory.Pointer) != 0)
        {
            // A signal came in between.
        }
    }

    public void Post() => _ = LibC.SemaphorePost(_memory.Pointer);

    public void Dispose() => _memory.Dispose();
}
