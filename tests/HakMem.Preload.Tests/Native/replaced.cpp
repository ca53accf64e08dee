// C++: a program that replaces the basic forms of new and delete only. The other forms are defined by these, so that every block must come from here and go back here.
#include <cstdint>
#include <new>
#include "check.h"

static const std::uint64_t mark = 0x6b72616d20656e6f, aligned_mark = 0x6b72616d20656469;
static int given, taken;
static bool is_empty;

// A block behind a head as long as its alignment, at whose end the length and the mark stand.
static void *give(std::size_t size, std::size_t alignment, std::uint64_t value)
{
    std::size_t head = alignment < 16 ? 16 : alignment;
    unsigned char *block = is_empty ? nullptr : static_cast<unsigned char *>(std::aligned_alloc(head, (size + head * 2 - 1) & ~(head - 1)));
    if (block == nullptr) throw std::bad_alloc();
    block += head;
    memcpy(block - 8, &value, 8);
    memcpy(block - 16, &head, 8);
    given++;
    return block;
}

static void take(void *block, std::uint64_t value)
{
    if (block == nullptr) return;
    unsigned char *start = static_cast<unsigned char *>(block);
    CHECKF(memcmp(start - 8, &value, 8) == 0, "%p is no block of this form", block);
    std::size_t head;
    memcpy(&head, start - 16, 8);
    taken++;
    std::free(start - head);
}

void *operator new(std::size_t size) { return give(size, 16, mark); }
void *operator new(std::size_t size, std::align_val_t alignment) { return give(size, static_cast<std::size_t>(alignment), aligned_mark); }
void operator delete(void *block) noexcept { take(block, mark); }
void operator delete(void *block, std::align_val_t) noexcept { take(block, aligned_mark); }

static void *used(void *block, std::size_t size, std::size_t alignment, int number)
{
    CHECK(block != nullptr && (reinterpret_cast<std::uintptr_t>(block) & (alignment - 1)) == 0);
    CHECKF(given == number, "%d blocks were given, not %d", given, number);
    fill_block(block, size, static_cast<std::uint64_t>(number));
    return HIDE(block);
}

CASE(every_form_leads_to_the_programs)
{
    static const std::size_t sizes[] = {0, 1, 100, 5000, 1 << 20};
    int number = given, before = taken - given;
    for (std::size_t size : sizes)
    {
        ::operator delete(used(::operator new(size), size, 16, ++number));
        ::operator delete(used(::operator new(size), size, 16, ++number), size);
        ::operator delete(used(::operator new(size), size, 16, ++number), std::nothrow);
        ::operator delete(used(::operator new(size, std::nothrow), size, 16, ++number));
        ::operator delete[](used(::operator new[](size), size, 16, ++number));
        ::operator delete[](used(::operator new[](size), size, 16, ++number), size);
        ::operator delete[](used(::operator new[](size), size, 16, ++number), std::nothrow);
        ::operator delete[](used(::operator new[](size, std::nothrow), size, 16, ++number));
        for (std::size_t alignment = 16; alignment <= 4096; alignment *= 16)
        {
            std::align_val_t aligned{alignment};
            ::operator delete(used(::operator new(size, aligned), size, alignment, ++number), aligned);
            ::operator delete(used(::operator new(size, aligned), size, alignment, ++number), size, aligned);
            ::operator delete(used(::operator new(size, aligned), size, alignment, ++number), aligned, std::nothrow);
            ::operator delete(used(::operator new(size, aligned, std::nothrow), size, alignment, ++number), aligned);
            ::operator delete[](used(::operator new[](size, aligned), size, alignment, ++number), aligned);
            ::operator delete[](used(::operator new[](size, aligned), size, alignment, ++number), size, aligned);
            ::operator delete[](used(::operator new[](size, aligned), size, alignment, ++number), aligned, std::nothrow);
            ::operator delete[](used(::operator new[](size, aligned, std::nothrow), size, alignment, ++number), aligned);
        }
    }

    CHECKF(taken - given == before, "%d were taken back, %d given", taken, given);
}

CASE(the_nothrow_forms_catch_what_the_program_throws)
{
    volatile std::size_t size = 100;
    is_empty = true;
    CHECK(::operator new(size, std::nothrow) == nullptr);
    CHECK(::operator new[](size, std::nothrow) == nullptr);
    CHECK(::operator new(size, std::align_val_t{64}, std::nothrow) == nullptr);
    CHECK(::operator new[](size, std::align_val_t{64}, std::nothrow) == nullptr);
    bool caught = false;
    try { HIDE(::operator new[](size)); }
    catch (const std::bad_alloc &) { caught = true; }
    is_empty = false;
    CHECK(caught);
}
