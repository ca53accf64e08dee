using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace HakMem.Models.Tests;

/// <summary>
/// The models say what the code did when they were written: each cites its methods, and the table <c>Models/cited.txt</c> keeps a hash of each
/// method's tokens. Comments and layout may change; anything else asks for the model to be read again.
/// </summary>
public class CitedSourceTests
{
    private const string Update = "HAKMEMTEST_UPDATE_CITED";

    [Fact]
    public void CitedMethodsAreAsTheModelsReadThem()
    {
        string table = Path.Combine(Repository.Models, "cited.txt");
        SortedDictionary<string, string> current = [];
        foreach (string citation in Model.All().SelectMany(static model => model.Cited)) current[citation] = Hash(citation);
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            File.WriteAllLines(table, current.Select(static row => $"{row.Value}  {row.Key}"));
        }

        Dictionary<string, string> recorded = File.ReadAllLines(table).Select(static line => line.Split("  ")).ToDictionary(static row => row[1], static row => row[0]);
        string[] changed = [.. current.Where(row => !recorded.TryGetValue(row.Key, out string? hash) || hash != row.Value).Select(static row => row.Key)];
        Assert.True(changed.Length == 0, Message(changed));
        Assert.Equal(current.Keys, recorded.Keys.Order(StringComparer.Ordinal).OrderBy(static key => key));
    }

    [Fact]
    public void CommentsAndLayoutDoNotCount()
    {
        const string Before = "class C { void M() { int a = 1; } }", After = "class C\n{\n  /// <summary>x</summary>\n  void M()\n  {\n    int a = 1; // y\n  }\n}";

        Assert.Equal(Tokens(Before, "M"), Tokens(After, "M"));
        Assert.NotEqual(Tokens(Before, "M"), Tokens(Before.Replace('1', '2'), "M"));
    }

    private static string Message(string[] changed)
    {
        StringBuilder message = new("The code that models describe has changed. Read the models again:\n");
        foreach (string citation in changed)
        {
            message.Append("  ").Append(citation).Append(" is modeled in ")
                .AppendJoin(", ", Model.All().Where(model => model.Cited.Contains(citation)).Select(static model => model.Name)).Append('\n');
        }

        return message.Append($"When they say what the code does, run this test with {Update}=1 to record it, and commit tests/HakMem.Models.Tests/Models/cited.txt.").ToString();
    }

    private static string Hash(string citation)
    {
        string[] parts = citation.Split(':');
        string path = Path.Combine(Repository.Root, parts[0]);
        Assert.True(File.Exists(path), $"A model cites {citation}, but there is no such file.");
        string tokens = Tokens(File.ReadAllText(path), parts[1]);
        Assert.True(tokens.Length != 0, $"A model cites {citation}, but there is no such method.");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tokens)))[..16];
    }

    private static string Tokens(string source, string method) => string.Join(
        ' ',
        CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>()
            .Where(declaration => declaration.Identifier.Text == method)
            .SelectMany(static declaration => declaration.DescendantTokens())
            .Select(static token => token.Text));
}
