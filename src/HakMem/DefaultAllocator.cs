using HakMem.Boxes;

namespace HakMem;

/// <summary>The composition behind <see cref="HakMemory"/>: the default boxes and constants, hosted by the runtime.</summary>
[HakMemAllocator(Host = typeof(RuntimeHost))]
internal static unsafe partial class DefaultAllocator;
