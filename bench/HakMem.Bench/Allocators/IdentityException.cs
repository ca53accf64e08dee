using System;

namespace HakMem.Bench.Allocators;

/// <summary>It could not be proven that the named allocator serves the calls, so its times would be worth nothing.</summary>
internal sealed class IdentityException(string problem) : Exception(problem);
