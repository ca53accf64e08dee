using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>Runs an analyzer over a source that marks, as <c>{|text|}</c>, every place where the rule is to be reported.</summary>
internal static class AnalyzerHarness
{
    private const string Open = "{|";
    private const string Close = "|}";

    private static readonly ImmutableArray<MetadataReference> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(static path => MetadataReference.CreateFromFile(path))];

    /// <summary>Asserts that the rule is reported at the marks and nowhere else.</summary>
    /// <returns>The messages, in the order of the marks.</returns>
    public static async Task<string[]> AssertReported(DiagnosticAnalyzer analyzer, string id, string marked, OutputKind kind = OutputKind.DynamicallyLinkedLibrary)
    {
        (string source, TextSpan[] expected) = Unmark(marked);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "User", [CSharpSyntaxTree.ParseText(source)], References, new CSharpCompilationOptions(kind, allowUnsafe: true));
        Assert.Empty(compilation.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));

        ImmutableArray<Diagnostic> reported = await compilation.WithAnalyzers([analyzer]).GetAnalyzerDiagnosticsAsync();

        Diagnostic[] ordered = [.. reported.OrderBy(static diagnostic => diagnostic.Location.SourceSpan.Start)];
        Assert.All(ordered, diagnostic => Assert.Equal(id, diagnostic.Id));
        Assert.Equal(expected, ordered.Select(static diagnostic => diagnostic.Location.SourceSpan));
        return [.. ordered.Select(static diagnostic => diagnostic.GetMessage())];
    }

    /// <summary>What the analyzer says of a source that need not compile.</summary>
    public static async Task<string[]> Report(DiagnosticAnalyzer analyzer, string source)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source);
        OutputKind kind = tree.GetRoot().ChildNodes().Any(static node => node is GlobalStatementSyntax) ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary;
        CSharpCompilation compilation = CSharpCompilation.Create("User", [tree], References, new CSharpCompilationOptions(kind, allowUnsafe: true));
        return [.. (await compilation.WithAnalyzers([analyzer]).GetAnalyzerDiagnosticsAsync()).Select(static diagnostic => diagnostic.ToString())];
    }

    /// <summary>What the analyzer says of a source that compiles.</summary>
    public static async Task<Diagnostic[]> ReportWhole(DiagnosticAnalyzer analyzer, string source)
    {
        CSharpCompilation compilation = CSharpCompilation.Create("User", [CSharpSyntaxTree.ParseText(source)], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        Assert.Empty(compilation.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        return [.. await compilation.WithAnalyzers([analyzer]).GetAnalyzerDiagnosticsAsync()];
    }

    private static (string Source, TextSpan[] Marks) Unmark(string marked)
    {
        ImmutableArray<TextSpan>.Builder marks = ImmutableArray.CreateBuilder<TextSpan>();
        for (int open = marked.IndexOf(Open, StringComparison.Ordinal); open >= 0; open = marked.IndexOf(Open, StringComparison.Ordinal))
        {
            marked = marked.Remove(open, Open.Length);
            int close = marked.IndexOf(Close, open, StringComparison.Ordinal);
            marked = marked.Remove(close, Close.Length);
            marks.Add(TextSpan.FromBounds(open, close));
        }

        return (marked, [.. marks]);
    }
}
