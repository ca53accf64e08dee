using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using Xunit;

namespace HakMem.Boxes.Tests;

/// <summary>The preloaded library's hit paths read stretches of zeros as the core of a heap with nothing in it. Assembly cannot ask how long that is.</summary>
public class StandInTests
{
    [Fact]
    public void The_stand_ins_are_as_long_as_the_core_of_a_heap()
    {
        const int Count = 4, Step = 64;   // ThreadSlot.cs
        string assembly = File.ReadAllText(Path.Combine(Repository.Root, "src", "HakMem.Preload", "Native", "Trampolines.S"));
        string bytes = Regex.Match(assembly, @"^hm_no_heap:\s+\.zero\s+(\d+)", RegexOptions.Multiline).Groups[1].Value;
        Assert.InRange(int.Parse(bytes, CultureInfo.InvariantCulture), ThreadHeap.Size + ((Count - 1) * Step), int.MaxValue);
    }
}
