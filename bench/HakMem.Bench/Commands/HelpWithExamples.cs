using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Invocation;
using System.IO;

namespace HakMem.Bench.Commands;

/// <summary>The parser's help, followed by command lines to copy.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    private const string ProgramName = BenchCommandLine.ProgramName;

    private static readonly Dictionary<string, string[]> s_examples = new()
    {
        [""] =
        [
            "                                        replay all traces with every allocator",
            " replay bench/traces/redis.hkt.gz --parallel --json redis.json",
            " replay --check                         verify every block, time nothing",
            " scenario random-mixed --slots 8192 --rounds 30",
            " native larson                          preloaded under a C program",
            " scenario tiny --allocators native,native   how far an allocator differs from itself",
        ],
        [ReplayCommand.CommandName] =
        [
            " replay                                 all of bench/traces",
            " replay bench/traces/javac.hkt.gz --parallel",
            " replay --allocators native,mimalloc-sgt --rounds 30 --json result.json",
            " replay --check --parallel              verify every block, time nothing",
        ],
        ["scenario"] =
        [
            " scenario tiny grow",
            " scenario random-mixed --slots 8192 --min 16 --max 256",
            " scenario larson --threads 1,2,4 --rounds-per-pass 10 --rounds 20",
            " scenario burst-idle --keep 2000        what comes back to the operating system",
            " scenario tiny ring private --check     verify every block, time nothing",
            " scenario grow --count 1000000 --size 64 --no-memory",
        ],
        [NativeCommand.CommandName] =
        [
            " native                                 all programs, libhakmem.so against glibc and every allocator that is installed",
            " native tiny random-mixed --rounds 30 --json native.json",
            " native larson --library /tmp/libhakmem.so --allocators hakmem,mimalloc",
        ],
        ["info"] = [" info", " info bench/traces/csc.hkt.gz"],
        ["micro"] = [" micro --list flat", " micro --filter '*AllocFree*' --job short"],
    };

    public override int Invoke(ParseResult parseResult)
    {
        help.Invoke(parseResult);
        Command command = parseResult.CommandResult.Command;
        if (!s_examples.TryGetValue(command is RootCommand ? "" : command.Name, out string[]? examples))
            return ExitCode.Success;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in examples)
            output.WriteLine($"  {ProgramName}{example}");
        return ExitCode.Success;
    }
}
