using System;
using System.IO;
using System.Text;
using HakMem.Boxes;

namespace HakMem;

/// <summary>
/// Writes the numbers of diagnostics boxes as tables for people: <c>DiagnosticsReport report = new(Console.Out); MyAllocator.VisitDiagnostics(ref report);</c>.
/// Not thread-safe.
/// </summary>
public unsafe struct DiagnosticsReport : IDiagnosticsVisitor
{
    private Output _output;

    /// <summary>A report that goes to a writer.</summary>
    /// <param name="writer">Receives the text.</param>
    /// <exception cref="ArgumentNullException">The writer is null.</exception>
    public DiagnosticsReport(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _output = new Output(writer);
    }

    /// <summary>How many tables were written.</summary>
    public int Tables { get; private set; }

    /// <inheritdoc/>
    public void Visit<TNumbers>(TNumbers* numbers)
        where TNumbers : unmanaged
    {
        if (Tables++ != 0) _output.WriteLine("");
        if (!DiagnosticsTables.TryWrite(numbers, ref _output)) _output.WriteLine($"{(typeof(TNumbers).DeclaringType ?? typeof(TNumbers)).Name}: read it by the allocator's own method");
    }

    private readonly struct Output(TextWriter writer) : ITableOutput
    {
        public void WriteLine(ReadOnlySpan<byte> text) => writer.WriteLine(Encoding.UTF8.GetString(text));

        public void WriteLine(string text) => writer.WriteLine(text);
    }
}
