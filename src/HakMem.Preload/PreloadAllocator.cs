using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>
/// The composition behind <c>malloc</c>: the default boxes and constants over <see cref="PreloadMemory"/>, hosted by <see cref="PreloadHost"/>. Its tables are
/// global variables, opened by the first thread; the thread's heap comes from the trampolines, so the generated methods that look it up are not in the library.
/// </summary>
[HakMemAllocator(AllocGate = typeof(PreloadAllocGate), Scavenger = typeof(PreloadScavenger), Os = typeof(PreloadMemory), Host = typeof(PreloadHost), Isolated = true, BigCacheBytes = 64 << 20, PurgeDelay = 250)]
internal static unsafe partial class PreloadAllocator
{
    /// <summary>Makes the tables; threads that come at the same time make them once. False when the OS refuses: then it is tried again by the next thread.</summary>
    internal static bool TryOpen()
    {
        State.Open();
        return State.Composition != null;
    }
}
