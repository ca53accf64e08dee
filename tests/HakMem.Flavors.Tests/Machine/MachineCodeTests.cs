using System;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Flavors.Tests;

/// <summary>Runs only when this assembly was compiled with optimizations: the JIT's last word on unoptimized code says nothing.</summary>
public sealed class OptimizedTheoryAttribute : TheoryAttribute
{
    public OptimizedTheoryAttribute()
    {
        if (typeof(ProbeProgram).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true }) Skip = "compiled without optimizations";
    }
}

/// <summary>The release composition's machine code is that of a copy whose author never heard of diagnostics; and every switch shows where it should.</summary>
public class MachineCodeTests(ITestOutputHelper output)
{
    private static readonly Lazy<MachineCode[]> s_pair = new(static () => MachineCode.Of("Release", "HandStripped"));

    [OptimizedTheory]
    [InlineData("Alloc", 36)]
    [InlineData("Free", 45)]
    [InlineData("FindAndAllocSlow", 0)]
    [InlineData("FreeRest", 0)]
    [InlineData("AllocSlow", 0)]
    [InlineData("TryAllocSlow", 0)]
    [InlineData("Serve", 0)]
    [InlineData("Refill", 0)]
    [InlineData("Fill", 0)]
    [InlineData("TakeFree", 0)]
    [InlineData("Carve", 0)]
    [InlineData("FreeSlow", 0)]
    [InlineData("Flush", 0)]
    [InlineData("GiveBack", 0)]
    [InlineData("PutRun", 0)]
    [InlineData("Merge", 0)]
    [InlineData("Settle", 0)]
    public void ReleaseIsTheHandStrippedCopyInstructionByInstruction(string method, int instructions)
    {
        string[] release = s_pair.Value[0][method], stripped = s_pair.Value[1][method];
        output.WriteLine($"{method}: {release.Length} instructions\n{string.Join('\n', release)}");
        Assert.Equal(stripped, release);
        if (instructions != 0) Assert.Equal(instructions, release.Length);
    }

    /// <summary>For each switch the methods whose code it changes; the code of the other hot method stays as it is.</summary>
    [OptimizedTheory]
    [InlineData("DebugCounters", "Free Refill Fill Flush")]
    [InlineData("SizeHistogram", "Free Serve Refill Flush")]
    [InlineData("Poison", "Alloc Free Refill Carve Flush")]
    [InlineData("DoubleFreeCheck", "Alloc Free Refill Flush")]
    [InlineData("ZeroOnFree", "Free Flush")]
    [InlineData("FreelistValidation", "Refill TakeFree Carve Flush GiveBack")]
    [InlineData("PageFaultTelemetry", "Carve")]
    [InlineData("LockStats", "Refill Flush")]
    [InlineData("SchedulePerturbation", "Refill Flush")]
    [InlineData("WarmPoolStats", "")]
    public void ASwitchChangesTheCodeThatItIsWovenInto(string name, string changed)
    {
        MachineCode release = s_pair.Value[0], with = MachineCode.Of(name)[0];
        foreach (string method in changed.Split(' ', StringSplitOptions.RemoveEmptyEntries)) Assert.True(!release[method].SequenceEqual(with[method]), $"{method} does not show {name}");
        foreach (string method in MachineCode.HotMethods.Except(changed.Split(' '))) Assert.Equal(release[method], with[method]);
    }

    [OptimizedTheory]
    [InlineData("Alloc")]
    [InlineData("Free")]
    public void ADiagnosticLeftInTheFrontIsSeen(string method) => Assert.NotEqual(s_pair.Value[1][method], MachineCode.Of("Leaky")[0][method]);
}
