using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>HKM1004 and HKM1005, and what holds for all rules about blocks.</summary>
public class WrongFreeTests
{
    [Theory]
    [InlineData("void M() { void* p = NativeMemory.Alloc(8); HakMemory.Free({|p|}); }")]
    [InlineData("void M() { nint p = Marshal.StringToHGlobalAnsi(\"x\"); p = Marshal.ReAllocHGlobal(p, 9); HakMemory.Free((void*){|p|}); }", "(void*){|p|}", "{|(void*)p|}")]
    [InlineData("void M() { nint p = Marshal.AllocHGlobal(8); HakMemory.Free((void*){|p|}); }", "(void*){|p|}", "{|(void*)p|}")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); NativeMemory.Free({|p|}); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); Marshal.FreeHGlobal({|(nint)p|}); }")]
    [InlineData("void M() { void* p = Own.Alloc(8); HakMemory.Free({|p|}); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); Own.Free({|p|}); }")]
    [InlineData("void M() { using HakArena arena = new(); void* p = arena.Alloc(8); HakMemory.Free({|p|}); }")]
    [InlineData("void M() { void* p = NativeMemory.Alloc(8); p = HakMemory.Realloc({|p|}, 9); HakMemory.Free(p); }")]
    public Task ABlockOfAnotherAllocatorIsReported(string member, string from = "", string to = "") => BlockRules.Assert("HKM1004", from.Length == 0 ? member : member.Replace(from, to));

    [Theory]
    [InlineData("void M() { byte* p = stackalloc byte[8]; HakMemory.Free({|p|}); }")]
    [InlineData("void M() { int n = 3; HakMemory.Free({|&n|}); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); HakMemory.Free({|p + 1|}); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); p++; HakMemory.Free({|p|}); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); p += 4; *p = 1; HakMemory.Free({|p|}); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); HakMemory.Free({|p + sizeof(Item)|}); }")]
    public Task WhatIsNoBlockIsReported(string member) => BlockRules.Assert("HKM1005", member);

    [Fact]
    public async Task TheMessagesNameBothSides()
    {
        Assert.Equal(["'p' is a block of 'NativeMemory.AlignedAlloc', which 'HakMemory.Free' cannot free"], await BlockRules.Assert("HKM1004", "void M() { void* p = NativeMemory.AlignedAlloc(8, 64); HakMemory.Free({|p|}); }"));
        Assert.Equal(["'p + 1' is behind the start of its block; only what an allocation returned can be freed"], await BlockRules.Assert("HKM1005", "void M() { byte* p = (byte*)HakMemory.Alloc(8); HakMemory.Free({|p + 1|}); }"));
        Assert.Equal(["'p' is on the stack; only what an allocation returned can be freed"], await BlockRules.Assert("HKM1005", "void M() { int* p = stackalloc int[8]; HakMemory.Free({|p|}); }"));
    }

    [Theory]
    [InlineData("void M(bool b) { void* p = b ? NativeMemory.Alloc(8) : HakMemory.Alloc(8); if (b) { NativeMemory.Free(p); } else { HakMemory.Free(p); } }")]
    [InlineData("void M() { void* p = NativeMemory.Alloc(8); NativeMemory.Free(p); nint q = Marshal.AllocHGlobal(8); Marshal.FreeHGlobal(q); }")]
    [InlineData("void M() { using HakHeap heap = new(); void* p = heap.Alloc(8); HakMemory.Free(p); void* q = HakMemory.Alloc(8); heap.Free(q); }")]
    [InlineData("void M() { LocalHeap heap = HakMemory.GetLocalHeap(); void* p = heap.Alloc(8); HakMemory.Free(p); }")]
    [InlineData("void M(byte* p) { HakMemory.Free(p - 16); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8) + 4; *p = 1; HakMemory.Free(p - 4); }")]
    [InlineData("void M(int n) { byte* p = (byte*)HakMemory.Alloc(8); byte* q = p + n; HakMemory.Free(q); }")]
    [InlineData("void M() { void* p = NativeMemory.Alloc(8); Marshal.FreeHGlobal((nint)p); }")]
    public Task ABlockOfTheSameAllocatorIsNot(string member) => BlockRules.AssertNone(member);

    [Fact]
    public async Task ProgramsWithoutHakMemAreLeftAlone() =>
        _ = await AnalyzerHarness.AssertReported(new BlockLifetimeAnalyzer(), "none", "using System.Runtime.InteropServices; static unsafe class C { static void M() { void* p = NativeMemory.Alloc(8); NativeMemory.Free(p); NativeMemory.Free(p); } }");

    [Fact]
    public async Task TopLevelStatementsAreLookedAt() =>
        _ = await AnalyzerHarness.AssertReported(new BlockLifetimeAnalyzer(), "HKM1001", "using HakMem; unsafe { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; }", OutputKind.ConsoleApplication);

    [Fact]
    public async Task MoreBlocksThanCanBeFollowedAreNoFault()
    {
        string body = string.Concat(Enumerable.Range(0, 70).Select(static i => $"void* p{i} = HakMemory.Alloc({i}); "));
        string frees = string.Concat(Enumerable.Range(0, 70).Select(static i => $"HakMemory.Free(p{i}); "));
        await BlockRules.AssertNone("void M() { " + body + frees + " }");
        await BlockRules.AssertNone("void M(void* p) { " + string.Concat(Enumerable.Repeat("Look(p); HakMemory.Free(p); p = s_kept; ", 70)) + " }");
    }

    /// <summary>What the pages show is not what the rules warn of. Most of it compiles only with what the generator writes.</summary>
    [Fact]
    public async Task WhatThePagesShowHasNoFault()
    {
        int blocks = 0;
        foreach (string page in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Pages"), "*.md"))
        {
            foreach (string block in File.ReadAllText(page).Split("```csharp\n").Skip(1).Select(static rest => rest.Split("```")[0]))
            {
                Assert.Empty(await AnalyzerHarness.Report(new BlockLifetimeAnalyzer(), block));
                blocks++;
            }
        }

        Assert.True(blocks > 10, $"{blocks} snippets");
        Assert.Single(await AnalyzerHarness.Report(new BlockLifetimeAnalyzer(), "using HakMem; unsafe { HakMemory.Alloc(8); Unknown(1) }"));
    }

    /// <summary>What takes exponential time, or more stack than there is, does not end.</summary>
    [Fact]
    public async Task LargeMethodsAreLookedAtInTime()
    {
        string usings = string.Concat(Enumerable.Range(0, 60).Select(static i => $"using var a{i} = new System.IO.MemoryStream(); "));
        string lambdas = string.Concat(Enumerable.Range(0, 400).Select(static i => $"Action a{i} = () => s_number++; "));
        string terms = string.Join(" + ", Enumerable.Repeat("s_number", 12_000));
        await BlockRules.AssertNone($"void M() {{ void* p = HakMemory.Alloc(8); try {{ {usings} }} catch {{ }} HakMemory.Free(p); }}").WaitAsync(TimeSpan.FromMinutes(1));
        await BlockRules.AssertNone($"void M() {{ void* p = HakMemory.Alloc(8); {lambdas} HakMemory.Free(p); }}").WaitAsync(TimeSpan.FromMinutes(1));
        await BlockRules.AssertNone($"int M() {{ void* p = HakMemory.Alloc(8); int n = {terms}; HakMemory.Free(p); return n; }}").WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void EachRuleHasAPage()
    {
        foreach (DiagnosticDescriptor rule in new BlockLifetimeAnalyzer().SupportedDiagnostics)
        {
            Assert.Contains("# " + rule.Id, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Rules", rule.Id + ".md")), StringComparison.Ordinal);
        }
    }
}
