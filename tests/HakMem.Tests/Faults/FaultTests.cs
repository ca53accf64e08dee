using System;
using System.Linq;
using HakMem.Tests.Support;
using Xunit;

namespace HakMem.Tests.Faults;

/// <summary>Each misuse ends a child process by SIGABRT with one line that names what is wrong and the address. The table is in docs/threat-model.md.</summary>
public sealed class FaultTests
{
    private const string NotAllocated = "free of an address that is not allocated: 0x";
    private const string Interior = "free of an address inside a block: 0x";
    private const string DoubleFree = "double free of the block at 0x";
    private const string UseAfterFree = "use of the freed block at 0x";
    private const string Other = "free of a block of another allocator: 0x";

    [Theory]
    [InlineData("foreign-stack", NotAllocated)]
    [InlineData("foreign-stack-after-big", NotAllocated)]
    [InlineData("foreign-native", NotAllocated)]
    [InlineData("foreign-low", NotAllocated)]
    [InlineData("foreign-high", NotAllocated)]
    [InlineData("foreign-reserved", NotAllocated)]
    [InlineData("foreign-next-superslab", NotAllocated)]
    [InlineData("never-handed-out", NotAllocated)]
    [InlineData("other-tiny", Other)]
    [InlineData("other-mid", Other)]
    [InlineData("other-large", Other)]
    [InlineData("other-big", Other)]
    [InlineData("other-reverse", Other)]
    [InlineData("other-reverse-mid", Other)]
    [InlineData("other-reverse-large", Other)]
    [InlineData("other-reverse-big", Other)]
    [InlineData("other-batch", Other)]
    [InlineData("other-local-heap", Other)]
    [InlineData("other-thread", Other)]
    [InlineData("other-heap-tiny", Other)]
    [InlineData("other-heap-large", Other)]
    [InlineData("other-heap-big", Other)]
    [InlineData("other-in-heap-tiny", Other)]
    [InlineData("other-in-heap-large", Other)]
    [InlineData("other-in-heap-big", Other)]
    [InlineData("other-budget", Other)]
    [InlineData("other-budget-large", Other)]
    [InlineData("other-in-budget", Other)]
    [InlineData("other-in-budget-big", Other)]
    [InlineData("interior-tiny", Interior)]
    [InlineData("interior-mid", Interior)]
    [InlineData("interior-mid-other-chunk", Interior)]
    [InlineData("interior-large", Interior)]
    [InlineData("interior-large-chunk", Interior)]
    [InlineData("interior-big", Interior)]
    [InlineData("interior-odd", Interior)]
    [InlineData("interior-batch", Interior)]
    [InlineData("interior-local-heap", Interior)]
    [InlineData("interior-full-stack", Interior)]
    [InlineData("interior-remote", Interior)]
    public void ABadPointerIsNamed(string fault, string message) => AssertFatal(fault, message);

    [Theory]
    [InlineData("twice-in-stack", DoubleFree)]
    [InlineData("twice-in-stack-apart", DoubleFree)]
    [InlineData("twice-in-stack-mid", DoubleFree)]
    [InlineData("twice-in-batch", DoubleFree)]
    [InlineData("twice-in-full-stack", DoubleFree)]
    [InlineData("twice-across-flush", DoubleFree)]
    [InlineData("twice-slab-retired", NotAllocated)]
    [InlineData("twice-large", NotAllocated)]
    [InlineData("twice-large-after-trim", NotAllocated)]
    [InlineData("twice-big", NotAllocated)]
    [InlineData("twice-big-uncached", NotAllocated)]
    [InlineData("twice-aligned", NotAllocated)]
    [InlineData("twice-zero-size", DoubleFree)]
    [InlineData("twice-with-size", DoubleFree)]
    [InlineData("twice-in-table", DoubleFree)]
    [InlineData("twice-sent", DoubleFree)]
    [InlineData("twice-sent-in-batches", DoubleFree)]
    [InlineData("twice-collected", DoubleFree)]
    [InlineData("twice-flushed-after-collect", DoubleFree)]
    [InlineData("twice-slab-gone", DoubleFree)]
    [InlineData("twice-slab-recut", DoubleFree)]
    [InlineData("twice-large-threads", NotAllocated)]
    [InlineData("twice-big-threads", NotAllocated)]
    [InlineData("twice-after-owner-ended", DoubleFree)]
    public void ADoubleFreeIsNamed(string fault, string message) => AssertFatal(fault, message);

