using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;

namespace HakMem.Bench.Micro;

/// <summary>Many blocks taken, then given back in the same order; the time is that of one block.</summary>
public unsafe class BatchBenchmarks
{
    private const int Blocks = 1000;

    private readonly nint[] _blocks = new nint[Blocks];

    [Params(16, 64, 256, 1024)]
    public int Bytes { get; set; }

    [Benchmark(Baseline = true, OperationsPerInvoke = Blocks)]
    public void Native()
    {
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = (nint)NativeMemory.Alloc((nuint)Bytes);
        foreach (nint block in _blocks)
            NativeMemory.Free((void*)block);
    }

    [Benchmark(OperationsPerInvoke = Blocks)]
    public void HakMem()
    {
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = (nint)HakMemory.Alloc((nuint)Bytes);
        foreach (nint block in _blocks)
            HakMemory.Free((void*)block);
    }
}
