using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Preload.Tests.Programs;

/// <summary>
/// Small programs stay small: what the library adds to the resident memory of a C program at its end, by the page tables (<c>footprint.c</c>). Means, since the place of the libraries, which differs from run to run,
/// decides how many pages the kernel maps around each that is touched: up to 300 KiB more or less.
/// </summary>
public sealed class FootprintTests(ITestOutputHelper output)
{
    /// <summary>A block in each of 40 classes for each thread.</summary>
    [NativeTheory(NativeNeed.Tracing)]
    [InlineData("hello", 150, 150)]
    [InlineData("threads 16", 10, 2560)]
    [InlineData("threads 1000", 3, 150 * 1024)]
    public void ASmallProgramStaysSmall(string program, int runs, int mostKibibytes)
    {
        string footprint = NativeToolchain.Compiled("footprint");
        string[] arguments = ["end", footprint, .. program.Split(' ')];
        List<double> without = [], with = [];
        for (int i = 0; i < runs; i++)
        {
            without.Add(Resident(footprint, arguments, ""));
            with.Add(Resident(footprint, arguments, LibraryUnderTest.Path));
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

    private static double Resident(string footprint, string[] arguments, string library)
    {
        NativeResult result = NativeProcess.Run(footprint, arguments, [("FOOTPRINT_PRELOAD", library)], TimeSpan.FromMinutes(1));
        Assert.True(result.ExitCode == 0, result.ToString());
        return double.Parse(result.Error.TrimEnd().Split('\n')[^1], CultureInfo.InvariantCulture);
    }
}