    [Theory]
    [InlineData("realloc-native", NotAllocated)]
    [InlineData("realloc-reserved", NotAllocated)]
    [InlineData("realloc-interior-tiny", Interior)]
    [InlineData("realloc-interior-mid", Interior)]
    [InlineData("realloc-interior-large", Interior)]
    [InlineData("realloc-interior-big", Interior)]
    [InlineData("realloc-other", Other)]
    [InlineData("realloc-other-big", Other)]
    [InlineData("realloc-other-large", Other)]
    [InlineData("realloc-other-aligned", Other)]
    [InlineData("realloc-other-reverse", Other)]
    [InlineData("realloc-other-reverse-big", Other)]
    [InlineData("realloc-other-heap", Other)]
    [InlineData("realloc-other-in-heap", Other)]
    [InlineData("usable-other-big", Other)]
    [InlineData("realloc-freed-large", NotAllocated)]
    [InlineData("realloc-freed-big", NotAllocated)]
    [InlineData("aligned-realloc-interior", Interior)]
    [InlineData("aligned-free-interior", Interior)]
    [InlineData("usable-native", NotAllocated)]
    [InlineData("usable-interior-tiny", Interior)]
    [InlineData("usable-interior-large", Interior)]
    [InlineData("usable-interior-big", Interior)]
    [InlineData("usable-other", Other)]
    [InlineData("usable-freed-large", NotAllocated)]
    [InlineData("usable-freed-big", NotAllocated)]
    public void ABadPointerToReallocOrUsableSizeIsNamed(string fault, string message) => AssertFatal(fault, message);

    [Theory]
    [InlineData("heap-destroyed-tiny", NotAllocated)]
    [InlineData("heap-destroyed-mid", NotAllocated)]
    [InlineData("heap-destroyed-large", NotAllocated)]
    [InlineData("heap-destroyed-big", NotAllocated)]
    [InlineData("heap-destroyed-thread", NotAllocated)]
    [InlineData("heap-destroyed-other-heap", NotAllocated)]
    [InlineData("heap-destroyed-realloc", NotAllocated)]
    [InlineData("heap-twice", DoubleFree)]
    [InlineData("heap-twice-remote", DoubleFree)]
    [InlineData("heap-interior", Interior)]
    public void AWrongUseOfAHeapIsNamed(string fault, string message) => AssertFatal(fault, message);

    /// <summary>A composition with free lists in front, from a fixed range.</summary>
    [Theory]
    [InlineData("listed-link", "corrupted records of the block at 0x")]
    [InlineData("listed-twice", DoubleFree)]
    [InlineData("listed-foreign", NotAllocated)]
    public void AFaultInAFreeListIsNamed(string fault, string message) => AssertFatal(fault, message);

    /// <summary>The limits that docs/threat-model.md admits for the release flavor.</summary>
    [Theory]
    [InlineData("reused-tiny")]
    [InlineData("reused-large")]
    [InlineData("write-after-free")]
    public void WhatReleaseCannotSeeDoesNotEndTheProcess(string fault) => AssertAlive(fault);

