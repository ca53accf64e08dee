// C++: a program that replaces new[] and delete[] only. Their nothrow and sized forms are defined by these; the forms for one object are the allocator's.
#include <new>
#include "check.h"

static int given, taken;

void *operator new[](std::size_t size)
{
    if (size == 13) throw std::bad_alloc();
    unsigned char *block = static_cast<unsigned char *>(std::malloc(size + 16));
    if (block == nullptr) throw std::bad_alloc();
    given++;
    return block + 16;
}

void operator delete[](void *block) noexcept
{
    taken++;
    std::free(static_cast<unsigned char *>(block) - 16);
}

CASE(every_form_of_arrays_leads_to_the_programs)
{
    for (std::size_t size = 100; size < 100000; size *= 10)
    {
        ::operator delete[](HIDE(::operator new[](size)));
        ::operator delete[](HIDE(::operator new[](size)), size);
        ::operator delete[](HIDE(::operator new[](size, std::nothrow)), std::nothrow);
        ::operator delete(HIDE(::operator new(size)));
        ::operator delete(HIDE(::operator new(size)), size);
        ::operator delete(HIDE(::operator new(size, std::nothrow)), std::nothrow);
    }

    CHECKF(given == 9 && taken == 9, "%d were given, %d taken back", given, taken);
    CHECK(::operator new[](13, std::nothrow) == nullptr);
}
