using System.Collections.Generic;

namespace HakMem.Bench.Native;

/// <summary>A way to run one of the C programs of <c>bench/native</c>.</summary>
/// <param name="Name">The source's name without its end.</param>
/// <param name="Variant">What distinguishes it from other ways to run the same program.</param>
/// <param name="HasFloor">True if the program can be compiled without an allocator.</param>
/// <param name="Arguments">The program's arguments.</param>
internal sealed record NativeProgram(string Name, string Variant, bool HasFloor, IReadOnlyList<string> Arguments)
{
    private const string Alone = "alone", WithIdleThread = "idle thread";

    /// <summary>All of them, in the order of the table. Those of one thread come twice: glibc's malloc takes no locks until a process has a second thread.</summary>
    public static IReadOnlyList<NativeProgram> All { get; } =
    [
        .. OfOneThread("tiny", "100 x 16 B", true, []),
        .. OfOneThread("random-mixed", "256 slots 16-1024 B", true, ["--slots", "256"]),
        .. OfOneThread("random-mixed", "8192 slots 16-1024 B", true, ["--slots", "8192"]),
        new("larson", "2 threads 1000 chunks 8-1024 B", true, ["--threads", "2", "--chunks", "1000"]),
        new("larson", "1 thread 10000 chunks 8-1024 B", true, ["--threads", "1"]),
        new("larson", "2 threads 10000 chunks 8-1024 B", true, ["--threads", "2"]),
        new("larson", "4 threads 10000 chunks 8-1024 B", true, ["--threads", "4"]),
        new("producer-consumer", "1 pair 8-135 B", true, ["--pairs", "1"]),
        new("producer-consumer", "1 pair 8-135 B, pinned", true, ["--pairs", "1", "--pin", "1"]),
        .. OfOneThread("large", "32 slots 64 KiB-12 MiB", false, ["--slots", "32"]),
    ];

    private static NativeProgram[] OfOneThread(string name, string variant, bool hasFloor, string[] arguments) =>
    [
        new(name, $"{variant}, {Alone}", hasFloor, arguments),
        new(name, $"{variant}, {WithIdleThread}", hasFloor, [.. arguments, "--idle-thread", "1"]),
    ];
}