    /// <summary>What guards see that are compiled in by flavor or switch; without them the process goes on, or ends by what every build sees.</summary>
    [Theory]
    [InlineData("realloc-freed-tiny", "DoubleFreeCheck", UseAfterFree, DoubleFree)]
    [InlineData("interior-reused", "DoubleFreeCheck", Interior)]
    [InlineData("guard-twice", "DoubleFreeCheck", DoubleFree)]
    [InlineData("guard-twice-batch", "DoubleFreeCheck", DoubleFree)]
    [InlineData("guard-twice-heap", "DoubleFreeCheck", DoubleFree)]
    [InlineData("guard-twice-then-thread", "DoubleFreeCheck", DoubleFree)]
    [InlineData("guard-thread-then-owner", "DoubleFreeCheck", DoubleFree)]
    [InlineData("guard-interior", "DoubleFreeCheck", Interior)]
    [InlineData("guard-never-handed-out", "DoubleFreeCheck", NotAllocated)]
    [InlineData("guard-usable-freed", "DoubleFreeCheck", UseAfterFree)]
    [InlineData("guard-write-after-free", "Poison", "write after free of the block at 0x{0} of class 4, 64 bytes: at offset 12 is 0x1 instead of 0xdb")]
    [InlineData("guard-write-after-free-mid", "Poison", "write after free of the block at 0x{0} of class 66, 16384 bytes: at offset 16383 is 0x1 instead of 0xdb")]
    [InlineData("guard-write-after-free-thread", "Poison", "write after free of the block at 0x{0} of class 32, 1024 bytes: at offset 0 is 0x1 instead of 0xdb")]
    [InlineData("guard-write-after-free-heap", "Poison", "write after free of the block at 0x{0} of class 32, 1024 bytes: at offset 5 is 0x1 instead of 0xdb")]
    [InlineData("guard-size-above", "FreelistValidation", "free of the block at 0x{0} with the size 5000: it has 64")]
    [InlineData("guard-size-below", "FreelistValidation", "free of the block at 0x{0} with the size 100: it has 896")]
    public void AGuardSeesMore(string fault, string guard, string message, string? without = null)
    {
        if (DefaultAllocator.Features.Split(", ").Contains(guard)) AssertFatal(fault, message);
        else if (without != null) AssertFatal(fault, without);
        else AssertAlive(fault);
    }

    /// <summary>What a freed block held is gone where the guard is compiled in.</summary>
    [Theory]
    [InlineData("erase-tiny")]
    [InlineData("erase-mid")]
    [InlineData("erase-large")]
    [InlineData("erase-big")]
    [InlineData("erase-thread")]
    public void FreedMemoryIsCleared(string use)
    {
        ChildProcess child = ChildProcess.Run(use);
        Assert.Equal(string.Empty, child.Error);
        Assert.Equal(0, child.ExitCode);
        Assert.StartsWith(DefaultAllocator.Features.Contains("ZeroOnFree", StringComparison.Ordinal) ? "cleared" : DefaultAllocator.Features.Contains("Poison", StringComparison.Ordinal) ? "" : "kept", child.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aligned-zero-size")]
    [InlineData("default-local-heap")]
    public void RareButValidUseWorks(string use) => AssertAlive(use);

    /// <summary>The operating system refuses address space or memory: null or an exception, nothing lost, and the heap works on afterwards.</summary>
    [SystemTheory(SystemNeeds.Linux | SystemNeeds.Kernel)]
    [InlineData("no-range")]
    [InlineData("little-room-100")]
    [InlineData("little-room-160")]
    [InlineData("little-room-256")]
    [InlineData("memory-runs-out-tiny")]
    [InlineData("memory-runs-out-mid")]
    [InlineData("memory-runs-out-large")]
    [InlineData("memory-runs-out-big")]
    public void ARefusalOfTheSystemIsSurvived(string limit) => AssertAlive(limit);

    [Fact]
    public void AnUnknownCaseIsAUsageError() => Assert.Equal(2, ChildProcess.Run("no-such-case").ExitCode);

    private static void AssertFatal(string fault, string message)
    {
        ChildProcess child = ChildProcess.Run(fault);
        string said = child.Output.Trim();
        Assert.NotEmpty(said);
        string address = said[(said.LastIndexOf('\n') + 1)..];
        Assert.Equal($"hakmem: {(message.Contains("{0}", StringComparison.Ordinal) ? message.Replace("{0}", address, StringComparison.Ordinal) : message + address)}\n", child.Error);
        Assert.Equal(ChildProcess.Aborted, child.ExitCode);
    }

    private static void AssertAlive(string fault)
    {
        ChildProcess child = ChildProcess.Run(fault);
        Assert.Equal(string.Empty, child.Error);
        Assert.EndsWith("alive", child.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(0, child.ExitCode);
    }
}
