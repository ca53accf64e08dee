using System;
using System.Diagnostics;
using System.Text;
using System.Threading;
using HakMem.Bench.Commands;
using HakMem.Bench.Reporting;
using HakMem.Bench.Tests.Memory;
using Xunit;

namespace HakMem.Bench.Tests.Reporting;

public class CursorGuardTests
{
    private const string Hide = "\e[?25l", Script = "/usr/bin/script";
    private const char CtrlC = '\u0003';

    /// <summary>A run on a terminal of its own, which <c>script</c> makes, is interrupted once the bars are there.</summary>
    [InterruptFact(Script)]
    public void Ctrl_C_leaves_the_cursor_visible()
    {
        string bench = $"exec '{Environment.ProcessPath}' exec '{typeof(BenchCommandLine).Assembly.Location}' scenario tiny --allocators native --rounds 10000 --no-memory";
        ProcessStartInfo start = new(Script, ["-qfec", bench, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["TERM"] = "xterm-256color";
        using Process process = Process.Start(start)!;
        using Timer limit = new(_ => process.Kill(entireProcessTree: true), null, TimeSpan.FromMinutes(2), Timeout.InfiniteTimeSpan);
        StringBuilder text = new();
        bool interrupted = false;
        for (int read; (read = process.StandardOutput.Read()) >= 0;)
        {
            text.Append((char)read);
            if (interrupted || !text.ToString().EndsWith(Hide, StringComparison.Ordinal)) continue;
            process.StandardInput.Write(CtrlC);
            process.StandardInput.Flush();
            interrupted = true;
        }

        process.WaitForExit();
        string shown = text.ToString();
        Assert.True(interrupted, shown);
        Assert.NotEqual(0, process.ExitCode);
        Assert.True(shown.LastIndexOf(CursorGuard.Show, StringComparison.Ordinal) > shown.LastIndexOf(Hide, StringComparison.Ordinal), shown);
    }
}
