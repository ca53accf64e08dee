using System;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Tests.Model;

/// <summary>The API against a shadow heap: a thousand sequences of at least two hundred operations, four at a time.</summary>
[Collection(QuiescentHeap.Name)]
public sealed class HeapModelTests(ITestOutputHelper output)
{
    private const int FixedCases = 50, RandomCases = 100;

    [Theory]
    [InlineData(1, 3)]
    [InlineData(20, 71)]
    [InlineData(0xC0FFEE, 0x9E3779B97F4A7C15)]
    public void FixedSeedsAgreeWithTheModel(ulong seed, ulong gamma) => Check(new HakMemSubject(), FixedCases, seed, gamma);

    [Fact]
    public void ARandomSeedAgreesWithTheModel()
    {
        ulong seed = (ulong)Random.Shared.NextInt64(), gamma = (ulong)Random.Shared.NextInt64() | 1;
        output.WriteLine($"seed {seed}, gamma {gamma}");
        Console.WriteLine($"HeapModelTests: random seed {seed}, gamma {gamma}");
        Check(new HakMemSubject(), RandomCases, seed, gamma);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(0xF00D, 0x9E3779B97F4A7C15)]
    public void FreeListsInFrontAgreeWithTheModel(ulong seed, ulong gamma) => Check(new ListSubject(), FixedCases, seed, gamma);

    [Theory]
    [InlineData(5, 7)]
    [InlineData(0xBEEF, 0x9E3779B97F4A7C15)]
    public void AHeapOfOnesOwnAgreesWithTheModel(ulong seed, ulong gamma)
    {
        using HakHeapSubject subject = new();
        Check(subject, 25, seed, gamma);
    }

    [Fact]
    public void APlainAllocatorAgreesWithTheModel()
    {
        using ReferenceSubject subject = new();
        Check(subject, 5, 7, 9);
    }

    [Fact]
    public void AnOverlapIsFound() => AssertFound(new OverlappingSubject(), "overlap: block");

    [Fact]
    public void ALostBlockIsFound() => AssertFound(new LosingSubject(), "lost blocks: in use before");

    [Fact]
    public void UnzeroedMemoryIsFound() => AssertFound(new UnzeroedSubject(), "not zeroed: 0x");

    [Fact]
    public void AMisalignedBlockIsFound() => AssertFound(new MisaligningSubject(), "misaligned: 0x");

    [Fact]
    public void LostContentsAreFound() => AssertFound(new ForgetfulSubject(), "contents lost in realloc");

    /// <summary>Which check of the block comes first is up to the threads.</summary>
    [Fact]
    public void ChangedContentsAreFound() => AssertFound(new ScribblingSubject(), "contents changed: block", "contents lost in realloc");

    private static void AssertFound(ReferenceSubject subject, params string[] messages)
    {
        using (subject)
        {
            string failure = Assert.ThrowsAny<Exception>(() => Check(subject, 20, 7, 9)).ToString();
            Assert.True(Array.Exists(messages, message => failure.Contains(message, StringComparison.Ordinal)), failure);
        }
    }

    private static void Check(IHeapSubject subject, int cases, ulong seed, ulong gamma)
        => Prop.ForAll(OperationGenerator.Cases, drawn => HeapModel.Run(subject, drawn.Sequences))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(cases).WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed, gamma), null))));
}
