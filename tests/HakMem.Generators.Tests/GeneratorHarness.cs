using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Emit;
using Xunit;

namespace HakMem.Generators.Tests;

/// <summary>Compiles sources against a contract, runs the generator over them, and keeps what came out.</summary>
internal static class GeneratorHarness
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp13, DocumentationMode.Diagnose);

    private static readonly CSharpCompilationOptions Compiling =
        new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999);

    private static readonly ImmutableArray<MetadataReference> Framework =
        [.. Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.dll").Where(IsManaged).Select(static path => MetadataReference.CreateFromFile(path))];

    private static readonly byte[] ContractImage = Image(static text => text);

    /// <summary>The small contract of the folder Contract, compiled once.</summary>
    public static readonly MetadataReference Contract = MetadataReference.CreateFromImage(ContractImage);


    /// <summary>The contract and the boxes of this repository.</summary>
    public static readonly MetadataReference Boxes = MetadataReference.CreateFromFile(typeof(HakMem.Boxes.IAllocatorConfig).Assembly.Location);

    /// <summary>The small contract with its sources changed.</summary>
    public static MetadataReference CompileContract(Func<string, string> change) => MetadataReference.CreateFromImage(Image(change));

    public static CSharpCompilation Compile(MetadataReference contract, params string[] sources) => CSharpCompilation.Create(
        "User", sources.Select(static (source, index) => Parse(source, $"Source{index}.cs")), [.. Framework, contract], Compiling);

    public static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(source, Parsing, path);

    public static GeneratorDriver Driver(params (string Name, string Value)[] properties) => Driver([new AllocatorGenerator().AsSourceGenerator()], properties);

    public static GeneratorDriver BothGenerators(params (string Name, string Value)[] properties) =>
        Driver([new AllocatorGenerator().AsSourceGenerator(), new PoolGenerator().AsSourceGenerator()], properties);

    public static GeneratorDriver PoolDriver() => Driver([new PoolGenerator().AsSourceGenerator()], []);

    private static GeneratorDriver Driver(ISourceGenerator[] generators, (string Name, string Value)[] properties) => CSharpGeneratorDriver.Create(
        generators,
        parseOptions: Parsing,
        optionsProvider: new BuildProperties(properties),
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static GeneratorDriver WithProperties(this GeneratorDriver driver, params (string Name, string Value)[] properties) =>
        driver.WithUpdatedAnalyzerConfigOptions(new BuildProperties(properties));

    /// <summary>Runs the generator and gives the files it wrote; they must compile without a warning, together with the sources.</summary>
    public static string Generate(string source, params (string Name, string Value)[] properties) => Generate(Contract, source, properties);

    public static string Generate(MetadataReference contract, string source, params (string Name, string Value)[] properties)
    {
        GeneratorDriver driver = BothGenerators(properties).RunGeneratorsAndUpdateCompilation(Compile(contract, source), out Compilation output, out ImmutableArray<Diagnostic> reported);
        Assert.Empty(reported);
        string written = string.Join("\n", driver.GetRunResult().GeneratedTrees.Select(static tree => tree.ToString()));
        AssertCompiles(output, written);
        return written;
    }

    /// <summary>Compiles and loads what the generator wrote for a source, against the small contract.</summary>
    public static Type Load(string source, string type)
    {
        Driver().RunGeneratorsAndUpdateCompilation(Compile(Contract, source), out Compilation output, out _);
        AssemblyLoadContext context = new("emitted");
        context.LoadFromStream(new MemoryStream(ContractImage));
        using MemoryStream image = new();
        Assert.True(output.Emit(image).Success);
        image.Position = 0;
        return context.LoadFromStream(image).GetType(type, throwOnError: true)!;
    }

    /// <summary>What the generator reports, each as <c>id at 'text' : message</c>.</summary>
    public static string[] Report(MetadataReference contract, string source, params (string Name, string Value)[] properties) => Report(Compile(contract, source), source, properties);

    public static string[] ReportWithoutUnsafe(string source) => Report(Compile(Contract, source).WithOptions(Compiling.WithAllowUnsafe(false)), source);

    private static string[] Report(CSharpCompilation compilation, string source, params (string Name, string Value)[] properties)
    {
        GeneratorDriver driver = BothGenerators(properties).RunGeneratorsAndUpdateCompilation(compilation, out _, out ImmutableArray<Diagnostic> reported);
        Assert.All(driver.GetRunResult().Results, static result => Assert.Null(result.Exception));
        return [.. reported.Select(diagnostic => $"{diagnostic.Id} at '{source.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length)}': {diagnostic.GetMessage()}")];
    }

    public static string PathOf(string folder) => Path.Combine(AppContext.BaseDirectory, folder);

    private static void AssertCompiles(Compilation compilation, string written)
    {
        string[] problems = [.. compilation.GetDiagnostics().Where(static diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(static diagnostic => diagnostic.ToString())];
        Assert.True(problems.Length == 0, string.Join("\n", problems) + "\n" + written);
        using MemoryStream image = new();
        EmitResult emitted = compilation.Emit(image);
        Assert.True(emitted.Success);
    }

    private static byte[] Image(Func<string, string> change)
    {
        CSharpCompilation contract = CSharpCompilation.Create(
            "HakMem.Boxes",
            Directory.EnumerateFiles(PathOf("Contract"), "*.cs").Order().Select(path => Parse(change(File.ReadAllText(path)), path)),
            Framework,
            Compiling);
        using MemoryStream image = new();
        EmitResult emitted = contract.Emit(image);
        Assert.True(emitted.Success, string.Join("\n", emitted.Diagnostics));
        return image.ToArray();
    }

    private static bool IsManaged(string path)
    {
        try
        {
            System.Reflection.AssemblyName.GetAssemblyName(path);
            return true;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    /// <summary>Those of a project that sets none.</summary>
    public static AnalyzerConfigOptionsProvider NoProperties { get; } = new BuildProperties([]);

    /// <summary>The name of a property that a project has which imports nothing: then none is visible.</summary>
    public const string NothingImported = "-";

    private sealed class BuildProperties : AnalyzerConfigOptionsProvider
    {
        public BuildProperties((string Name, string Value)[] properties)
        {
            Dictionary<string, string> values = properties.ToDictionary(static property => "build_property." + property.Name, static property => property.Value);
            if (!properties.Any(static property => property.Name == NothingImported)) { _ = values.TryAdd("build_property.HakMemBuildFlavor", ""); }

            GlobalOptions = new Options(values);
        }

        public override AnalyzerConfigOptions GlobalOptions { get; }

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Options(Dictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value) => values.TryGetValue(key, out value);
    }
}
