using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>The snippets of the two READMEs are programs: each is compiled with the generator, and run if it does anything.</summary>
public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData("README.md", 3)]
    [InlineData("src/HakMem/Package/README.md", 3)]
    public void Every_snippet_compiles_and_runs(string file, int count)
    {
        string page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Source())!, "..", "..", file));
        string[] snippets = [.. Snippet().Matches(page).Select(match => match.Groups[1].Value)];
        Assert.Equal(count, snippets.Length);
        for (int i = 0; i < snippets.Length; i++) Run($"{Path.GetDirectoryName(file)!.Length}Snippet{i}", snippets[i]);
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
        CSharpGeneratorDriver.Create([new AllocatorGenerator().AsSourceGenerator()], parseOptions: new CSharpParseOptions(LanguageVersion.Latest))
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation composed, out _);
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
