using System;
using System.Runtime.CompilerServices;
using HakMem.Boxes;

namespace HakMem.Preload;

/// <summary>Writes the numbers of the diagnostics boxes that are compiled in to a file descriptor, as <c>HakMemory.WriteDiagnostics</c> does in .NET; nothing in a build without any.</summary>
internal unsafe struct DiagnosticsText(int file) : IDiagnosticsVisitor
{
    private Output _output = new(file);

    /// <inheritdoc/>
    public void Visit<TNumbers>(TNumbers* numbers)
        where TNumbers : unmanaged
    {
        _output.WriteLine(default);
        _ = DiagnosticsTables.TryWrite(numbers, ref _output);
    }

    private readonly struct Output(int file) : ITableOutput
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public void WriteLine(ReadOnlySpan<byte> text)
        {
            TextBuffer line = default;
            line.Append(text);
            line.Append("\n"u8);
            line.WriteFile(file);
        }
    }
}
