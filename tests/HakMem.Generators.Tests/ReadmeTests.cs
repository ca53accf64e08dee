using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using HakMem.Boxes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>The snippets of the two READMEs and of the page on compositions are programs: each is compiled with the generators, and run if it does anything.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string s_root = Path.Combine(Path.GetDirectoryName(Source())!, "..", "..");

    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("src/HakMem/Package/README.md", 3)]
    [InlineData("docs/compositions.md", 7)]
    public void Every_snippet_compiles_and_runs(string page, int count)
    {
        string[] snippets = [.. Snippet().Matches(File.ReadAllText(Path.Combine(s_root, page))).Select(match => match.Groups[1].Value)];
        Assert.Equal(count, snippets.Length);
        for (int i = 0; i < snippets.Length; i++) Run($"Snippet{i}Of{page.Replace('/', '.')}", snippets[i]);
    }

    [Fact]
    public void The_table_of_presets_is_the_contracts()
    {
        string[][] rows = [.. File.ReadLines(Path.Combine(s_root, "docs", "compositions.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries))];
        string[] head = rows.First(row => row[1] == "member");
        string[][] members = [.. rows.SkipWhile(row => row != head).Skip(1).Where(row => row.Length == head.Length)];
        foreach (PresetAttribute set in typeof(IAllocatorConfig).GetCustomAttributes<PresetAttribute>())
        {
            string cell = Assert.Single(members, row => row[1].Split(' ')[0] == $"`{set.Member}`")[Array.IndexOf(head, set.Preset.ToString())];
            Assert.Contains(set.Box is null ? set.Value.ToString(System.Globalization.CultureInfo.InvariantCulture) : $"`{set.Box.Name}`", cell.Split(' '));
        }

        int listed = members.Sum(row => row.Skip(3).Sum(cell => cell.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Equal(typeof(IAllocatorConfig).GetCustomAttributes<PresetAttribute>().Count(), listed);
    }

    [Fact]
    public void A_snippet_that_is_wrong_is_found()
    {
        Assert.ThrowsAny<Exception>(() => Run("Wrong", "using HakMem; unsafe { HakMemory.Alloc(1).Nothing(); }"));
        Assert.ThrowsAny<Exception>(() => Run("Throws", "throw new System.InvalidOperationException();"));
    }

    private static void Run(string name, string source)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest));
        bool isProgram = tree.GetRoot().ChildNodes().Any(node => node is Microsoft.CodeAnalysis.CSharp.Syntax.GlobalStatementSyntax);
        CSharpCompilationOptions options = new(isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable);
        CSharpCompilation compilation = CSharpCompilation.Create(name, [tree], References(), options);
        CSharpGeneratorDriver.Create([new AllocatorGenerator().AsSourceGenerator(), new PoolGenerator().AsSourceGenerator()], parseOptions: new CSharpParseOptions(LanguageVersion.Latest), optionsProvider: GeneratorHarness.NoProperties)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation composed, out ImmutableArray<Diagnostic> reported);
        Assert.Empty(reported);
        using MemoryStream image = new();
        Microsoft.CodeAnalysis.Emit.EmitResult result = composed.Emit(image);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(one => one.Severity == DiagnosticSeverity.Error)));
        Assembly assembly = Assembly.Load(image.ToArray());
        if (assembly.EntryPoint is { } entry) entry.Invoke(null, entry.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        else Assert.NotEmpty(assembly.GetTypes());
    }

    private static IEnumerable<MetadataReference> References()
        => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Append(typeof(HakMemory).Assembly.Location).Append(typeof(HakMem.Boxes.FrontHot).Assembly.Location).Distinct()
            .Select(path => MetadataReference.CreateFromFile(path));

    private static string Source([CallerFilePath] string path = "") => path;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
