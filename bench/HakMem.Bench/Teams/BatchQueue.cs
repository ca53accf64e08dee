using System;
using HakMem.Bench.Memory;

namespace HakMem.Bench.Teams;

/// <summary>
/// A bounded queue of batches of blocks from one thread to one other, without any allocation. Whoever cannot go on
/// sleeps until several batches can be moved: a wake-up costs as much as hundreds of operations.
/// </summary>
internal sealed unsafe class BatchQueue : IDisposable
{
    private readonly MappedArray<nint> _places;
    private readonly KernelSemaphore _free;
    private readonly KernelSemaphore _full = new(0);
    private readonly int _batchBlocks;
    private readonly int _batchesPerLoad;
    private readonly int _capacity;
    private long _written;
    private long _read;
    private volatile bool _aborted;

    /// <param name="batchBlocks">Blocks of a batch.</param>
    /// <param name="batchesPerLoad">How many batches change hands at once.</param>
    /// <param name="loads">How many such loads the queue holds.</param>
    public BatchQueue(int batchBlocks, int batchesPerLoad, int loads)
    {
        _batchBlocks = batchBlocks;
        _batchesPerLoad = batchesPerLoad;
        _capacity = batchesPerLoad * loads;
        _places = new MappedArray<nint>((long)batchBlocks * _capacity, populate: true);
        _free = new KernelSemaphore(loads);
    }

    /// <summary>Where the writer puts its next batch; waits for room.</summary>
    public void** BeginWrite()
    {
        if (_written % _batchesPerLoad == 0)
            Wait(_free);
        return Place(_written);
    }

    public void EndWrite()
    {
        if (++_written % _batchesPerLoad == 0)
            _full.Post();
    }

    /// <summary>The reader's next batch; waits for one.</summary>
    public void** BeginRead()
    {
        if (_read % _batchesPerLoad == 0)
            Wait(_full);
        return Place(_read);
    }

    public void EndRead()
    {
        if (++_read % _batchesPerLoad == 0)
            _free.Post();
    }

    /// <summary>Lets both sides fail instead of waiting for a thread that has failed.</summary>
    public void Abort()
    {
        _aborted = true;
        _free.Post();
        _full.Post();
    }

    public void Dispose()
    {
        _places.Dispose();
        _free.Dispose();
        _full.Dispose();
    }

    private void** Place(long batch) => (void**)_places.Pointer + batch % _capacity * _batchBlocks;

    private void Wait(KernelSemaphore semaphore)
    {
        semaphore.Wait();
        if (_aborted)
            throw new OperationCanceledException("the other thread has failed");
    }
}
