namespace HakMem.Generators.Emit;

/// <summary>What a hot method calls when it misses, and the composition's state.</summary>
internal sealed partial class CompositionWriter
{
    private const string Space = ContractNames.Qualifier + "SpaceState*";
    private const string CompositionState = ContractNames.Qualifier + "Composition*";

    // Blocks that a thread without a heap frees before it gets one.
    private const uint FreesWithoutHeap = 64;

    private void WriteCold()
    {
        bool isolated = _composition.Declaration.Isolated;
        _code.Member($$"""
            {{Outline}}
            private static void* FindAndAllocSlow(nuint size) => AllocSlow(CurrentHeap(), size);
            """);

        _code.Member($$"""
            {{Outline}}
            private static void* AllocSlow({{Heap}} heap, nuint size)
            {
                void* block = TryAllocSlow(heap, size);
                if (block == null) { ThrowOutOfMemory(); }

                return block;
            }
            """);

        _code.Member($$"""
            {{Outline}}
            private static void* FindAndTryAllocSlow(nuint size) => TryAllocSlow(CurrentHeap(), size);
            """);

        _code.Member($$"""
            {{Outline}}
            private static void* TryAllocSlow({{Heap}} heap, nuint size)
            {
                if (heap == null) { heap = CurrentHeap(); }

                return {{Call("AllocGate", "AllocSlow", "heap, size")}};
            }
            """);

        _code.Member($$"""
            {{Outline}}
            private static void FreeSlow({{Heap}} heap, void* block)
            {
                if (heap != null && {{Call("RemoteFree", "TryCombine", "heap, block")}}) { return; }

                FreeRest(heap, block);
            }
            """);

        _code.Member($$"""
            {{Outline}}
            private static void FreeRest({{Heap}} heap, void* block) => {{Call("FreeGate", "FreeSlow", "heap != null ? heap : HeapForFrees(1), block")}};
            """);

        WriteFind(isolated);
        _code.Member($$"""
            {{Outline}}
            private static {{Heap}} Attach()
            {{{(isolated ? "\n    State.Open();\n    Current.Resets = State.Resets;" : "")}}
                {{Heap}} heap = {{Call("HeapRegistry", "Attach", "")}};
                Current.Heap = heap;{{(isolated ? "" : $"\n    if (heap != null) {{ {Call("ThreadStacks", "Enter", "heap")}; }}\n")}}
                return heap;
            }
            """);

        _code.Member($"[{NameScope.DoesNotReturn}]\nprivate static void ThrowOutOfMemory() => throw new {NameScope.OutOfMemoryException}();");
        _code.Member($"[{NameScope.DoesNotReturn}]\nprivate static void ThrowBadAlignment() => throw new {NameScope.ArgumentException}(\"The alignment must be a power of two.\", \"alignment\");");
    }

    private void WriteFind(bool isolated)
    {
        // The compiler folds the question of which way it is.
        string byStack = isolated
            ? ""
            : $"\n    if ({NameScope.RuntimeFeature}.IsDynamicCodeCompiled && State.Stacks != null) return {Call("ThreadStacks", "TryFind", "out heap")};";
        _code.Member($$"""
            /// <summary>The heap of this thread, if it has one and is found the fast way.</summary>
            {{Inline}}
            private static bool TryFindHeap(out {{Heap}} heap)
            {{{byStack}}
                heap = {{(isolated ? "Current.Resets == State.Resets ? Current.Heap : null" : "Current.Heap")}};
                return heap != null;
            }
            """);

        if (isolated)
        {
            _code.Member($"/// <summary>The heap of this thread; null when it has none.</summary>\nprivate static {Heap} KnownHeap() => TryFindHeap(out {Heap} heap) ? heap : null;");
        }
        else
        {
            _code.Member($$"""
                /// <summary>The heap of this thread; null when it has none.</summary>
                private static {{Heap}} KnownHeap()
                {
                    if (TryFindHeap(out {{Heap}} heap)) return heap;
                    heap = Current.Heap;
                    if (heap != null) { {{Call("ThreadStacks", "Note", "heap")}}; }

                    return heap;
                }
                """);
        }

        _code.Member($$"""
            /// <summary>The heap of this thread, which frees so many blocks; null when it has none and freed few: a free needs no memory. Who frees many gets one, if there is memory for it: then they go back in batches.</summary>
            private static {{Heap}} HeapForFrees(uint blocks)
            {
                {{Heap}} heap = KnownHeap();
                return heap != null || (Current.Frees += blocks) < {{FreesWithoutHeap}} ? heap : AttachForFrees();
            }
            """);

        _code.Member($$"""
            {{Outline}}
            private static {{Heap}} AttachForFrees()
            {
                Current.Frees = 0;
                return Attach();
            }
            """);

        _code.Member($$"""
            {{Outline}}
            private static {{Heap}} CurrentHeapSlow()
            {
                {{Heap}} heap = KnownHeap();
                return heap != null ? heap : Attach();
            }
            """);
    }

