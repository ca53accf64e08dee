using System;
using System.CommandLine;
using System.IO;
using HakMem.Bench.Reporting;

namespace HakMem.Bench.Commands;

/// <summary><c>--json file</c>. A file that cannot be written is found before the long work and not after it.</summary>
internal sealed class JsonFileOption : Option<string?>
{
    private const string OptionName = "--json";

    public JsonFileOption()
        : base(OptionName)
    {
        Description = "Write the results to this file, too.";
        HelpName = "file";
    }

    /// <returns>The file, which can be written; null if none is wanted.</returns>
    public string? WritableFile(ParseResult parsed)
    {
        string? file = parsed.GetValue(this);
        if (file is null)
            return null;
        if (file.Length == 0)
            throw new BadInputException($"{OptionName} needs a file name.");
        if (file.StartsWith('-'))
            throw new BadInputException($"{OptionName} needs a file name; '{file}' looks like an option.");
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        if (!Directory.Exists(folder))
            throw new BadInputException($"{OptionName}: there is no folder '{folder}'.");
        if (Directory.Exists(file))
            throw new BadInputException($"{OptionName}: '{file}' is a folder.");
        try
        {
            WholeFile.Probe(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{OptionName}: '{file}' cannot be written: {problem.Message}");
        }

        return file;
    }
}
