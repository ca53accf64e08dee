using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using InvertedIndexSample.Texts;

namespace InvertedIndexSample.Commands;

/// <summary>The program's command line, from words to an exit code.</summary>
internal static class IndexCommandLine
{
    public const int Success = 0, Disagreement = 1, BadInput = 2;

    private const string ProgramName = "InvertedIndex";
    private const long WantedBytes = 32 << 20;

    private static readonly string[] DefaultWords = ["heap", "owner", "lock"];
    private static readonly string[] DefaultExtensions = [".md", ".cs", ".txt", ".props", ".targets", ".csproj", ".sh", ".pml"];

    public static int Run(IReadOnlyList<string> words, TextWriter output, TextWriter error)
    {
        Argument<string[]> query = new("words") { Description = "The words to look for: documents that have all of them. [default: heap owner lock]", Arity = ArgumentArity.ZeroOrMore };
        Option<string[]> folders = new("--folder", "-f") { Description = "A folder to index with all folders below it; can be given several times. [default: this repository]", HelpName = "folder" };
        Option<string[]> extensions = new("--extension", "-e") { Description = $"An extension of the files to read; can be given several times. [default: {string.Join(' ', DefaultExtensions)}]", HelpName = ".ext" };
        Option<int> top = Number("--top", "How many documents to show.", 10, 1, 1000);
        Option<int> rounds = Number("--rounds", "How often each way of holding the index is measured; the table shows the fastest.", 5, 1, 1000);
        Option<int> revisions = Number("--revisions", "How many indexes are made of the files, as if of so many revisions, all kept to the end; 0: as many as make 32 MiB of text.", 0, 0, 100_000);
        RootCommand root = new("Indexes text files outside the garbage-collected heap with an allocator of its own, with HakMemory, and with arrays, answers a query, and compares the three.")
        {
            query, folders, extensions, top, rounds, revisions,
        };

        // The parser takes an option that it does not know for a word.
        query.Validators.Add(result =>
        {
            foreach (string word in result.Tokens.Select(static token => token.Value).Where(static word => word.StartsWith('-')))
                result.AddError($"There is no option '{word}'. Known: {string.Join(", ", root.Options.Select(static option => option.Name))}.");
        });
        folders.Validators.Add(result =>
        {
            foreach (string folder in result.Tokens.Select(static token => token.Value).Where(static folder => !Directory.Exists(folder)))
                result.AddError(File.Exists(folder) ? $"--folder: '{folder}' is a file." : $"--folder: there is no folder '{folder}'.");
        });
        extensions.Validators.Add(result =>
        {
            foreach (string extension in result.Tokens.Select(static token => token.Value).Where(static extension => extension.Length < 2 || extension[0] != '.'))
                result.AddError($"--extension: '{extension}' is no extension; it begins with a dot.");
        });

        root.SetAction(parsed => Compare(
            Chosen(parsed.GetValue(query), DefaultWords), Chosen(parsed.GetValue(folders), [Corpus.DefaultFolder()]), Chosen(parsed.GetValue(extensions), DefaultExtensions),
            parsed.GetValue(top), parsed.GetValue(rounds), parsed.GetValue(revisions), output, error));
        ParseResult parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count == 0) return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });

        foreach (string message in parsed.Errors.Select(static problem => problem.Message).Distinct()) error.WriteLine($"error: {message}");
        error.WriteLine($"Try '{ProgramName} --help'.");
        return BadInput;
    }

    private static string[] Chosen(string[]? given, string[] standard) => given is { Length: > 0 } ? given : standard;

    private static Option<int> Number(string name, string description, int standard, int from, int to)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => standard, HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int value) && (value < from || value > to))
                result.AddError($"{name} must be from {from} to {to}, not {value}.");
        });
        return option;
    }

    private static int Compare(string[] words, string[] folders, string[] extensions, int top, int rounds, int revisions, TextWriter output, TextWriter error)
    {
        byte[][] terms = Search.TermsOf(words);
        if (terms.Length == 0) return Refuse(error, $"no letters or digits in '{string.Join(' ', words)}'.");
        Document[] documents = Corpus.Read(folders, extensions, out int unreadable);
        if (unreadable > 0) error.WriteLine($"note: {unreadable} files could not be read and are left out.");
        long bytes = documents.Sum(static document => (long)document.Bytes.Length);
        if (bytes == 0) return Refuse(error, $"no text in files with {string.Join(", ", extensions)} below {string.Join(", ", folders)}.");

        if (revisions == 0) revisions = (int)Math.Clamp(WantedBytes / bytes, 1, 100_000);
        output.WriteLine($"{documents.Length} files, {bytes / 1048576.0:F1} MiB, as {revisions} revisions with an index each; fastest of {rounds} rounds.");
        Workload workload = new(documents, revisions, terms, top);
        BuildResult[] fastest = [.. Contestant.All.Select(workload.Run)];
        bool agree = true;
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < fastest.Length; i++)
            {
                BuildResult result = workload.Run(Contestant.All[i]);
                agree &= result.Agrees(fastest[0]);
                if (round == 0 || result.BuildTime < fastest[i].BuildTime) fastest[i] = result;
            }
        }

        Report.WriteCosts(output, Contestant.All, fastest);
        Report.WriteHits(output, documents, terms, fastest[0].Hits);
        if (!agree)
        {
            error.WriteLine("error: the indexes or their answers differ.");
            return Disagreement;
        }

        output.WriteLine($"All three indexes hold the same: {fastest[0].TermCount} terms in all, fingerprint {fastest[0].Fingerprint:x16}; their answers are the same.");
        return Success;
    }

    private static int Refuse(TextWriter error, string message)
    {
        error.WriteLine($"error: {message}");
        return BadInput;
    }
}
