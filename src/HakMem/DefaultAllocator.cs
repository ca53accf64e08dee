using HakMem.Boxes;

namespace HakMem;

/// <summary>The composition behind <see cref="HakMemory"/>: the default boxes and constants.</summary>
[HakMemAllocator]
internal static unsafe partial class DefaultAllocator;
