using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace HakMem.Faults;

/// <summary>What the options do; the parent sets them in the environment.</summary>
internal static unsafe class OptionUses
{
    private const ulong Mib = 1 << 20;

    private static readonly nuint[] s_sizes = [64, 1000, 20_000, 300_000, 3 << 20];

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["options"] = Show,

        // By the program itself, before the first use.
        ["options-set"] = () =>
        {
            Environment.SetEnvironmentVariable("HAKMEM_PURGE_DELAY", "5");
            Show();
        },
        ["options-unset"] = () =>
        {
            Environment.SetEnvironmentVariable("HAKMEM_PURGE_DELAY", null);
            Show();
        },
        ["options-set-objects"] = () =>
        {
            AppContext.SetData("HakMem.PurgeDelay", 70);
            AppContext.SetData("HakMem.Purge", false);
            Show();
        },

        ["options-configured"] = () =>
        {
            AppContext.SetData("HakMem.PurgeDelay", 70);
            AppContext.SetData("HakMem.GcTrim", false);
            HakMemOptions.Configure(new HakMemSettings { PurgeDelay = TimeSpan.FromMilliseconds(80), SoftLimit = 3 * Mib, HardLimit = 64 * Mib, HugePages = Boxes.HugePagePolicy.Never });
            Refused("were set before");
            Show();
            Refused("were set before");
        },
        ["options-configured-late"] = () =>
        {
            HakMemory.Free(HakMemory.Alloc(8));
            Refused("in use already");
            Show();
        },
        ["options-configured-read"] = () =>
        {
            _ = HakMemOptions.Current;
            Refused("in use already");
            Show();
        },
        ["options-configured-limit"] = () =>
        {
            HakMemOptions.Configure(new HakMemSettings { HardLimit = 16 * Mib });
            void* block = HakMemory.Alloc(12 << 20);
            if (HakMemory.TryAlloc(8 << 20, out _)) throw new InvalidOperationException("beyond the limit");
            HakMemory.Free(block);
        },

        // DOTNET_GCHighMemPercent=1 and HAKMEM_PURGE=false: nothing but a full collection gives memory back
        ["gc-trim"] = () =>
        {
            (ulong before, ulong after) = CollectAfterABurst();
            if (after > before / 4) throw new InvalidOperationException($"{before} bytes became {after}");
        },
        ["gc-trim-kept"] = () =>
        {
            (ulong before, ulong after) = CollectAfterABurst();
            if (after < before) throw new InvalidOperationException($"{before} bytes became {after}");
        },

        // HAKMEM_PURGE_DELAY and DOTNET_GCHighMemPercent small
        ["hosted-reset"] = HostedAllocator.ResetRepeatedly,

        // HAKMEM_HARD_LIMIT of about 32M
        ["hard-limit"] = () =>
        {
            foreach (nuint size in s_sizes)
            {
                for (int round = 0; round < 2; round++) FillUp(size);
            }

            ResizeNearTheLimit();
        },

        // HAKMEM_SOFT_LIMIT=16M
        ["soft-limit"] = () =>
        {
            List<ulong> told = [];
            HakMemory.MemoryPressure += told.Add;
            HakMemory.MemoryPressure += _ => throw new InvalidOperationException("not the allocation's business");
            List<nint> blocks = [];
            for (int i = 0; i < 5000; i++) blocks.Add((nint)HakMemory.Alloc(4096));   // 20 MiB: past the limit, but not refused
            if (told.Count == 0 || told.Any(bytes => bytes <= 16 * Mib)) throw new InvalidOperationException($"told of {string.Join(' ', told)}");
            foreach (nint block in blocks) HakMemory.Free((void*)block);
            ulong purged = HakMemory.GetStatistics().PurgedBytes;
            System.Threading.Thread.Sleep(150);
            HakMemory.Free(HakMemory.Alloc(18 << 20));   // what the blocks left is given back first
            if (HakMemory.GetStatistics().PurgedBytes < purged + (8 * Mib)) throw new InvalidOperationException($"purged {HakMemory.GetStatistics().PurgedBytes}, before {purged}");
        },

        // HAKMEM_SOFT_LIMIT=16M: the handler frees and allocates blocks of the very size that is asked for.
        ["pressure-handler"] = () =>
        {
            Stack<nint> spare = [];
            List<nint> held = [];
            int calls = 0;
            for (int i = 0; i < 300; i++) spare.Push((nint)HakMemory.Alloc(2048));
            HakMemory.MemoryPressure += _ =>
            {
                calls++;
                for (int i = 0; i < 10; i++) held.Add((nint)HakMemory.Alloc(2048));
                for (int i = 0; i < 13 && spare.Count != 0; i++) HakMemory.Free((void*)spare.Pop());
            };
            for (int i = 0; i < 40; i++)
            {
                for (int j = 0; j < 500; j++) held.Add((nint)HakMemory.Alloc(2048));
                System.Threading.Thread.Sleep(20);
            }

            if (calls < 3) throw new InvalidOperationException($"the handler was called {calls} times");
            if (held.Concat(spare).Distinct().Count() != held.Count + spare.Count) throw new InvalidOperationException("a block was handed out twice");
            ulong inUse = HakMemory.GetStatistics().InUseBlocks;
            if (inUse != (ulong)(held.Count + spare.Count)) throw new InvalidOperationException($"{inUse} blocks in use, {held.Count + spare.Count} held");
        },

