namespace HakMem.Bench.Scenarios;

/// <summary>
/// How a loop reaches the allocator. Inlined, the compiler hoists the thread-local lookup out of the loop, which no
/// real program enjoys everywhere; through a function pointer every call pays for it. The truth lies between.
/// </summary>
internal static class CallVariant
{
    public const string Inlined = "inlined";
    public const string NoInline = "noinline";

    public static bool IsInlined(string variant) => variant == Inlined || variant.EndsWith(" " + Inlined, System.StringComparison.Ordinal);
}
