using System;
using System.IO;
using Spectre.Console;

namespace HakMem.Bench.Reporting;

/// <summary>Progress bars on a terminal. They are drawn by the measuring thread itself between passes: no other thread takes CPU time.</summary>
internal sealed class TerminalProgress : IProgressSink
{
    private readonly ProgressContext _context;
    private ProgressTask? _task;
    private string _title = "";

    private TerminalProgress(ProgressContext context)
    {
        _context = context;
    }

    /// <summary>Runs work with bars if standard error is a terminal, with lines otherwise.</summary>
    public static TResult Show<TResult>(TextWriter error, Func<IProgressSink, TResult> work)
    {
        if (Console.IsErrorRedirected || error != Console.Error)
            return work(new LineProgress(error));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        using CursorGuard cursor = new(error);
        return console.Progress()
            .AutoRefresh(false)
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .Start(context => work(new TerminalProgress(context)));
    }

    public void Begin(string title, int steps)
    {
        _title = Markup.Escape(title);
        _task = _context.AddTask(_title, maxValue: Math.Max(1, steps));
        _context.Refresh();
    }

    public void Step(string what)
    {
        _task!.Description = $"{_title} [grey]{Markup.Escape(what)}[/]";
        _task.Increment(1);
        _context.Refresh();
    }

    public void End()
    {
        _task!.Description = _title;
        _task.Value = _task.MaxValue;
        _task.StopTask();
        _context.Refresh();
    }
}