    private void WriteState()
    {
        // Without a static constructor the field is one load after the thread's own storage.
        _code.Open("private static class Current")
            .Lines($"[{NameScope.ThreadStatic}] internal static {Heap} Heap;")
            .Lines("/// <summary>The blocks that this thread freed while it had no heap.</summary>")
            .Lines($"[{NameScope.ThreadStatic}] internal static uint Frees;");
        if (_composition.Declaration.Isolated)
        {
            _code.Lines("/// <summary>How many resets there had been when this thread got its heap, which is gone after another.</summary>")
                .Lines($"[{NameScope.ThreadStatic}] internal static uint Resets;");
        }

        _code.Close();
        if (_composition.Declaration.Isolated) { WriteIsolatedState(); }
        else { WriteSharedState(); }
    }

    private void WriteSharedState() => _code
        .Open("/// <summary>Read-only fields: constants to the just-in-time compiler once they are set.</summary>\nprivate static class State")
        .Lines($$"""
            internal static readonly {{Space}} Space = {{Call("AddressSpace", "Open", "")}};
            internal static readonly byte* Base = Space == null ? null : Space->Base;
            internal static readonly nuint ChunkCount = Space == null ? 0 : Space->ChunkCount;
            internal static readonly uint* PageMap = Space == null ? null : Space->PageMap;
            internal static readonly byte* SlabHeaders = Space == null ? null : Space->SlabHeaders;
            internal static readonly {{ContractNames.Qualifier}}SizeClass* Classes = Space == null ? null : Space->Classes;
            internal static readonly {{CompositionState}} Composition = Space == null ? null : {{Call("HeapRegistry", "Open", "Space")}};
            internal static readonly byte* Stacks = Composition == null ? null : {{Call("ThreadStacks", "Open", "Space")}};
            """)
        .Close();

    private void WriteIsolatedState()
    {
        _code.Open("/// <summary>The address range of this allocator alone; null until the first thread attaches, and after a reset.</summary>\nprivate static class State");
        _code.Lines($$"""
            internal static {{Space}} Space;
            internal static byte* Base;
            internal static nuint ChunkCount;
            internal static uint* PageMap;
            internal static byte* SlabHeaders;
            internal static {{ContractNames.Qualifier}}SizeClass* Classes;
            internal static {{CompositionState}} Composition;
            internal static uint Resets;

            private static int s_open;
            private static int s_lock;

            internal static byte* Stacks => null;
            """);
        _code.Member($$"""
            /// <summary>Makes what is missing; threads that attach at the same time make it once, and the lock is not taken after that.</summary>
            internal static void Open()
            {
                if ({{NameScope.Volatile}}.Read(ref s_open) != 0) return;
                while ({{NameScope.Interlocked}}.CompareExchange(ref s_lock, 1, 0) != 0) { {{NameScope.Thread}}.Yield(); }

                if (Space == null && (Space = {{Call("AddressSpace", "Create", "")}}) != null)
                {
                    Base = Space->Base;
                    ChunkCount = Space->ChunkCount;
                    PageMap = Space->PageMap;
                    SlabHeaders = Space->SlabHeaders;
                    Classes = Space->Classes;
                }

                if (Space != null && Composition == null)
                {
                    Composition* made = {{Call("HeapRegistry", "Open", "Space")}};
                    {{NameScope.Interlocked}}.MemoryBarrier();   // who sees it sees what is in it
                    Composition = made;
                }

                if (Composition != null) {{NameScope.Volatile}}.Write(ref s_open, 1);
                {{NameScope.Volatile}}.Write(ref s_lock, 0);
            }
            """);
        _code.Member("""
            internal static void Clear()
            {
                s_open = 0;
                Resets++;
                Composition = null;
                Classes = null;
                SlabHeaders = null;
                PageMap = null;
                ChunkCount = 0;
                Base = null;
                Space = null;
            }
            """);
        _code.Close();
    }

    private void WriteReset() => _code.Member($$"""
        /// <summary>Gives the whole address range back. No other thread may use the allocator meanwhile, nor any thread a block or a first-class heap from before. Threads that used it go on with a new heap.</summary>
        internal static void Reset()
        {
            if (State.Space != null)
            {
                {{Call("Host", "Stop", "")}};
                {{Call("AddressSpace", "Destroy", "State.Space")}};
            }

            State.Clear();
        }
        """);
}
