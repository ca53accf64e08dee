using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using HakMem.Bench.Commands;
using Xunit;

namespace HakMem.Bench.Tests.Memory;

public class OwnedProcessTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>The signal reaches the bench alone, not its children, as from <c>kill</c> or a supervisor.</summary>
    [Theory]
    [InlineData("TERM", true)]
    [InlineData("KILL", true)]
    [InlineData("KILL", false)]
    public void Children_end_with_a_bench_that_is_stopped(string signal, bool atWork) => Stop(signal, atWork);

    [InterruptFact("/proc/self/stat")]
    public void Children_end_with_a_bench_that_is_interrupted() => Stop("INT", atWork: true);

    private static void Stop(string signal, bool atWork)
    {
        if (!File.Exists("/proc/self/stat")) return;
        string[] bench = ["exec", typeof(BenchCommandLine).Assembly.Location, "scenario", "tiny", "--allocators", "native", "--rounds", "10000", "--processes", "2", "--no-memory"];
        using Process parent = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, bench) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        int child = 0;
        Assert.True(SpinWait.SpinUntil(() => (child = ChildOf(parent.Id)) != 0, s_patience), "no child");
        // Once it has taken a second of CPU time the child is past its start; without that the parent may end before the child has asked whether it is there.
        Assert.True(!atWork || SpinWait.SpinUntil(() => Field(child, 13) > 100, s_patience), "an idle child");
        Process.Start("kill", [$"-{signal}", $"{parent.Id}"]).WaitForExit();
        Assert.True(parent.WaitForExit(s_patience) && parent.ExitCode != 0);
        bool ended = SpinWait.SpinUntil(() => Field(child, 2) is null or 'Z', TimeSpan.FromSeconds(30));
        if (!ended)
            Process.Start("kill", ["-KILL", $"{child}"]).WaitForExit();
        Assert.True(ended, "the child went on");
    }

    private static int ChildOf(int parent) => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out int id) ? id : 0)
        .FirstOrDefault(id => id > 0 && Field(id, 3) == parent);

    /// <summary>A number of <c>/proc/n/stat</c>, counted from 0, or the letter of its state; null if there is no such process any more.</summary>
    private static long? Field(int process, int index)
    {
        try
        {
            string line = File.ReadAllText($"/proc/{process}/stat");
            // The name, the second, may hold blanks.
            string field = line[(line.LastIndexOf(')') + 2)..].Split(' ')[index - 2];
            return index == 2 ? field[0] : long.Parse(field, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
