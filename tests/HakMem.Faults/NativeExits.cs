using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace HakMem.Faults;

/// <summary>
/// Threads that the program's native part made, and that use the allocator when they end: in the destructor of a pthread key, after the runtime has taken leave of
/// the thread and the allocator, perhaps, of its heap. The runtime itself does not survive a collection after managed code in such a destructor, with or without
/// an allocator in it: DOTNET_GCgen0size keeps it from having one.
/// </summary>
internal static unsafe class NativeExits
{
    private const int Threads = 40, Blocks = 300, Rounds = 3;

    private static readonly ConcurrentQueue<nint> s_left = new();
    private static uint s_key;
    private static int s_destroyed;

    public static Dictionary<string, Action> Cases { get; } = new()
    {
        ["native-thread-exit"] = () => Run(&Use),

        // The allocator's own key comes before the program's.
        ["native-thread-exit-late"] = () =>
        {
            HakMemory.Free(HakMemory.Alloc(8));
            Run(&Use);
        },

        // The first use of the thread at all is at its end.
        ["native-thread-exit-first"] = () => Run(&UseNothing),
    };

    private static void Run(delegate* unmanaged<void*, void*> start)
    {
        uint key;
        Check(pthread_key_create(&key, &End));
        s_key = key;
        nint* threads = stackalloc nint[Threads];
        for (int i = 0; i < Threads; i++)
        {
            Check(pthread_create(threads + i, null, start, null));
            if (i % 4 == 3)
            {
                for (int j = i - 3; j <= i; j++) Check(pthread_join(threads[j], null));   // four at a time, and heaps are taken over by the next four
            }
        }

        if (s_destroyed != Threads * Rounds) throw new InvalidOperationException($"the destructor ran {s_destroyed} times");
        if (s_left.Distinct().Count() != s_left.Count) throw new InvalidOperationException("a block was handed out twice");
        while (s_left.TryDequeue(out nint block))
        {
            if (*(nint*)block != block) throw new InvalidOperationException("contents changed");
            HakMemory.Free((void*)block);
        }

        HakMemory.Trim();
        HakMemStatistics statistics = HakMemory.GetStatistics();
        if (statistics.InUseBlocks != 0) throw new InvalidOperationException($"left: {statistics}");
        if (statistics.Heaps > Threads / 3) throw new InvalidOperationException($"heaps were not taken over: {statistics}");
    }

    [UnmanagedCallersOnly]
    private static void* Use(void* argument)
    {
        Burst();
        Check(pthread_setspecific(s_key, (void*)Rounds));
        return argument;
    }

    [UnmanagedCallersOnly]
    private static void* UseNothing(void* argument)
    {
        Check(pthread_setspecific(s_key, (void*)Rounds));
        return argument;
    }

    [UnmanagedCallersOnly]
    private static void End(void* rounds)
    {
        System.Threading.Interlocked.Increment(ref s_destroyed);
        Burst();
        if ((nint)rounds > 1) Check(pthread_setspecific(s_key, (byte*)rounds - 1));   // once more
    }

    // Some of what is allocated stays, some that others left is freed.
    private static void Burst()
    {
        for (int i = 0; i < Blocks; i++)
        {
            nint block = (nint)HakMemory.Alloc((nuint)(i % 50 == 0 ? 100_000 : 16 << (i % 9)));
            *(nint*)block = block;
            s_left.Enqueue(block);
            if (i % 3 == 0 || !s_left.TryDequeue(out nint other)) continue;
            if (*(nint*)other != other) throw new InvalidOperationException("contents changed");
            HakMemory.Free((void*)other);
        }
    }

    private static void Check(int error)
    {
        if (error != 0) throw new InvalidOperationException($"error {error}");
    }

    [DllImport("libc")]
    private static extern int pthread_key_create(uint* key, delegate* unmanaged<void*, void> destructor);

    [DllImport("libc")]
    private static extern int pthread_setspecific(uint key, void* value);

    [DllImport("libc")]
    private static extern int pthread_create(nint* thread, void* attributes, delegate* unmanaged<void*, void*> start, void* argument);

    [DllImport("libc")]
    private static extern int pthread_join(nint thread, void** result);
}
