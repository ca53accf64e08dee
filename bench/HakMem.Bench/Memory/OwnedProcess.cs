using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace HakMem.Bench.Memory;

/// <summary>
/// A process that does not outlive this one. A signal that ends this process ends it before; children that run this program also ask the kernel to be killed with the thread that started them,
/// which waits for them, so that not even SIGKILL leaves one behind.
/// </summary>
internal sealed class OwnedProcess : IDisposable
{
    private const string ParentVariable = "HAKMEMBENCH_PARENT";

    private static readonly PosixSignal[] s_ends = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
    private static readonly Lock s_gate = new();
    private static readonly HashSet<Process> s_running = [];
    private static PosixSignalRegistration[]? s_registrations;
    private static bool s_ending;

    private OwnedProcess(Process process) => Process = process;

    public Process Process { get; }

    public static OwnedProcess Start(ProcessStartInfo start)
    {
        start.Environment[ParentVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        lock (s_gate)
        {
            WaitIfEnding();
            // Not cancelled: the signal ends the process after this, as ever.
            s_registrations ??= [.. s_ends.Select(static signal => PosixSignalRegistration.Create(signal, static _ => EndAll()))];
            Process process = Process.Start(start) ?? throw new InvalidOperationException("no child process");
            s_running.Add(process);
            return new OwnedProcess(process);
        }
    }

    /// <summary>What a child does first: it ends with its parent, and at once if that has ended already.</summary>
    public static void FollowParent()
    {
        string? parent = Environment.GetEnvironmentVariable(ParentVariable);
        if (parent is null)
            return;
        Environment.SetEnvironmentVariable(ParentVariable, null);
        _ = LibC.ProcessControl(LibC.SetParentDeathSignal, LibC.KillSignal, 0, 0, 0);
        if (LibC.ParentProcess().ToString(CultureInfo.InvariantCulture) != parent)
            Environment.Exit(1);
    }

    public void Dispose()
    {
        lock (s_gate)
        {
            WaitIfEnding();
            s_running.Remove(Process);
            Process.Dispose();
        }
    }

    /// <summary>Between the handler and the end of this process nobody starts another child, or reports that one was killed.</summary>
    private static void WaitIfEnding()
    {
        if (s_ending)
            Thread.Sleep(Timeout.Infinite);
    }

    private static void EndAll()
    {
        lock (s_gate)
        {
            s_ending = true;
            foreach (Process process in s_running)
                process.Kill();
        }
    }
}
