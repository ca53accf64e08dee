using System;
using System.IO;

namespace HakMem;

/// <content>The report of what is compiled in.</content>
public static unsafe partial class HakMemory
{
    /// <summary>
    /// Writes a table for every diagnostics box that keeps numbers and is compiled into this build of HakMem, or says that there is none: then build with the flavor
    /// <c>profile</c> (<c>docs/flavors.md</c>). Exact when no other thread allocates or frees meanwhile. An allocator of one's own shows its numbers to
    /// <see cref="DiagnosticsReport"/> by its method <c>VisitDiagnostics</c>.
    /// </summary>
    /// <param name="writer">Receives the text.</param>
    /// <exception cref="ArgumentNullException">The writer is null.</exception>
    public static void WriteDiagnostics(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DiagnosticsReport report = new(writer);
        DefaultAllocator.VisitDiagnostics(ref report);
        if (report.Tables == 0) writer.WriteLine("No diagnostics that keep numbers are compiled in. Build with -p:HakMemBuildFlavor=profile: docs/flavors.md.");
    }
}
