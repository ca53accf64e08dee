using System.Collections.Generic;

namespace HakMem.Bench.Memory;

/// <summary>Medians over child processes of what a memory study found, or why there are none.</summary>
internal readonly record struct StudyResult(IReadOnlyDictionary<string, double>? Figures, string? Error);
