// Two million random calls of everything that takes an alignment, freed by every form that may: each block where it should be, and as it was left.
#include <cstdint>
#include <new>
#include "check.h"
#include <malloc.h>
#include "../../../src/HakMem.Preload/hakmem.h"

#pragma weak hakmem_heap_new
#pragma weak hakmem_heap_memalign
#pragma weak hakmem_heap_free
#pragma weak hakmem_heap_destroy

static const int CALLS = 2000000, SLOTS = 4096;
static const std::size_t TAG = 32, PAGE = 4096;

enum Form { PosixMemalign, AlignedAlloc, Memalign, Valloc, Pvalloc, New, NewArray, NewNothrow, NewArrayNothrow, HeapMemalign, FORMS };

struct Slot { unsigned char *block; std::size_t bytes, alignment; std::uint64_t seed; Form form; };

static void (*free_sized_)(void *, std::size_t);
static void (*free_aligned_sized_)(void *, std::size_t, std::size_t);
static hakmem_heap *heap;
static long allocated[FORMS], freed[FORMS];

// By the forms that belong together, each in turn. What has no size or alignment that was asked for goes to free.
static void give_back(const Slot &slot, std::uint64_t choice)
{
    const std::align_val_t aligned{slot.alignment};
    freed[slot.form]++;
    switch (slot.form)
    {
        case New: choice % 2 != 0 ? ::operator delete(slot.block, aligned) : ::operator delete(slot.block, slot.bytes, aligned); return;
        case NewArray: choice % 2 != 0 ? ::operator delete[](slot.block, aligned) : ::operator delete[](slot.block, slot.bytes, aligned); return;
        case NewNothrow: ::operator delete(slot.block, aligned, std::nothrow); return;
        case NewArrayNothrow: ::operator delete[](slot.block, aligned, std::nothrow); return;
        case HeapMemalign: choice % 2 != 0 ? hakmem_heap_free(heap, slot.block) : std::free(slot.block); return;
        case AlignedAlloc: if (free_aligned_sized_ != nullptr && choice % 4 != 0) { free_aligned_sized_(slot.block, slot.alignment, slot.bytes); return; } break;
        default: break;
    }

    if (choice % 3 == 0)
    {
        // The new block is aligned as malloc's, its contents are the old ones.
        const std::size_t bytes = slot.bytes / 2 + 1 + choice % 1000, kept = slot.bytes < TAG ? slot.bytes : TAG;
        auto *moved = static_cast<unsigned char *>(std::realloc(slot.block, bytes));
        CHECKF(moved != nullptr && (reinterpret_cast<std::uintptr_t>(moved) & 15) == 0, "%p by realloc", static_cast<void *>(moved));
        CHECK(first_difference(moved, 0, kept < bytes ? kept : bytes, slot.seed) == SIZE_MAX);
        if (free_sized_ != nullptr && choice % 2 == 0) free_sized_(moved, bytes);
        else std::free(moved);
    }
    else std::free(slot.block);
}

static void *take(Slot &slot)
{
    const std::size_t bytes = slot.bytes;
    const std::align_val_t aligned{slot.alignment};
    void *block = nullptr;
    allocated[slot.form]++;
    switch (slot.form)
    {
        case PosixMemalign: CHECK(posix_memalign(&block, slot.alignment, bytes) == 0); return block;
        case AlignedAlloc: return aligned_alloc(slot.alignment, bytes);
        case Memalign: return memalign(slot.alignment - slot.seed % (slot.alignment / 2), bytes);   // rounded up to a power of two
        case Valloc: slot.alignment = PAGE; return valloc(bytes);
        case Pvalloc: slot.alignment = PAGE; slot.bytes = (bytes + PAGE - 1) / PAGE * PAGE; return pvalloc(bytes);
        case New: return ::operator new(bytes, aligned);
        case NewArray: return ::operator new[](bytes, aligned);
        case NewNothrow: return ::operator new(bytes, aligned, std::nothrow);
        case NewArrayNothrow: return ::operator new[](bytes, aligned, std::nothrow);
        case HeapMemalign: return hakmem_heap_memalign(heap, slot.alignment, bytes);
        default: std::abort();
    }
}

CASE(two_million_calls)
{
    free_sized_ = reinterpret_cast<void (*)(void *, std::size_t)>(dlsym(RTLD_DEFAULT, "free_sized"));
    free_aligned_sized_ = reinterpret_cast<void (*)(void *, std::size_t, std::size_t)>(dlsym(RTLD_DEFAULT, "free_aligned_sized"));
    heap = hakmem_heap_new == nullptr ? nullptr : hakmem_heap_new();
    const int forms = heap == nullptr ? HeapMemalign : FORMS;
    auto *slots = static_cast<Slot *>(fresh_pages(sizeof(Slot) * SLOTS));
    std::uint64_t random = 88172645463325252ULL;
    for (int call = 0; call < CALLS; call++)
    {
        const std::uint64_t choice = next_random(&random);
        Slot &slot = slots[choice % SLOTS];
        if (slot.block != nullptr)
        {
            const std::size_t tag = slot.bytes < TAG ? slot.bytes : TAG;
            CHECKF(first_difference(slot.block, 0, tag, slot.seed) == SIZE_MAX && first_difference(slot.block, slot.bytes - tag, slot.bytes, slot.seed) == SIZE_MAX, "call %d: a block of %zu was overwritten", call, slot.bytes);
            give_back(slot, choice >> 40);
        }

        slot.form = static_cast<Form>((choice >> 48) % static_cast<unsigned>(forms));
        slot.alignment = static_cast<std::size_t>(8) << (choice >> 16) % 12;   // 8 to 16 KiB, now and then to 4 MiB
        if ((choice >> 32) % 2000 == 0) slot.alignment = static_cast<std::size_t>(1) << (15 + (choice >> 44) % 8);
        slot.bytes = next_random(&random) % (static_cast<std::size_t>(1) << (1 + (choice >> 24) % 13));
        if ((choice >> 28) % 8 == 0) slot.bytes = slot.alignment;
        slot.seed = choice;
        slot.block = static_cast<unsigned char *>(take(slot));
        CHECKF(slot.block != nullptr && (reinterpret_cast<std::uintptr_t>(slot.block) & (slot.alignment - 1)) == 0, "call %d: %p by form %d for alignment %zu, size %zu", call, static_cast<void *>(slot.block), slot.form, slot.alignment, slot.bytes);
        CHECKF(malloc_usable_size(slot.block) >= slot.bytes, "call %d: usable are %zu of %zu", call, malloc_usable_size(slot.block), slot.bytes);
        const std::size_t tag = slot.bytes < TAG ? slot.bytes : TAG;
        fill_range(slot.block, 0, tag, choice);
        fill_range(slot.block, slot.bytes - tag, slot.bytes, choice);
    }

    for (int i = 0; i < SLOTS; i++)
        if (slots[i].block != nullptr) give_back(slots[i], static_cast<std::uint64_t>(i));
    for (int form = 0; form < forms; form++) CHECKF(allocated[form] > CALLS / FORMS / 2 && allocated[form] == freed[form], "form %d: %ld calls, %ld frees", form, allocated[form], freed[form]);
    check_resident_below(200 * 1024, "some form does not free");
    if (heap != nullptr) hakmem_heap_destroy(heap);
}
