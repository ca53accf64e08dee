using System;
using System.Collections.Generic;
using System.IO;
using HakMem.Bench.Measuring;
using HakMem.Bench.Reporting;
using Xunit;

namespace HakMem.Bench.Tests.Reporting;

public class WholeFileTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hakmem-bench-").FullName;

    [Fact]
    public void A_result_that_cannot_be_written_leaves_what_was_there()
    {
        string file = Path.Combine(_folder, "result.json");
        File.WriteAllText(file, "of yesterday");
        var row = new MeasuredRow("any", "serial", "native", 1, 1) { NsPerOp = new SampleSet([double.NaN]) };
        Assert.ThrowsAny<Exception>(() => JsonReport.Write(file, [new WorkloadReport("any", "serial", [row], null)], new Dictionary<string, object>()));
        Assert.Equal("of yesterday", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_file_behind_a_link_is_replaced_and_the_link_stays()
    {
        string file = Path.Combine(_folder, "result.json"), link = Path.Combine(_folder, "link.json");
        File.CreateSymbolicLink(link, file);
        foreach (string contents in new[] { "longer than what follows", "short" })
        {
            WholeFile.Probe(link);
            WholeFile.Write(link, System.Text.Encoding.UTF8.GetBytes(contents));
            Assert.Equal(contents, File.ReadAllText(file));
        }

        Assert.Equal(file, new FileInfo(link).LinkTarget);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void A_file_that_cannot_be_made_is_refused_by_the_name_that_was_given()
    {
        IOException problem = Assert.Throws<IOException>(() => WholeFile.Probe("/proc/x.json"));
        Assert.Equal("No file can be made in '/proc'.", problem.Message);
        string missing = Path.Combine(_folder, "none", "x.json");
        problem = Assert.Throws<IOException>(() => WholeFile.Probe(missing));
        Assert.Equal($"Could not find a part of the path '{missing}'.", problem.Message);
        problem = Assert.Throws<IOException>(() => WholeFile.Write(missing, "gone"u8));
        Assert.Equal($"Could not find a part of the path '{missing}'.", problem.Message);
    }

    [Fact]
    public void A_device_is_written_to_and_stays_one()
    {
        WholeFile.Probe("/dev/null");
        WholeFile.Write("/dev/null", "gone"u8);
        Assert.Equal("", File.ReadAllText("/dev/null"));
        Assert.DoesNotContain("/dev/null.", string.Join(' ', Directory.GetFiles("/dev")), StringComparison.Ordinal);
    }
}
