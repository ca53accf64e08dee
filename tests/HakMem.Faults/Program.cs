using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HakMem.Faults;

/// <summary>One fault, or one measurement, in a process of its own: <c>HakMem.Faults CASE [ARGUMENTS]</c>. Exits 2 when there is no such case.</summary>
internal static class Program
{
    private const int RlimitCore = 4;

    private static readonly Dictionary<string, Action>[] Catalogs =
    [
        PointerFaults.Cases, OtherAllocatorFaults.Cases, DoubleFreeFaults.Cases, ThreadFaults.Cases, ReallocFaults.Cases, HeapFaults.Cases, GuardFaults.Cases,
        Healthy.Cases, Limits.Cases, IdleMemory.Cases, OptionUses.Cases, NativeExits.Cases,
    ];

    /// <summary>Says which address the allocator must name; the last one said counts.</summary>
    public static unsafe void Say(void* address) => Console.WriteLine(((nuint)address).ToString("x", CultureInfo.InvariantCulture));

    private static int Main(string[] arguments)
    {
        ulong[] noCoreFile = [0, 0];
        if (OperatingSystem.IsLinux()) _ = setrlimit(RlimitCore, noCoreFile);
        if (arguments is ["memory", string scenario, string allocator]) return MemoryScenario.Run(scenario, allocator);
        foreach (Dictionary<string, Action> catalog in Catalogs)
        {
            if (arguments.Length != 1 || !catalog.TryGetValue(arguments[0], out Action? run)) continue;
            run();
            Console.WriteLine("alive");
            return 0;
        }

        Console.Error.WriteLine("usage: HakMem.Faults CASE | memory SCENARIO ALLOCATOR");
        return 2;
    }

    [DllImport("libc")]
    private static extern int setrlimit(int resource, ulong[] limit);
}
