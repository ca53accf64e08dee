using System;
using System.ComponentModel;
using System.Runtime.ConstrainedExecution;
using System.Threading;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// Box of layer Shared: the .NET runtime as host. Options come from <see cref="HakMemOptions"/>, the scavenger is woken by a thread of the library's own (<see cref="WakeUp"/>), which is there only
/// while there is something to give back, and a full garbage collection under high memory load trims. Managed code; nothing of it runs under a lock of the allocator.
/// </summary>
[Box(BoxLayer.Shared, Traits = BoxTraits.ConcurrencySafe | BoxTraits.MayBlock)]
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class RuntimeHost
{
    /// <inheritdoc cref="NoHost.Configure"/>
    public static void Configure<TConfig>(Composition* composition)
        where TConfig : struct, IAllocatorConfig
    {
        // Called while the composition's static state is made: an exception would leave the process without the allocator for good.
        try
        {
            Apply<TConfig>(composition, HakMemOptions.Current);
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();   // meant for the program, not for the allocator
        }
        catch (Exception)
        {
            // the declaration's constants hold
        }
    }

    /// <inheritdoc cref="NoHost.Pressure{TConfig}"/>
    public static void Pressure<TConfig>(ulong committedBytes)
        where TConfig : struct, IAllocatorConfig
    {
        ulong limit = HakMemOptions.Current.SoftLimit;
        bool known = TConfig.Composition->SoftLimit == limit;
        TConfig.Composition->SoftLimit = limit;
        if (known || committedBytes > limit) HakMemory.OnMemoryPressure(committedBytes);
    }

    /// <inheritdoc cref="NoHost.Wake{TConfig}"/>
    public static bool Wake<TConfig>(uint milliseconds)
        where TConfig : struct, IAllocatorConfig
        => ScavengeWakeUp<TConfig>.TryArm(milliseconds);

    /// <inheritdoc cref="NoHost.Stop"/>
    public static void Stop<TConfig>()
        where TConfig : struct, IAllocatorConfig
    {
        GcTrim<TConfig>.Stop();
        ScavengeWakeUp<TConfig>.Stop();
    }

    private static void Apply<TConfig>(Composition* composition, HakMemOptions options)
        where TConfig : struct, IAllocatorConfig
    {
        composition->PurgeDelay = (uint)options.PurgeDelay.TotalMilliseconds;
        composition->PurgeEnabled = options.Purge;
        composition->SoftLimit = options.FirstSoftLimit;
        composition->HardLimit = options.HardLimit;
        if (options.HugePages is { } hugePages) composition->HugePages = hugePages;
        if (options.Prefault is { } prefault) composition->Prefault = prefault;
        if (options.PreZero is { } preZero) composition->PreZero = preZero;
        if (options.GcTrim && !typeof(GcTrim<TConfig>).IsCollectible) GcTrim<TConfig>.Start();   // an object that always comes back would keep its context from unloading
    }
}

/// <summary>When one composition's scavenger is woken.</summary>
internal static unsafe class ScavengeWakeUp<TConfig>
    where TConfig : struct, IAllocatorConfig
{
    private const uint RetryMilliseconds = 16;

    private static readonly Lock s_gate = new();   // a tick's, for as long as it lasts

    private static WakeUp? s_wakeUp;

    /// <summary>Sets the moment. False when the runtime has no thread or no memory for it.</summary>
    internal static bool TryArm(uint milliseconds)
    {
        try
        {
            (Volatile.Read(ref s_wakeUp) ?? Make()).Set(milliseconds);
            return true;
        }
        catch (ThreadInterruptedException)
        {
            Thread.CurrentThread.Interrupt();   // meant for the program, not for the allocator
            return false;
        }
        catch (Exception exception) when (exception is ThreadStartException or OutOfMemoryException)
        {
            return false;
        }
    }

    /// <summary>Takes the moment back: a tick that runs ends first, and a later one does nothing. No thread of the program uses the composition meanwhile.</summary>
    internal static void Stop()
    {
        lock (s_gate)
        {
            s_wakeUp?.Cancel();
            s_wakeUp = null;
        }
    }

    private static WakeUp Make()
    {
        WakeUp made = new(Tick);
        return Interlocked.CompareExchange(ref s_wakeUp, made, null) ?? made;
    }

    private static void Tick(WakeUp wakeUp)
    {
        lock (s_gate)
        {
            if (wakeUp == Volatile.Read(ref s_wakeUp)) Scavenge();
        }
    }

    private static void Scavenge()
    {
        Composition* composition = TConfig.Composition;
        ulong due = Volatile.Read(ref composition->ScavengeAt);
        TConfig.PollScavenge();

        // The moment may be a little ahead of the allocator's coarse clock: then the pass is still due. Or it is late, a slow path did its work, and this is the next pass.
        if (Volatile.Read(ref composition->Scavenge) == 1 && Volatile.Read(ref composition->ScavengeAt) == due)
        {
            ulong time = TConfig.OsMilliseconds();
            composition->HostWakes = TryArm(due > time + RetryMilliseconds ? (uint)(due - time) : RetryMilliseconds);
        }
    }
}

/// <summary>Trims a composition after full garbage collections under high memory load: an unreachable object whose finalizer brings it back each time.</summary>
internal sealed unsafe class GcTrim<TConfig> : CriticalFinalizerObject
    where TConfig : struct, IAllocatorConfig
{
    private static readonly Lock s_gate = new();   // a trim's, for as long as it lasts

    private static int s_stops;

    private readonly int _stops = s_stops;
    private int _generation2Collections = GC.CollectionCount(2);

    private GcTrim()
    {
    }

    ~GcTrim()
    {
        if (Environment.HasShutdownStarted) return;
        int collections = GC.CollectionCount(2);
        if (collections != _generation2Collections)
        {
            _generation2Collections = collections;
            GCMemoryInfo info = GC.GetGCMemoryInfo();
            if (info.MemoryLoadBytes >= info.HighMemoryLoadThresholdBytes && info.HighMemoryLoadThresholdBytes > 0) Trim();
        }

        if (_stops == Volatile.Read(ref s_stops)) GC.ReRegisterForFinalize(this);
    }

    internal static void Start() => _ = new GcTrim<TConfig>();

    /// <summary>Ends the object that there is: a trim that runs ends first, and there is no other.</summary>
    internal static void Stop()
    {
        lock (s_gate) s_stops++;
    }

    private void Trim()
    {
        lock (s_gate)
        {
            if (_stops == s_stops && TConfig.Composition != null) _ = TConfig.ScavengePass(true);   // none yet while it is being made
        }
    }
}
