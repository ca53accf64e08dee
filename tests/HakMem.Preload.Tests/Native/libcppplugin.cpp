// A C++ plug-in for a C program: what new does in it without memory. Each function returns 0, or the number of what went wrong.
#include <cstddef>
#include <cstdint>
#include <new>

static volatile std::size_t impossible = PTRDIFF_MAX - 4096;
static void *volatile kept;
static int calls;

template <typename Call> static bool throws(Call call)
{
    try { kept = call(); }
    catch (const std::bad_alloc &) { return true; }
    return false;
}

extern "C" int new_throws()
{
    if (!throws([] { return ::operator new(impossible); })) return 1;
    if (!throws([] { return ::operator new[](impossible); })) return 2;
    if (!throws([] { return ::operator new(impossible, std::align_val_t{64}); })) return 3;
    if (!throws([] { return ::operator new[](impossible, std::align_val_t{64}); })) return 4;
    ::operator delete(::operator new(100));
    return 0;
}

extern "C" int nothrow_new_fails()
{
    if (::operator new(impossible, std::nothrow) != nullptr) return 1;
    if (::operator new[](impossible, std::nothrow) != nullptr) return 2;
    if (::operator new(impossible, std::align_val_t{64}, std::nothrow) != nullptr) return 3;
    if (::operator new[](impossible, std::align_val_t{64}, std::nothrow) != nullptr) return 4;
    return 0;
}

extern "C" int handlers_of_throwing_forms_are_called()
{
    std::set_new_handler([] { if (++calls % 3 == 0) throw std::bad_alloc(); });
    if (!throws([] { return ::operator new(impossible); }) || calls != 3) return 1;
    if (!throws([] { return ::operator new[](impossible); }) || calls != 6) return 2;
    if (!throws([] { return ::operator new(impossible, std::align_val_t{64}); }) || calls != 9) return 3;
    if (!throws([] { return ::operator new[](impossible, std::align_val_t{4096}); }) || calls != 12) return 4;
    std::set_new_handler(nullptr);
    return 0;
}

extern "C" int new_handlers_are_called()
{
    std::set_new_handler([] { if (++calls % 3 == 0) throw std::bad_alloc(); });
    if (!throws([] { return ::operator new(impossible); }) || calls != 3) return 1;
    if (::operator new(impossible, std::nothrow) != nullptr || calls != 6) return 2;
    if (!throws([] { return ::operator new(impossible, std::align_val_t{64}); }) || calls != 9) return 3;
    if (::operator new[](impossible, std::align_val_t{64}, std::nothrow) != nullptr || calls != 12) return 4;
    std::set_new_handler(nullptr);
    return 0;
}
