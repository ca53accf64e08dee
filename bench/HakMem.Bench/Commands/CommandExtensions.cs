using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;

namespace HakMem.Bench.Commands;

/// <summary>Small joints between commands and the parser.</summary>
internal static class CommandExtensions
{
    /// <summary>Sets an action that writes to the invocation's own writers and may throw; <see cref="BenchCommandLine"/> turns its exceptions into exit codes.</summary>
    public static void SetUnguardedAction(this Command command, Func<ParseResult, TextWriter, TextWriter, int> action) =>
        command.SetAction(parsed => action(parsed, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));

    /// <summary>The words of the command line as they were typed.</summary>
    public static IReadOnlyList<string> CommandLine(this ParseResult parsed) => [.. parsed.Tokens.Select(token => token.Value)];
}
