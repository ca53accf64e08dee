using System;
using System.Threading;

namespace HakMem.Boxes.Tests;

/// <summary>What the shape tests start as a process of its own: calls the hot paths through function pointers until the JIT has its last word.</summary>
internal static unsafe class HotPathProgram
{
    private const int Rounds = 40, CallsPerRound = 2000;

    public static int Main(string[] arguments)
    {
        if (arguments is ["reset"]) return ResetBeforeTheThreadEnds();
        if (arguments is not ["hot-paths"]) return 2;
        for (int round = 0; round < Rounds; round++)
        {
            Loop(&AllocPlain, &FreePlain);
            Loop(&AllocConstant, &FreePlain);
            Loop(&AllocNode, &FreePlain);
            Loop(&AllocCell, &FreePlain);
            Loop(&AllocListed, &FreeListed);
            Loop(&AllocDiagnosed, &FreeDiagnosed);
            Loop(&AllocIsolated, &FreeIsolated);
            Thread.Sleep(20);   // tier 1 is compiled in the background
        }

        Console.WriteLine("done");
        return 0;
    }

    private static int ResetBeforeTheThreadEnds()
    {
        OwnThread.Run(static () =>
        {
            SystemHeap.Free(SystemHeap.Alloc(100));
            SystemHeap.Reset();
        });
        return 0;
    }

    private static void Loop(delegate*<nuint, void*> alloc, delegate*<void*, void> free)
    {
        for (int i = 0; i < CallsPerRound; i++) free(alloc((nuint)(i & 511)));
    }

    // Not marked NoInlining: a caller so marked makes no tail call.
    private static void* AllocPlain(nuint size) => PlainHeap.Alloc(size);

    private static void FreePlain(void* block) => PlainHeap.Free(block);

    private static void* AllocConstant(nuint size) => PlainHeap.Alloc(48);

    private static void* AllocNode(nuint size) => PlainNode.Pool.Alloc();

    private static void* AllocCell(nuint size) => Cell<long>.Pool.Alloc();

    private static void* AllocListed(nuint size) => PlainListHeap.Alloc(size);

    private static void FreeListed(void* block) => PlainListHeap.Free(block);

    private static void* AllocDiagnosed(nuint size) => DiagnosedHeap.Alloc(size);

    private static void FreeDiagnosed(void* block) => DiagnosedHeap.Free(block);

    private static void* AllocIsolated(nuint size) => TestHeap.Alloc(size);

    private static void FreeIsolated(void* block) => TestHeap.Free(block);
}
