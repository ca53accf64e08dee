// C++: every form of new and delete, and what new_handler is promised.
#include <new>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <map>
#include "check.h"
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const std::size_t impossible = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
static int handler_calls;

static void checked(void *block, std::size_t bytes, std::size_t alignment, std::uint64_t seed)
{
    CHECKF(block != nullptr && (reinterpret_cast<std::uintptr_t>(block) & (alignment - 1)) == 0, "%p for %zu bytes aligned to %zu", block, bytes, alignment);
    CHECK(malloc_usable_size(block) >= bytes);
    fill_block(block, bytes, seed);
    CHECK(damage(block, bytes, bytes, seed) == SIZE_MAX);
}

static void use_every_form(std::size_t size)
{
    void *block = ::operator new(size); checked(block, size, 16, 1); ::operator delete(block);
    block = ::operator new(size); checked(block, size, 16, 2); ::operator delete(block, size);
    block = ::operator new[](size); checked(block, size, 16, 3); ::operator delete[](block);
    block = ::operator new[](size); checked(block, size, 16, 4); ::operator delete[](block, size);
    block = ::operator new(size, std::nothrow); checked(block, size, 16, 5); ::operator delete(block, std::nothrow);
    block = ::operator new[](size, std::nothrow); checked(block, size, 16, 6); ::operator delete[](block, std::nothrow);
    for (std::size_t alignment = 1; alignment <= 1 << 16; alignment *= 16)
    {
        std::align_val_t aligned{alignment};
        block = ::operator new(size, aligned); checked(block, size, alignment, 7); ::operator delete(block, aligned);
        block = ::operator new(size, aligned); checked(block, size, alignment, 8); ::operator delete(block, size, aligned);
        block = ::operator new[](size, aligned); checked(block, size, alignment, 9); ::operator delete[](block, aligned);
        block = ::operator new[](size, aligned); checked(block, size, alignment, 10); ::operator delete[](block, size, aligned);
        block = ::operator new(size, aligned, std::nothrow); checked(block, size, alignment, 11); ::operator delete(block, aligned, std::nothrow);
        block = ::operator new[](size, aligned, std::nothrow); checked(block, size, alignment, 12); ::operator delete[](block, aligned, std::nothrow);
    }
}

static const std::size_t sizes[] = {0, 1, 8, 100, 1024, 5000, 40000, 1 << 20, 3 << 20};

CASE(every_form)
{
    for (int round = under_valgrind() ? 190 : 0; round < 200; round++)
        for (std::size_t size : sizes) use_every_form(size);
    ::operator delete(nullptr);
    ::operator delete[](nullptr);
    ::operator delete(nullptr, std::align_val_t{64});
    ::operator delete(nullptr, std::size_t{10});
    check_resident_below(200 * 1024, "some form of delete does not free");
}

CASE(every_form_on_threads_and_in_children)
{
    const auto use = [] { for (int round = 0; round < 2; round++) for (std::size_t size : sizes) use_every_form(size); };
    void *parents[8];
    for (void *&block : parents) block = ::operator new(3000);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; i++) threads.emplace_back(use);
    const pid_t child = fork();
    if (child == 0)
    {
        alarm(60);
        for (void *block : parents) ::operator delete(block);
        std::thread thread(use);
        use();
        thread.join();
        _exit(0);
    }

    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", status);
    for (auto &thread : threads) thread.join();
    for (void *block : parents) ::operator delete(block);
}

CASE(zero_is_unique)
{
    void *first = ::operator new(0), *second = ::operator new(0), *third = ::operator new[](0);
    CHECK(first != nullptr && first != second && second != third && first != third);
    ::operator delete(first);
    ::operator delete(second);
    ::operator delete[](third);
}

template <typename Call> static bool throws_bad_alloc(Call call)
{
    try { void *volatile block = call(); (void)block; }
    catch (const std::bad_alloc &) { return true; }
    return false;
}

CASE(too_large_throws_or_is_null)
{
    volatile std::size_t size = impossible;
    CHECK(throws_bad_alloc([&] { return ::operator new(size); }));
    CHECK(throws_bad_alloc([&] { return ::operator new[](size); }));
    CHECK(throws_bad_alloc([&] { return ::operator new(size, std::align_val_t{64}); }));
    CHECK(throws_bad_alloc([&] { return ::operator new[](size, std::align_val_t{64}); }));
    CHECK(::operator new(size, std::nothrow) == nullptr);
    CHECK(::operator new[](size, std::nothrow) == nullptr);
    CHECK(::operator new(size, std::align_val_t{64}, std::nothrow) == nullptr);
    CHECK(::operator new[](size, std::align_val_t{64}, std::nothrow) == nullptr);
    size = SIZE_MAX;
    CHECK(throws_bad_alloc([&] { return ::operator new(size); }));
}

