using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using HakMem.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Boxes.Tests;

/// <summary>Runs only when this assembly was compiled with optimizations: the JIT's last word on unoptimized code says nothing.</summary>
public sealed class OptimizedFactAttribute : FactAttribute
{
    public OptimizedFactAttribute()
    {
        if (typeof(HotPathProgram).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true }) Skip = "compiled without optimizations";
        else if (Emulation.IsWine) Skip = "the JIT gives up optimizing under Wine";
        else if (RuntimeInformation.ProcessArchitecture != Architecture.X64) Skip = "reads the code of x86-64";
    }
}

/// <summary>Invariant 8: what the machine runs on a hit, as the JIT wrote it.</summary>
public class HotPathTests(ITestOutputHelper output)
{
    private const int MostInstructions = 47;

    [OptimizedFact]
    public void A_hit_makes_no_call_and_leaves_by_one()
    {
        Dictionary<string, JitListing> listings = JitListing.OfHotPaths();
        foreach (JitListing listing in listings.Values) output.WriteLine($"{listing.Method}: {listing.Instructions.Count} instructions, {listing.Calls.Length} calls, {listing.TailJumps.Length} tail jumps");

        foreach (string method in new[] { "AllocPlain", "FreePlain", "AllocConstant", "AllocNode", "AllocCell", "AllocListed", "FreeListed" })
        {
            JitListing listing = listings[method];
            string code = string.Join("\n", listing.Instructions);
            Assert.True(listing.Instructions.Count <= MostInstructions, $"{method} has {listing.Instructions.Count} instructions:\n{code}");
            Assert.True(listing.Calls.Length == 1 && listing.Calls[0].Contains("Slow", System.StringComparison.Ordinal), $"{method} calls:\n{code}");
            Assert.True(listing.TailJumps.Length == 0, $"{method} leaves by:\n{code}");
            Assert.True(listing.Atomics.Length == 0, $"{method} is atomic somewhere:\n{code}");
        }
    }

    /// <summary>The guessed class is loaded and compared, and a branch decides: what is pushed to does not wait for the block's address.</summary>
    [OptimizedFact]
    public void A_free_guesses_the_class_and_branches()
    {
        string[] code = [.. JitListing.OfHotPaths()["FreePlain"].Instructions];
        string guess = $"+0x{Marshal.OffsetOf<ThreadHeap>(nameof(ThreadHeap.GuessedClass)):X}]";
        int load = System.Array.FindIndex(code, line => line.StartsWith("mov", System.StringComparison.Ordinal) && line.EndsWith(guess, System.StringComparison.Ordinal));
        Assert.True(load > 0, string.Join("\n", code));
        Assert.StartsWith("cmp", code[load + 1]);
        Assert.StartsWith("je", code[load + 2]);
        Assert.DoesNotContain(code, static line => line.StartsWith("cmov", System.StringComparison.Ordinal));
    }

    /// <summary>A composition with an address range of its own finds the heap in the runtime's storage.</summary>
    [OptimizedFact]
    public void An_isolated_hit_calls_for_the_threads_storage_and_leaves_by_one_jump()
    {
        Dictionary<string, JitListing> listings = JitListing.OfHotPaths();
        foreach (string method in new[] { "AllocIsolated", "FreeIsolated" })
        {
            JitListing listing = listings[method];
            string code = string.Join("\n", listing.Instructions);
            Assert.True(listing.Calls.Length is 1 or 2 && listing.Calls.All(IsForStorage), $"{method} calls:\n{code}");
            Assert.True(listing.Instructions.Take(10).Contains(listing.Calls[0]), $"{method} calls something else than the thread's storage:\n{code}");
            Assert.True(listing.TailJumps.Length == 1 && listing.TailJumps[0].Contains("Slow", System.StringComparison.Ordinal), $"{method} leaves by:\n{code}");
            Assert.True(listing.Atomics.Length == 0, $"{method} is atomic somewhere:\n{code}");
        }

        // The system's, and behind it the runtime's for a thread's first access.
        static bool IsForStorage(string call) => call == "call     rax" || call.Contains("THREADSTATIC_BASE", System.StringComparison.Ordinal);
    }

    [OptimizedFact]
    public void No_size_class_is_looked_up_for_a_pool_or_a_constant_size()
    {
        Dictionary<string, JitListing> listings = JitListing.OfHotPaths();
        JitListing plain = listings["AllocPlain"];
        Assert.Contains(plain.Instructions, LoadsAByte);
        foreach (string method in new[] { "AllocConstant", "AllocNode", "AllocCell" })
        {
            JitListing pool = listings[method];
            string code = string.Join("\n", pool.Instructions);
            Assert.True(pool.Instructions.Count <= plain.Instructions.Count - 6, $"{method} has {pool.Instructions.Count} instructions, the general one {plain.Instructions.Count}:\n{code}");
            Assert.False(pool.Instructions.Any(LoadsAByte), code);
            Assert.DoesNotContain(pool.Instructions, static line => line.StartsWith("lzcnt", System.StringComparison.Ordinal));
        }

        static bool LoadsAByte(string line) => line.StartsWith("movzx", System.StringComparison.Ordinal) && line.Contains("byte", System.StringComparison.OrdinalIgnoreCase);
    }

    [OptimizedFact]
    public void Diagnostics_show_in_the_machine_code()
    {
        Dictionary<string, JitListing> listings = JitListing.OfHotPaths();
        foreach (string method in new[] { "Alloc", "Free" })
        {
            int plain = listings[method + "Plain"].Instructions.Count, diagnosed = listings[method + "Diagnosed"].Instructions.Count;
            Assert.True(diagnosed > plain, $"{method}: {plain} instructions without and {diagnosed} with diagnostics");
            Assert.DoesNotContain(listings[method + "Plain"].Instructions, static line => line.StartsWith("inc ", System.StringComparison.Ordinal));
        }

        // What is allocated follows from what is freed and moved: the way of an allocation counts nothing.
        Assert.Contains(listings["FreeDiagnosed"].Instructions, static line => line.StartsWith("inc ", System.StringComparison.Ordinal));
        Assert.DoesNotContain(listings["AllocDiagnosed"].Instructions, static line => line.StartsWith("inc ", System.StringComparison.Ordinal));
    }
}
