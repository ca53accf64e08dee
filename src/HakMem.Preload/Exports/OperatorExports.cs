using System;
using System.Numerics;
using System.Runtime;
using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// C++'s <c>operator new</c>. When there is no memory, the program's new handler is called and it is tried again, as long as there is a handler; then <c>std::bad_alloc</c> is
/// thrown by the C++ library, through these frames. In a process without one, which can neither have a handler nor catch anything, it is the end of the process. The C++ library may have come
/// later, with a plug-in of a C program, and be seen by that only, or be a part of the plug-in: it is looked for when memory is out.
/// </summary>
internal static unsafe class OperatorExports
{
    private const int Lazy = 1, NoLoad = 4;

    [RuntimeExport("hm_new")]
    internal static void* New(nuint size, ThreadHeap* heap)
    {
        _ = Config.TryClassify(heap, size, out uint sizeClass);
        return HitPath.TryPop(heap, sizeClass, out void* block, out uint open) ? block : Trampolines.NewSlow(size, heap, open);
    }

    [RuntimeExport("hm_new_nothrow")]
    internal static void* NewNothrow(nuint size, void* nothrow, ThreadHeap* heap)
    {
        void* block = MallocExports.Malloc(size, heap);
        return block != null ? block : NewNothrowSlow(size, nothrow);
    }

    internal static void* NewNothrowSlow(nuint size, void* nothrow)
    {
        delegate* unmanaged[SuppressGCTransition]<nuint, void*, void*> next = (delegate* unmanaged[SuppressGCTransition]<nuint, void*, void*>)Next("_ZnwmRKSt9nothrow_t"u8);
        return next == null ? null : next(size, nothrow);
    }

    [RuntimeExport("hm_new_aligned")]
    internal static void* NewAligned(nuint size, nuint alignment, ThreadHeap* heap, void* caller)
    {
        void* block = BitOperations.IsPow2(alignment) ? AlignedExports.Alloc(size, alignment, heap) : null;
        if (block == null && BitOperations.IsPow2(alignment)) block = Retry(size, alignment);
        return block != null ? block : Fail(size, alignment, caller);
    }

    [RuntimeExport("hm_new_aligned_nothrow")]
    internal static void* NewAlignedNothrow(nuint size, nuint alignment, void* nothrow, ThreadHeap* heap)
    {
        if (!BitOperations.IsPow2(alignment)) return null;
        void* block = AlignedExports.Alloc(size, alignment, heap);
        return block != null ? block : NewAlignedNothrowSlow(size, alignment, nothrow);
    }

    internal static void* NewAlignedNothrowSlow(nuint size, nuint alignment, void* nothrow)
    {
        delegate* unmanaged[SuppressGCTransition]<nuint, nuint, void*, void*> next = (delegate* unmanaged[SuppressGCTransition]<nuint, nuint, void*, void*>)Next("_ZnwmSt11align_val_tRKSt9nothrow_t"u8);
        return next == null ? null : next(size, alignment, nothrow);
    }

    /// <summary>
    /// A nothrow form of new in a program that has a throwing form of its own: <paramref name="throwing"/>. Without a C++ library that could catch what it throws, that form itself.
    /// </summary>
    [RuntimeExport("hm_new_of_library")]
    private static void* NewOfLibrary(nuint size, nuint second, nuint third, byte* name, void* throwing)
    {
        void* next = Find(name);
        return ((delegate* unmanaged[SuppressGCTransition]<nuint, nuint, nuint, void*>)(next != null ? next : throwing))(size, second, third);
    }

    /// <summary>A block that was no tiny hit. <paramref name="caller"/> is the address that operator new returns to.</summary>
    [RuntimeExport("hm_new_missed"), MethodImpl(MethodImplOptions.NoInlining)]
    private static void* NewMissed(nuint size, ThreadHeap* heap, uint open, void* caller)
    {
        void* block = MallocExports.MallocMid(size, heap, open);
        return block != null ? block : NewFailed(size, caller);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void* NewFailed(nuint size, void* caller)
    {
        void* block = Retry(size, 1);
        return block != null ? block : Fail(size, 1, caller);
    }

    // Calls the program's handlers as long as there is one. A handler may throw.
    private static void* Retry(nuint size, nuint alignment)
    {
        while (true)
        {
            delegate* unmanaged[SuppressGCTransition]<void> handler = NewHandler();
            if (handler == null) return null;
            handler();
            void* block = AlignedExports.Alloc(size, alignment, Trampolines.GetSlot());
            if (block != null) return block;
        }
    }

    private static delegate* unmanaged[SuppressGCTransition]<void> NewHandler()
    {
        void* get = Trampolines.GetNewHandler();
        if (get == null) get = Next("_ZSt15get_new_handlerv"u8);
        return get == null ? null : ((delegate* unmanaged[SuppressGCTransition]<delegate* unmanaged[SuppressGCTransition]<void>>)get)();
    }

    // What may throw must not leave the nothrow forms, and nothing can be caught here: the C++ library's own form calls the throwing one above and catches.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* Next(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name) return Find(text);
    }

    // A function of the C++ library, also of one that a plug-in has brought for itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* Find(byte* name)
    {
        void* found = LibC.dlsym(LibC.NextLibrary, name);
        if (found != null) return found;
        int* errno = LibC.Errno();
        int before = *errno;
        fixed (byte* file = "libstdc++.so.6"u8)
        {
            void* library = LibC.dlopen(file, Lazy | NoLoad);
            if (library != null)
            {
                found = LibC.dlsym(library, name);
                _ = LibC.dlclose(library);   // who called has it open
            }
        }

        *errno = before;
        return found;
    }

    // Throws, by the C++ library of the process; else by that which the caller was linked with, whose own form knows its handlers and may even have a block.
    private static void* Fail(nuint size, nuint alignment, void* caller)
    {
        void* thrower = Trampolines.ThrowBadAlloc();
        if (thrower == null) thrower = Next("_ZSt17__throw_bad_allocv"u8);
        if (thrower != null) ((delegate* unmanaged[SuppressGCTransition]<void>)thrower)();
        void* own = OfCaller(caller, alignment == 1 ? "_Znwm"u8 : "_ZnwmSt11align_val_t"u8);
        if (own != null) return ((delegate* unmanaged[SuppressGCTransition]<nuint, nuint, void*>)own)(size, alignment);
        TextBuffer line = default;
        line.Append("hakmem: operator new has no memory, and there is no C++ library to throw std::bad_alloc\n"u8);
        line.WriteError();
        LibC.abort();
        return null;
    }

    // A function of the object that an address lies in, which the dynamic linker has passed over for ours: that of a C++ library that is part of it. Null for our own.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* OfCaller(void* caller, ReadOnlySpan<byte> name)
    {
        byte** place = stackalloc byte*[4];   // Dl_info: the file, where it begins, a symbol and its address
        int* errno = LibC.Errno();
        int before = *errno;
        void* found = null;
        void* library = LibC.dladdr(caller, place) == 0 ? null : LibC.dlopen(place[0], Lazy | NoLoad);
        if (library != null)
        {
            fixed (byte* text = name) found = LibC.dlsym(library, text);
            _ = LibC.dlclose(library);   // who called is in it
        }

        *errno = before;
        return found != null && LibC.dladdr(found, place) != 0 && place[1] != Trampolines.Image() ? found : null;
    }
}
