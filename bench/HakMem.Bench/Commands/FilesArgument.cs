using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;

namespace HakMem.Bench.Commands;

/// <summary>
/// Trace files on a command line. The parser hands a mistyped option over as if it were a file; a word that begins with
/// a dash is therefore refused here, even if such a file exists.
/// </summary>
internal static class FilesArgument
{
    public static Argument<string[]> Create(Command command, string description, ArgumentArity arity)
    {
        var files = new Argument<string[]>("files") { Description = description, Arity = arity };
        files.Validators.Add(result => Validate(result, [.. command.Options.Select(option => option.Name), "--help"]));
        return files;
    }

    private static void Validate(ArgumentResult result, IEnumerable<string> options)
    {
        foreach (string word in result.Tokens.Select(token => token.Value))
        {
            if (word.StartsWith('-'))
                result.AddError($"There is no option '{word}'.{Suggestion.For(word, options)}");
            else if (Directory.Exists(word))
                result.AddError($"'{word}' is a folder; name trace files.");
            else if (!File.Exists(word))
                result.AddError($"There is no file '{word}'.");
        }
    }
}
