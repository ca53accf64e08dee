using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace HakMem.Bench.Reporting;

/// <summary>Progress for logs and pipes: one line for each workload.</summary>
internal sealed class LineProgress(TextWriter writer) : IProgressSink
{
    private readonly Stopwatch _clock = new();

    public void Begin(string title, int steps)
    {
        writer.Write($"{title} ... ");
        writer.Flush();
        _clock.Restart();
    }

    public void Step(string what)
    {
    }

    public void End() => writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds:F1} s"));
}
