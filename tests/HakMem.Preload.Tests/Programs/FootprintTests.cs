using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Preload.Tests.Programs;

/// <summary>
/// Small programs stay small: what the library adds to the resident memory of a C program at its end, by the page tables (<c>footprint.c</c>). The mean of all places that libraries can have within
/// 64 KiB, which decide how many of their pages come along: the same each time.
/// </summary>
public sealed class FootprintTests(ITestOutputHelper output)
{
    private const int Places = 16;

    /// <summary>A block in each of 40 classes for each thread.</summary>
    [NativeTheory(NativeNeed.Tracing)]
    [InlineData("hello", 150)]
    [InlineData("threads 16", 2560)]
    [InlineData("threads 1000", 150 * 1024)]
    public void ASmallProgramStaysSmall(string program, int mostKibibytes)
    {
        string footprint = NativeToolchain.Compiled("footprint");
        string[] arguments = ["end", footprint, .. program.Split(' ')];
        List<double> without = [], with = [];
        for (int place = 0; place < Places; place++)
        {
            without.Add(Resident(footprint, arguments, place, ""));
            with.Add(Resident(footprint, arguments, place, LibraryUnderTest.Path));
        }

        double added = with.Average() - without.Average();
        output.WriteLine($"{program}: {without.Average():F0} KiB without, {added:F0} more with the library");
        Assert.InRange(added, 1, mostKibibytes);
    }

    [NativeFact(NativeNeed.Tracing)]
    public void AProgramWithoutTheLibraryIsNotMeasuredAsOneWithIt()
    {
        string footprint = NativeToolchain.Compiled("footprint");
        NativeResult result = NativeProcess.Run(footprint, ["end", footprint, "hello"], [("FOOTPRINT_PRELOAD", "/nowhere/libhakmem.so")], TimeSpan.FromMinutes(1));
        Assert.Equal(9, result.ExitCode);
        Assert.Contains("/nowhere/libhakmem.so is not in the process", result.Error, StringComparison.Ordinal);
    }

    /// <summary>The larger of what is started counts, by its page tables, and the program's exit code is kept.</summary>
    [NativeFact(NativeNeed.Tracing)]
    public void TheExactPeakIsThatOfWhatAProgramStarts()
    {
        string footprint = NativeToolchain.Compiled("footprint");
        double shell = Exact("exit 7", 7), threads = Exact($"{footprint} threads 100; exit 7", 7), alone = Resident(footprint, ["end", footprint, "threads", "100"], 0, "");
        output.WriteLine($"{shell} KiB a shell, {threads} with 100 threads, {alone} these at their end");
        Assert.InRange(threads, shell + 400, double.MaxValue);
        Assert.InRange(threads, alone - 64, alone + 256);

        double Exact(string command, int code)
        {
            NativeResult result = NativeProcess.Run(footprint, ["exact", "/bin/sh", "-c", command], [("FOOTPRINT_SHIFT", "0")], TimeSpan.FromMinutes(1));
            Assert.Equal(code, result.ExitCode);
            return double.Parse(result.Error.TrimEnd().Split('\n')[^1], CultureInfo.InvariantCulture);
        }
    }

    private static double Resident(string footprint, string[] arguments, int place, string library)
    {
        NativeResult result = NativeProcess.Run(footprint, arguments, [("FOOTPRINT_SHIFT", $"{place}"), ("FOOTPRINT_PRELOAD", library)], TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        return double.Parse(result.Error.TrimEnd().Split('\n')[^1], CultureInfo.InvariantCulture);
    }
}
