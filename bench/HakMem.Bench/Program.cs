using System;
using HakMem.Bench.Commands;

namespace HakMem.Bench;

internal static class Program
{
    private static int Main(string[] arguments) => BenchCommandLine.Run(arguments, Console.Out, Console.Error);
}
