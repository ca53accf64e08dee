using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using HakMem.Boxes;
using InvertedIndexSample;
using InvertedIndexSample.Commands;
using InvertedIndexSample.Indexes;
using InvertedIndexSample.Texts;
using Xunit;

namespace HakMem.Samples.Tests;

public sealed class InvertedIndexTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hakmem-index-");

    public InvertedIndexTests()
    {
        Write("one.txt", "The heap, the HEAP; a slab.");
        Write("two.md", "A heap of slabs.");
        Write("inner/three.txt", "slab heap slab heap slab");
        Write("bin/left-out.txt", "heap slab slab slab");
        Write("other.bin", "heap slab slab slab");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_three_agree_and_the_best_file_comes_first()
    {
        (int exitCode, string output, string error) = Run("heap", "Slab", "--rounds", "2", "--revisions", "3");

        Assert.Equal((IndexCommandLine.Success, ""), (exitCode, error));
        Assert.Contains("3 files", output);
        Assert.Contains("All three indexes hold the same: 18 terms in all", output);   // a heap of slab slabs the, three times
        Assert.True(output.IndexOf("three.txt", StringComparison.Ordinal) < output.IndexOf("one.txt", StringComparison.Ordinal), output);
        Assert.DoesNotContain("two.md", output);
        Assert.DoesNotContain("left-out", output);
        foreach (Contestant contestant in Contestant.All) Assert.Contains(contestant.Name, output);
    }

    [Fact]
    public void A_word_that_stands_nowhere_finds_nothing() => Assert.Contains("none", Run("heap", "nowhere", "--rounds", "1", "--revisions", "1").Output);

    [Fact]
    public void Extensions_choose_the_files()
    {
        (int exitCode, string output, _) = Run("heap", "--extension", ".md", "-e", ".bin", "--rounds", "1", "--revisions", "1");

        Assert.Equal(IndexCommandLine.Success, exitCode);
        Assert.Contains("2 files", output);
        Assert.Contains("other.bin", output);
    }

    [Theory]
    [InlineData("heap --fodler x", "There is no option '--fodler'. Known: ")]
    [InlineData("--tpo 3", "There is no option '--tpo'. Known: ")]
    [InlineData("heap --folder /no/such/folder", "--folder: there is no folder '/no/such/folder'.")]
    [InlineData("heap --rounds 0", "--rounds must be from 1 to 1000, not 0.")]
    [InlineData("heap --rounds many", "'many'")]
    [InlineData("heap --top", "--top")]
    [InlineData("heap --extension md", "--extension: 'md' is no extension; it begins with a dot.")]
    [InlineData("heap -e .nothing", "no text in files with .nothing below ")]
    [InlineData("...", "no letters or digits in '...'.")]
    public void Bad_usage_exits_with_2_and_says_what_is_wrong(string commandLine, string message)
    {
        (int exitCode, string output, string error) = Run(commandLine.Split(' '));

        Assert.Equal((IndexCommandLine.BadInput, ""), (exitCode, output));
        Assert.Contains("error: ", error);
        Assert.Contains(message, error);
    }

    [Fact]
    public void A_file_is_no_folder() => Assert.Contains("is a file.", Run("heap", "--folder", Path.Combine(_folder.FullName, "one.txt")).Error);

    [Fact]
    public void Help_names_every_option()
    {
        (int exitCode, string output, _) = Run("--help");

        Assert.Equal(IndexCommandLine.Success, exitCode);
        Assert.All(["--folder", "--extension", "--top", "--rounds", "--revisions", "words"], name => Assert.Contains(name, output));
    }

    [Fact]
    public void A_difference_in_one_place_is_seen()
    {
        Document[] documents = [new("a", "one two one"u8.ToArray()), new("b", "two"u8.ToArray())], changed = [documents[0], new("b", "one"u8.ToArray())];
        byte[][] terms = Search.TermsOf(["one"]);
        BuildResult[] same = [.. Contestant.All.Select(new Workload(documents, 2, terms, 10).Run)];

        Assert.All(same, result => Assert.True(result.Agrees(same[0])));
        Assert.False(new Workload(changed, 2, terms, 10).Run(Contestant.All[0]).Agrees(same[0]));
    }

    [Fact]
    public void Places_come_back_as_they_were_written()
    {
        Random random = new(1);
        List<(uint Document, uint Position)> places = [];
        uint document = 0, position = 0;
        for (int i = 0; i < 10_000; i++)
        {
            bool next = random.Next(4) == 0;
            document += next ? (uint)random.Next(1, i % 100 == 0 ? 1 << 20 : 5) : 0;
            position = next ? (uint)random.Next(100) : position + (uint)random.Next(1, i % 100 == 1 ? 1 << 20 : 200);
            places.Add((document, position));
        }

        foreach (Contestant contestant in Contestant.All)
        {
            using IIndex index = contestant.Create();
            foreach ((uint inDocument, uint at) in places) index.Add("term"u8, inDocument, at);

            Assert.True(index.TryFind("term"u8, out ReadOnlySpan<byte> postings, out uint documents));
            Assert.Equal((uint)places.Select(static place => place.Document).Distinct().Count(), documents);
            PostingReader reader = new(postings);
            foreach ((uint inDocument, uint at) in places)
            {
                Assert.True(reader.MoveNext());
                Assert.Equal((inDocument, at), (reader.Document, reader.Position));
            }

            Assert.False(reader.MoveNext());
        }
    }

    [Fact]
    public void Many_terms_are_found_after_the_table_has_grown()
    {
        foreach (Contestant contestant in Contestant.All)
        {
            using IIndex index = contestant.Create();
            for (uint i = 0; i < 20_000; i++) index.Add(Encoding.UTF8.GetBytes($"term{i}"), 0, i);

            Assert.Equal(20_000, index.TermCount);
            for (uint i = 0; i < 20_000; i++)
            {
                Assert.True(index.TryFind(Encoding.UTF8.GetBytes($"term{i}"), out ReadOnlySpan<byte> postings, out _));
                PostingReader reader = new(postings);
                Assert.True(reader.MoveNext());
                Assert.Equal(i, reader.Position);
            }

            Assert.False(index.TryFind("absent"u8, out _, out _));
        }
    }

    [Fact]
    public void A_dropped_index_is_refused_and_leaves_nothing_in_its_allocator()
    {
        ulong before = BlocksInUse();
        UnmanagedIndex<ComposedMemory> index = new();
        for (uint i = 0; i < 5000; i++) index.Add(Encoding.UTF8.GetBytes($"term{i}"), 0, i);
        Assert.Equal(before + 10_001, BlocksInUse());   // a text and a list for each term, and the table
        index.Dispose();
        index.Dispose();

        Assert.Equal(before, BlocksInUse());
        Assert.Throws<ObjectDisposedException>(() => index.Add("term"u8, 0, 1));
    }

    private static unsafe ulong BlocksInUse()
    {
        AllocatorStatistics statistics;
        IndexHeap.ReadStatistics(&statistics);
        return statistics.InUseBlocks;
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private (int ExitCode, string Output, string Error) Run(params string[] words)
    {
        StringWriter output = new(), error = new();
        string[] folder = words.Contains("--folder") ? [] : ["--folder", _folder.FullName];
        int exitCode = IndexCommandLine.Run([.. words, .. folder], output, error);
        return (exitCode, output.ToString(), error.ToString());
    }
}
