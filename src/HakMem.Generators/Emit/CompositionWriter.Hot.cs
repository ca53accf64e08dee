namespace HakMem.Generators.Emit;

/// <summary>The methods that almost every operation ends in.</summary>
internal sealed partial class CompositionWriter
{
    private void WriteHot()
    {
        string find = $"TryFindHeap(out {Heap} heap)";

        _code.Member($$"""
            /// <summary>Allocates at least so many bytes, not zeroed, aligned to 16. A hit is a load of the thread's heap, a class and a pop: three branches.</summary>
            /// <param name="size">The size in bytes; 0 gives a block of its own, too.</param>
            /// <returns>The block, never null.</returns>
            /// <exception cref="{{NameScope.OutOfMemoryException}}">No memory is left.</exception>
            {{Inline}}
            public static void* Alloc(nuint size)
            {
            {{Hit(find, "FindAndAllocSlow(size)")}}
            }
            """);

        _code.Member($$"""
            /// <summary>Gives a block back; any thread may. A hit is a load of the thread's heap, of the block's owner and class, and a push: four branches, five when the class is not the guessed one.</summary>
            /// <param name="block">A block of this allocator, or null for nothing.</param>
            {{Inline}}
            public static void Free(void* block)
            {
                if (!{{find}}) { heap = null; }
                else if ({{Call("FreeGate", "TryOwn", "heap, block, out uint sizeClass")}} && {{Call("Front", "TryPush", "heap, sizeClass, block")}})
                {{{Join("OnFrontPush")}}
                    return;
                }

                FreeSlow(heap, block);
            }
            """);

        _code.Member($$"""
            /// <summary>Gives a block back whose size the caller knows; any thread may. The size is looked at only where the build checks it.</summary>
            /// <param name="block">A block of this allocator, or null for nothing.</param>
            /// <param name="size">The size it was last given, in bytes.</param>
            {{Inline}}
            public static void Free(void* block, nuint size)
            {{{Join("OnSizedFree", "    ")}}
                Free(block);
            }
            """);

        _code.Member($$"""
            /// <summary>As <see cref="Alloc(nuint)"/>, but says so when no memory is left.</summary>
            /// <param name="size">The size in bytes.</param>
            /// <param name="block">The block, or null.</param>
            /// <returns>Whether there was memory.</returns>
            {{Inline}}
            public static bool TryAlloc(nuint size, out void* block)
            {
                if ({{find}}
                    && {{Call("AllocGate", "TryClassify", "heap, size, out uint sizeClass")}}
                    && {{Call("Front", "TryPop", "heap, sizeClass, out block")}})
                {{{Join("OnFrontHit")}}
                    return true;
                }

                return (block = FindAndTryAllocSlow(size)) != null;
            }
            """);

        _code.Member($$"""
            /// <summary>As <see cref="Alloc(nuint)"/>, without looking up the thread's heap.</summary>
            /// <param name="heap">What <see cref="CurrentHeap"/> gave on this thread.</param>
            /// <param name="size">The size in bytes.</param>
            /// <returns>The block, never null.</returns>
            /// <exception cref="{{NameScope.OutOfMemoryException}}">No memory is left.</exception>
            {{Inline}}
            public static void* Alloc({{Heap}} heap, nuint size)
            {
            {{Hit("heap != null", "AllocSlow(heap, size)")}}
            }
            """);

        _code.Member($$"""
            /// <summary>As <see cref="Free(void*)"/>, without looking up the thread's heap.</summary>
            /// <param name="heap">What <see cref="CurrentHeap"/> gave on this thread.</param>
            /// <param name="block">A block of this allocator, or null for nothing.</param>
            {{Inline}}
            public static void Free({{Heap}} heap, void* block)
            {
            {{Push("heap != null", "FreeSlow(heap, block)")}}
            }
            """);

        WriteOfClass();
        _code.Member($$"""
            /// <summary>The heap of this thread, made or adopted when it has none yet.</summary>
            /// <returns>The heap; null when no memory is left.</returns>
            {{Inline}}
            public static {{Heap}} CurrentHeap() => TryFindHeap(out {{Heap}} heap) ? heap : CurrentHeapSlow();
            """);
    }

    private string Hit(string found, string slow) => $$"""
            if ({{found}}
                && {{Call("AllocGate", "TryClassify", "heap, size, out uint sizeClass")}}
                && {{Call("Front", "TryPop", "heap, sizeClass, out void* block")}})
            {{{Join("OnFrontHit")}}
                return block;
            }

            return {{slow}};
        """;

    private string Push(string found, string slow) => $$"""
            if ({{found}}
                && {{Call("FreeGate", "TryOwn", "heap, block, out uint sizeClass")}}
                && {{Call("Front", "TryPush", "heap, sizeClass, block")}})
            {{{Join("OnFrontPush")}}
                return;
            }

            {{slow}};
        """;

    private void WriteOfClass()
    {
        string browse = $"[{NameScope.EditorBrowsable}({NameScope.EditorBrowsableState}.Never)]";
        _code.Member($$"""
            /// <summary>For pools, which know the size class: as <see cref="Alloc(nuint)"/>, without looking it up. Two branches.</summary>
            /// <param name="sizeClass">The size class.</param>
            /// <param name="size">A size in bytes of that class.</param>
            /// <returns>The block, never null.</returns>
            /// <exception cref="{{NameScope.OutOfMemoryException}}">No memory is left.</exception>
            {{browse}}
            {{Inline}}
            public static void* AllocOfClass(uint sizeClass, nuint size)
            {
                if (TryFindHeap(out {{Heap}} heap) && {{Call("Front", "TryPop", "heap, sizeClass, out void* block")}})
                {{{Join("OnFrontHit")}}
                    return block;
                }

                return FindAndAllocSlow(size);
            }
            """);

        _code.Member($$"""
            /// <summary>For pools, which know the size class: as <see cref="TryAlloc"/>, without looking it up.</summary>
            /// <param name="sizeClass">The size class.</param>
            /// <param name="size">A size in bytes of that class.</param>
            /// <param name="block">The block, or null.</param>
            /// <returns>Whether there was memory.</returns>
            {{browse}}
            {{Inline}}
            public static bool TryAllocOfClass(uint sizeClass, nuint size, out void* block)
            {
                if (TryFindHeap(out {{Heap}} heap) && {{Call("Front", "TryPop", "heap, sizeClass, out block")}})
                {{{Join("OnFrontHit")}}
                    return true;
                }

                return (block = FindAndTryAllocSlow(size)) != null;
            }
            """);
    }
}
