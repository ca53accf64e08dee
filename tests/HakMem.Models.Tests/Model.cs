using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace HakMem.Models.Tests;

/// <summary>A Promela model: its name, the methods it cites, and the bugs that can be seeded into it.</summary>
internal sealed partial class Model
{
    private readonly string _text;

    private Model(string path)
    {
        Path = path;
        Name = System.IO.Path.GetFileName(path);
        _text = File.ReadAllText(path);
    }

    public string Name { get; }

    public string Path { get; }

    /// <summary>What the model cites, as file and method: <c>src/HakMem.Boxes/Shared/RemoteFree.cs:Send</c>.</summary>
    public IEnumerable<string> Cited => Citation().Matches(_text).Select(static match => match.Value).Distinct();

    /// <summary>The bugs that the model's header names.</summary>
    public IEnumerable<string> NamedBugs => NamedBug().Matches(_text).Select(static match => match.Groups[1].Value);

    /// <summary>The bugs that the model's text tests for.</summary>
    public IEnumerable<string> SeededBugs => SeededBug().Matches(_text).Select(static match => match.Groups[1].Value).Distinct();

    public static IEnumerable<Model> All() => Directory.EnumerateFiles(Repository.Models, "*.pml").Order().Select(static path => new Model(path));

    public static Model Named(string name) => new(System.IO.Path.Combine(Repository.Models, name));

    [GeneratedRegex(@"src/[\w./]+\.cs:\w+")]
    private static partial Regex Citation();

    [GeneratedRegex(@"^ \*   (BUG_\w+)", RegexOptions.Multiline)]
    private static partial Regex NamedBug();

    [GeneratedRegex(@"^#ifn?def (BUG_\w+)", RegexOptions.Multiline)]
    private static partial Regex SeededBug();
}
