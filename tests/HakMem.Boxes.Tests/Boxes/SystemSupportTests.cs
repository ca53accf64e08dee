using System;
using System.Globalization;
using Xunit;

namespace HakMem.Boxes.Tests;

public class SystemSupportTests
{
    [Fact]
    public void The_system_of_this_process_is_supported() => Assert.True(SystemSupport.IsSupported);

    /// <summary>What stands in the exception names what is needed and what there is.</summary>
    [Theory]
    [InlineData(false, 8, 0, "this is Plan 9 with 64-bit addresses and pages of {0}.")]
    [InlineData(true, 4, 0, "this is Plan 9 with 32-bit addresses and pages of {0}.")]
    [InlineData(true, 8, 2048, "this is Plan 9 with 64-bit addresses and pages of 2048.")]
    [InlineData(true, 8, 131072, "this is Plan 9 with 64-bit addresses and pages of 131072.")]
    [InlineData(true, 8, 0, null)]
    public void Another_system_is_refused_with_its_name(bool known, int pointerBytes, int pageBytes, string? part)
    {
        if (pageBytes == 0) pageBytes = Environment.SystemPageSize;
        string? text = SystemSupport.Refusal(known, pointerBytes, pageBytes, "Plan 9");
        if (part == null) Assert.Null(text);
        else Assert.Contains("needs 64-bit Linux or Windows with memory pages of 4096 bytes, on ARM64 of up to 65536; " + string.Format(CultureInfo.InvariantCulture, part, pageBytes), text, StringComparison.Ordinal);
    }
}
