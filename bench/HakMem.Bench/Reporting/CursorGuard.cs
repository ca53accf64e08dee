using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace HakMem.Bench.Reporting;

/// <summary>The progress bars hide the cursor; a signal that ends the process would leave it hidden.</summary>
internal sealed class CursorGuard : IDisposable
{
    public const string Show = "\e[?25h";

    private static readonly PosixSignal[] s_ends = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly PosixSignalRegistration[] _registrations;

    public CursorGuard(TextWriter terminal)
    {
        // Not cancelled: the signal ends the process after this, as ever.
        _registrations = [.. s_ends.Select(signal => PosixSignalRegistration.Create(signal, _ => terminal.Write(Show)))];
    }

    public void Dispose() => Array.ForEach(_registrations, static registration => registration.Dispose());
}
