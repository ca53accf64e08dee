using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>HKM2002.</summary>
public class CostInHotPathTests
{
    private const string Id = "HKM2002";

    [Theory]
    [InlineData("{|while (s_n > 0) { s_n--; }|}", "a loop")]
    [InlineData("{|for (;;) { }|}", "a loop")]
    [InlineData("{|foreach (int i in s_all) { s_n += i; }|}", "a loop")]
    [InlineData("again: if (s_n-- > 0) {|goto again;|}", "a loop")]
    [InlineData("{|lock (s_all) { }|}", "a lock")]
    [InlineData("{|Monitor.Enter(s_all)|};", "a lock")]
    [InlineData("{|SpinLock.Enter<TConfig>(word)|};", "a lock")]
    [InlineData("{|Interlocked.Increment(ref s_n)|};", "an atomic")]
    [InlineData("{|Thread.MemoryBarrier()|};", "an atomic")]
    [InlineData("{|try { s_n++; } finally { s_n--; }|}", "a try block")]
    [InlineData("{|using IDisposable d = s_d;|}", "a try block")]
    [InlineData("if (s_n > 3) {|throw new Exception();|}", "a throw")]
    [InlineData("s_o = {|new object()|};", "a managed allocation")]
    [InlineData("s_o = {|new int[3]|};", "a managed allocation")]
    [InlineData("s_o = {|s_n|};", "a managed allocation")]
    [InlineData("s_o = {|$\"{s_n}\"|};", "a managed allocation")]
    [InlineData("{|Many(1, 2)|};", "a managed allocation")]
    [InlineData("Action a = {|() => s_n++|}; {|a()|};", "a managed allocation")]
    [InlineData("{|s_d.Dispose()|};", "a virtual call")]
    [InlineData("s_n = {|s_list.Count|};", "a virtual call")]
    [InlineData("{|pointer()|};", "a call through a function pointer")]
    [InlineData("void Inner() { {|Interlocked.Increment(ref s_n)|}; } Inner();", "an atomic")]
    [InlineData("string s = nameof(Alloc); {|s += \"x\" + s_n|};", "a managed allocation")]
    public async Task WhatCostsTooMuchIsReported(string statements, string cost)
    {
        string[] messages = await Assert2002($"[HotPath] static void Alloc<TConfig>(int* word, delegate*<void> pointer) where TConfig : struct, IAllocatorConfig {{ {statements} }}");

        Assert.Equal($"'Alloc' is marked [HotPath] and has {cost}; move it into the slow path", messages[0]);
    }

    [Theory]
    [InlineData("[HotPath] static bool TryPop(int** top, out void* block) { int* at = *top; if (at == null) { block = null; return false; } *top = (int*)*at; block = at; return true; }")]
    [InlineData("[HotPath] static void Alloc() { if (s_n == 0) Slow(); else s_n--; }")]
    [InlineData("[HotPath] static int Alloc() => Volatile.Read(ref s_n) + new Pair { A = 1 }.A + s_sealed.Number + nameof(s_list).Length;")]
    [InlineData("[HotPath] static void Alloc() { if (s_n == 3) goto end; s_n++; end: s_n--; }")]
    [InlineData("[HotPath] static void Alloc<T>() where T : struct, IConfig { T.OnHit(); }")]
    [InlineData("[HotPath] static ReadOnlySpan<byte> Alloc() => [1, 2, 3];")]
    [InlineData("static void Slow(int n) { while (n-- > 0) { Interlocked.Increment(ref s_n); } throw new Exception(); }")]
    [InlineData("[HotPath] static ReadOnlySpan<byte> Alloc() => new byte[] { 1, 2, 3 };")]
    [InlineData("[HotPath] static bool Alloc(DayOfWeek d) => d.HasFlag(DayOfWeek.Friday);")]
    [InlineData("[HotPath] static void Alloc(int x) => System.Diagnostics.Debug.Assert(x > 0, $\"x is {x}\");")]
    [InlineData("[HotPath] static object Alloc() => default(int?);")]
    public async Task WhatCostsLittleOrIsCalledIsNot(string method) => await Assert2002(method);

    [Fact]
    public void TheRuleHasAPage() =>
        Assert.Contains("# " + Id, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Rules", Id + ".md")), StringComparison.Ordinal);

    private static Task<string[]> Assert2002(string method) => AnalyzerHarness.AssertReported(new CostInHotPathAnalyzer(), Id, $$"""
        using System;
        using System.Collections.Generic;
        using System.Threading;
        using HakMem.Boxes;
        using SpinLock = HakMem.Boxes.SpinLock;

        interface IConfig { static abstract void OnHit(); }
        struct Pair { public int A; }
        sealed class Sealed { public override string ToString() => ""; public int Number => 3; }

        static unsafe class Gate
        {
            static int s_n;
            static object s_o;
            static int[] s_all;
            static IDisposable s_d;
            static IList<int> s_list;
            static Sealed s_sealed = new();
            static void Many(params int[] numbers) { }
            static void Slow() { }
            {{method}}
        }
        """);
}
