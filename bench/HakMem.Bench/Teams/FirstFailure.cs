using System;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace HakMem.Bench.Teams;

/// <summary>Brings the first exception of several threads to the one that waits for them.</summary>
internal sealed class FirstFailure
{
    private Exception? _first;

    public void Catch(Action<int> job, int index)
    {
        try
        {
            job(index);
        }
        catch (OperationCanceledException)
        {
            // Only because another thread has failed: that one says why.
        }
        catch (Exception problem)
        {
            Interlocked.CompareExchange(ref _first, problem, null);
        }
    }

    public void ThrowIfAny()
    {
        if (_first is not null)
            ExceptionDispatchInfo.Throw(_first);
    }
}
