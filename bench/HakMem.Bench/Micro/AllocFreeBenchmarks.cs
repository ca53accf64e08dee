using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace HakMem.Bench.Micro;

/// <summary>One block taken and given back.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public unsafe class AllocFreeBenchmarks
{
    [Params(16, 64, 256, 1024, 4096, 32 * 1024, 1024 * 1024)]
    public int Bytes { get; set; }

    [Benchmark(Baseline = true)]
    public void Native() => NativeMemory.Free(NativeMemory.Alloc((nuint)Bytes));

    [Benchmark]
    public void HakMem() => HakMemory.Free(HakMemory.Alloc((nuint)Bytes));
}