CASE(new_handler_is_called_until_it_gives_up)
{
    volatile std::size_t size = impossible;
    std::set_new_handler([] { if (++handler_calls == 3) std::set_new_handler(nullptr); });
    CHECK(throws_bad_alloc([&] { return ::operator new(size); }));
    CHECKF(handler_calls == 3, "the handler was called %d times", handler_calls);
    handler_calls = 0;
    std::set_new_handler([] { handler_calls++; throw std::bad_alloc(); });
    CHECK(throws_bad_alloc([&] { return ::operator new[](size); }) && handler_calls == 1);
    if (under_valgrind()) return;   // it has the C++ library's own nothrow forms replaced, which lead nowhere but to null
    CHECK(::operator new(size, std::nothrow) == nullptr && handler_calls == 2);
    CHECK(throws_bad_alloc([&] { return ::operator new(size, std::align_val_t{256}); }) && handler_calls == 3);
    CHECK(::operator new[](size, std::align_val_t{256}, std::nothrow) == nullptr && handler_calls == 4);
    std::set_new_handler(nullptr);
    CHECK(::operator new(size, std::nothrow) == nullptr && handler_calls == 4);
}

static void *reserve;

CASE(new_handler_that_frees_memory_lets_new_succeed)
{
    if (under_valgrind()) return;   // it does not pass the limit on
    // Bounds what the process maps from now on; a reservation made before stays.
    rlimit limit{};
    CHECK(getrlimit(RLIMIT_DATA, &limit) == 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 512u << 20;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    std::vector<void *> taken;
    reserve = std::malloc(64 << 20);
    CHECK(reserve != nullptr);
    for (void *block; (block = std::malloc(32 << 20)) != nullptr && taken.size() < 64;) taken.push_back(block);
    CHECKF(taken.size() < 64, "RLIMIT_DATA does not bound malloc");
    std::set_new_handler([] { handler_calls++; if (reserve == nullptr) throw std::bad_alloc(); std::free(reserve); reserve = nullptr; });
    for (int form = 0; form < 4; form++)
    {
        const std::size_t size = (40 << 20) + static_cast<std::size_t>(form);
        if (form != 0) CHECK((reserve = std::malloc(64 << 20)) != nullptr);
        handler_calls = 0;
        void *block = form == 0 ? ::operator new(size) : form == 1 ? ::operator new(size, std::nothrow)
            : form == 2 ? ::operator new(size, std::align_val_t{256}) : ::operator new(size, std::align_val_t{256}, std::nothrow);
        CHECKF(block != nullptr && handler_calls == 1, "form %d: %p, %d calls of the handler", form, block, handler_calls);
        if (form < 2) ::operator delete(block);
        else ::operator delete(block, std::align_val_t{256});
    }

    std::set_new_handler(nullptr);
    for (void *each : taken) std::free(each);
    limit.rlim_cur = before;
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
}

CASE(malloc_and_new_mix)
{
    // Not portable, yet real programs do it, and with one allocator behind both it works.
    for (int i = 0; i < 1000; i++)
    {
        std::free(HIDE(::operator new(static_cast<std::size_t>(i))));
        ::operator delete(HIDE(std::malloc(static_cast<std::size_t>(i))));
    }
}

struct alignas(128) Wide { unsigned char bytes[300]; };

CASE(containers_on_threads)
{
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; t++)
    {
        threads.emplace_back([t] {
            std::map<int, std::string> words;
            std::vector<std::unique_ptr<Wide>> wides;
            for (int i = 0; i < 5000; i++)
            {
                words[i * 7 % 1000] = std::string(static_cast<std::size_t>(i % 300), static_cast<char>('a' + t));
                wides.push_back(std::make_unique<Wide>());
                CHECK((reinterpret_cast<std::uintptr_t>(wides.back().get()) & 127) == 0);
                if (wides.size() > 100) wides.erase(wides.begin(), wides.begin() + 50);
            }

            for (auto &[key, text] : words)
                for (char letter : text) CHECK(letter == static_cast<char>('a' + t));
        });
    }

    for (auto &thread : threads) thread.join();
}