        // HAKMEM_SOFT_LIMIT=8M: the handler uses the arena that asks for a page.
        ["pressure-arena"] = () =>
        {
            using HakArena arena = new();
            int calls = 0;
            ulong taken = 0;
            HakMemory.MemoryPressure += _ =>
            {
                calls++;
                Take(300_000);
            };
            for (int i = 0; i < 60; i++)
            {
                Take(500_000);
                System.Threading.Thread.Sleep(10);
            }

            if (calls == 0) throw new InvalidOperationException("there was no pressure");
            if (arena.HeldBytes < taken) throw new InvalidOperationException($"{taken} bytes taken, {arena.HeldBytes} held");
            arena.Dispose();
            AssertNothingInUse();

            void Take(nuint bytes)
            {
                NativeMemory.Fill(arena.Alloc(bytes), bytes, 1);
                taken += bytes;
            }
        },

        // The same: it disposes of it.
        ["pressure-arena-gone"] = () =>
        {
            using HakArena arena = new();
            HakMemory.MemoryPressure += _ => arena.Dispose();
            bool refused = false;
            for (int i = 0; i < 60 && !refused; i++)
            {
                try
                {
                    NativeMemory.Fill(arena.Alloc(500_000), 500_000, 1);
                }
                catch (ObjectDisposedException)
                {
                    refused = true;
                }
            }

            if (!refused) throw new InvalidOperationException("the arena served after its end");
            if (arena.HeldBytes != 0) throw new InvalidOperationException($"{arena.HeldBytes} bytes held after its end");
            AssertNothingInUse();
        },
    };

    private static void AssertNothingInUse()
    {
        ulong inUse = HakMemory.GetStatistics().InUseBlocks;
        if (inUse != 0) throw new InvalidOperationException($"{inUse} blocks in use");
    }

    private static void Refused(string why)
    {
        try
        {
            HakMemOptions.Configure(new HakMemSettings { PurgeDelay = TimeSpan.FromMilliseconds(1) });
        }
        catch (InvalidOperationException refusal) when (refusal.Message.Contains(why, StringComparison.Ordinal))
        {
            return;
        }

        throw new InvalidOperationException("Configure was not refused as it should be");
    }

    private static void Show()
    {
        HakMemory.Free(HakMemory.Alloc(8));
        HakMemOptions options = HakMemOptions.Current;
        Console.WriteLine(FormattableString.Invariant(
            $"{options.PurgeDelay.TotalMilliseconds} {options.Purge} {options.GcTrim} {options.SoftLimit} {options.HardLimit} {options.HugePages} {options.Prefault} {options.PreZero}"));
    }

    private static (ulong Before, ulong After) CollectAfterABurst()
    {
        nint[] blocks = new nint[4000];
        for (int round = 0; round < 2; round++)
        {
            // The second time after the first trim: it is not the last one.
            for (int i = 0; i < blocks.Length; i++) *(byte*)(blocks[i] = (nint)HakMemory.Alloc(8192)) = 1;
            foreach (nint block in blocks) HakMemory.Free((void*)block);
            ulong before = HakMemory.GetStatistics().CommittedBytes;
            if (before < 24 * Mib) throw new InvalidOperationException($"only {before} bytes are committed");
            GC.Collect();
            GC.WaitForPendingFinalizers();
            ulong after = HakMemory.GetStatistics().CommittedBytes;
            if (round == 1) return (before, after);
        }

        return default;
    }

    private static void FillUp(nuint size)
    {
        List<nint> blocks = [];
        while (HakMemory.TryAlloc(size, out void* block))
        {
            *(nint*)block = (nint)block;
            blocks.Add((nint)block);
            if (blocks.Count > 1_000_000) throw new InvalidOperationException("no limit");
        }

        HakMemStatistics full = HakMemory.GetStatistics();
        if (full.CommittedBytes > HakMemOptions.Current.HardLimit) throw new InvalidOperationException($"blocks of {size}: beyond the limit: {full}");
        if (full.InUseBytes < 24 * Mib) throw new InvalidOperationException($"blocks of {size}: refused too early: {full}");
        try
        {
            HakMemory.Alloc(8 << 20);
            throw new InvalidOperationException($"8 MiB more beside {full}");
        }
        catch (OutOfMemoryException)
        {
        }

        foreach (nint block in blocks)
        {
            if (*(nint*)block != block) throw new InvalidOperationException("contents changed");
            HakMemory.Free((void*)block);
        }
    }

    // Growth counts, not the new size: a block that shrinks, or grows by little, needs no room for a copy.
    private static void ResizeNearTheLimit()
    {
        HakMemory.Trim();
        byte* block = (byte*)HakMemory.Alloc(20 << 20);
        block[0] = 1;
        block = (byte*)HakMemory.Realloc(block, 16 << 20);
        block = (byte*)HakMemory.Realloc(block, 28 << 20);
        if (block[0] != 1) throw new InvalidOperationException("contents lost");
        if (HakMemory.TryRealloc(block, 40 << 20, out _)) throw new InvalidOperationException("grown beyond the limit");
        HakMemory.Free(block);
    }
}
