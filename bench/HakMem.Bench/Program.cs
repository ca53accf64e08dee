using System;
using HakMem.Bench.Commands;
using HakMem.Bench.Memory;

namespace HakMem.Bench;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        OwnedProcess.FollowParent();
        return BenchCommandLine.Run(arguments, Console.Out, Console.Error);
    }
}
