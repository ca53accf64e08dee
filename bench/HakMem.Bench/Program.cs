using System;
using HakMem.Bench.Commands;
using HakMem.Bench.Memory;

namespace HakMem.Bench;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("error: the bench reads times and memory as Linux tells them, and runs there alone; the library runs on Windows, too");
            return 1;
        }

        OwnedProcess.FollowParent();
        return BenchCommandLine.Run(arguments, Console.Out, Console.Error);
    }
}
