/* The C interface, function by function: what glibc's manual pages promise, with errno set on every failure and untouched on success. */
#include "check.h"
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>
#include "../../../src/HakMem.Preload/hakmem.h"

#pragma weak hakmem_version
#pragma weak hakmem_trim
#pragma weak hakmem_stats
#pragma weak malloc_object_size
#pragma weak hakmem_heap_new
#pragma weak hakmem_heap_malloc
#pragma weak hakmem_heap_calloc
#pragma weak hakmem_heap_memalign
#pragma weak hakmem_heap_realloc
#pragma weak hakmem_heap_free
#pragma weak hakmem_heap_trim
#pragma weak hakmem_heap_destroy
#pragma weak hakmem_heap_release

enum { UNTOUCHED = 12345, ALIGNMENT = 16 };
static const size_t too_large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 4095, SIZE_MAX - 65536, SIZE_MAX / 2 + 4096, PTRDIFF_MAX};

#define EACH(variable, array) for (size_t index_ = 0, variable; index_ < sizeof(array) / sizeof(array)[0] && (variable = (array)[index_], 1); index_++)
#define SUCCEEDS(call) ({ errno = UNTOUCHED; void *got_ = HIDE((void *)(call)); CHECKF(got_ != NULL, "%s returned NULL, errno %d", #call, errno); CHECKF(errno == UNTOUCHED, "%s succeeded and set errno to %d", #call, errno); got_; })
#define FAILS_WITH(call, code) do { errno = UNTOUCHED; void *got_ = HIDE((void *)(call)); CHECKF(got_ == NULL, "%s returned %p", #call, got_); CHECKF(errno == (code), "%s set errno to %d, not %d", #call, errno, (code)); } while (0)
#define FREES(pointer) do { errno = UNTOUCHED; free(pointer); CHECKF(errno == UNTOUCHED, "free(%s) set errno to %d", #pointer, errno); } while (0)

static void check_aligned(const void *block, size_t alignment) { CHECKF(((uintptr_t)block & (alignment - 1)) == 0, "%p is not aligned to %zu", block, alignment); }

static void check_usable(void *block, size_t requested, uint64_t seed)
{
    size_t usable = malloc_usable_size(block);
    CHECKF(usable >= requested, "usable size %zu of a block of %zu", usable, requested);
    fill_block(block, usable, seed);
    CHECK(damage(block, usable, usable, seed) == SIZE_MAX);
    CHECK(malloc_usable_size(block) == usable);
}

static int is_served(const char *name)
{
    const char *expected = getenv("HAKMEMTEST_EXPECT");
    void *symbol = dlsym(RTLD_DEFAULT, name);
    return symbol != NULL && (expected == NULL || strcmp(library_of(symbol), library_of(dlsym(RTLD_DEFAULT, "malloc"))) == 0);
}

/* life.c opens plugins with it. */
CASE(dlopen_is_the_c_librarys)
{
    void *program = SUCCEEDS(dlopen(NULL, RTLD_LAZY));
    CHECK(dlsym(program, "malloc") != NULL && dlclose(program) == 0);
    CHECK(dlopen("no such library", RTLD_LAZY) == NULL && strstr(dlerror(), "no such library") != NULL);
}

CASE(every_name_is_served)
{
    static const char *const names[] = {"malloc", "free", "calloc", "realloc", "reallocarray", "memalign", "posix_memalign", "aligned_alloc", "valloc", "pvalloc", "malloc_usable_size", "cfree", "mallopt", "malloc_trim", "mallinfo", "mallinfo2", "malloc_stats", "malloc_info", "free_sized", "free_aligned_sized", "__libc_malloc", "__libc_free", "__libc_calloc", "__libc_realloc", "__libc_memalign", "__libc_valloc", "__libc_pvalloc", "__posix_memalign"};
    if (getenv("HAKMEMTEST_EXPECT") == NULL) return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECKF(is_served(names[i]), "%s is served by %s", names[i], library_of(dlsym(RTLD_DEFAULT, names[i])));
}

CASE(malloc_small_and_large)
{
    enum { SIZES = 5000 };
    static void *blocks[SIZES];
    for (size_t size = 0; size < SIZES; size++)
    {
        blocks[size] = SUCCEEDS(malloc(size));
        check_aligned(blocks[size], ALIGNMENT);
        check_usable(blocks[size], size, size);
    }

    for (size_t size = 0; size < SIZES; size++)
    {
        CHECKF(damage(blocks[size], malloc_usable_size(blocks[size]), malloc_usable_size(blocks[size]), size) == SIZE_MAX, "block of %zu overwritten", size);
        FREES(blocks[size]);
    }

    for (int power = 12; power <= 26; power++)
    {
        for (int around = -1; around <= 1; around++)
        {
            size_t size = ((size_t)1 << power) + (size_t)(long)around;
            void *block = SUCCEEDS(malloc(size));
            check_aligned(block, ALIGNMENT);
            check_usable(block, size, size);
            FREES(block);
        }
    }
}

CASE(malloc_of_zero_is_unique)
{
    enum { COUNT = 1000 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) blocks[i] = SUCCEEDS(malloc(0));
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i; j++) CHECK(blocks[i] != blocks[j]);
    for (int i = 0; i < COUNT; i++) FREES(blocks[i]);
}

CASE(malloc_too_large)
{
    EACH(size, too_large) FAILS_WITH(malloc(HIDE(size)), ENOMEM);
    FREES(SUCCEEDS(malloc(100)));
}

CASE(calloc_is_zero)
{
    static const size_t sizes[] = {1, 8, 16, 24, 100, 1000, 1024, 4000, 5000, 30000, 32768, 32769, 65536, 100000, 1 << 20, (2 << 20) - 64, 2 << 20, (2 << 20) + 1, 5 << 20};
    for (int round = 0; round < 3; round++)
    {
        EACH(size, sizes)
        {
            void *dirty = SUCCEEDS(malloc(size));
            memset(dirty, 0xA5, malloc_usable_size(dirty));
            FREES(dirty);
            for (int again = 0; again < 4; again++)
            {
                unsigned char *block = SUCCEEDS(again % 2 == 0 ? calloc(size, 1) : calloc(1, size));
                check_aligned(block, ALIGNMENT);
                for (size_t i = 0; i < size; i++) CHECKF(block[i] == 0, "byte %zu of calloc(%zu) is %02x", i, size, block[i]);
                memset(block, 0x5A, malloc_usable_size(block));
                FREES(block);
            }
        }
    }

    void *none = SUCCEEDS(calloc(0, 10)), *also = SUCCEEDS(calloc(10, 0)), *both = SUCCEEDS(calloc(0, SIZE_MAX));
    CHECK(none != also && also != both && none != both);
    FREES(none);
    FREES(also);
    FREES(both);
}

CASE(calloc_overflow)
{
    FAILS_WITH(calloc(HIDE(SIZE_MAX / 2 + 1), 2), ENOMEM);
    FAILS_WITH(calloc(2, HIDE(SIZE_MAX / 2 + 1)), ENOMEM);
    FAILS_WITH(calloc(HIDE((size_t)1 << 32), (size_t)1 << 32), ENOMEM);
    FAILS_WITH(calloc(HIDE(SIZE_MAX), SIZE_MAX), ENOMEM);
    FAILS_WITH(calloc(HIDE(((size_t)1 << 32) + 1), ((size_t)1 << 32) - 1), ENOMEM);
    EACH(size, too_large) FAILS_WITH(calloc(1, HIDE(size)), ENOMEM);
    EACH(size, too_large) FAILS_WITH(calloc(HIDE(size), 1), ENOMEM);
}

CASE(realloc_keeps_contents)
{
    static const size_t sizes[] = {1, 16, 17, 100, 128, 129, 1024, 1025, 5000, 32768, 32769, 60000, 100000, 500000, 1 << 20, (2 << 20) + 5, 6 << 20, 9 << 20};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (size_t from = 0; from < COUNT; from++)
    {
        for (size_t to = 0; to < COUNT; to++)
        {
            void *block = SUCCEEDS(malloc(sizes[from]));
            fill_block(block, sizes[from], from * 100 + to);
            void *moved = SUCCEEDS(realloc(block, sizes[to]));
            check_aligned(moved, ALIGNMENT);
            size_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            CHECKF(damage(moved, sizes[from], kept, from * 100 + to) == SIZE_MAX, "realloc from %zu to %zu lost byte %zu", sizes[from], sizes[to], damage(moved, sizes[from], kept, from * 100 + to));
            check_usable(moved, sizes[to], 77);
            FREES(moved);
        }
    }
}

CASE(realloc_step_by_step)
{
    unsigned char *block = NULL;
    for (size_t size = 1; size < 200000; size += 1 + size / 7)
    {
        block = SUCCEEDS(realloc(block, size));
        fill_range(block, size - size / 8 - 1, size, 9);
        if (size > 10) CHECKF(first_difference(block, 1, size - size / 8 - 1, 9) == SIZE_MAX || size < 20, "growing to %zu lost bytes", size);
        fill_range(block, 0, size, 9);
    }

    for (size_t size = 190000; size > 1; size -= 1 + size / 9)
    {
        block = SUCCEEDS(realloc(block, size));
        CHECK(first_difference(block, 0, size, 9) == SIZE_MAX);
    }

    FREES(block);
}

CASE(realloc_edges)
{
    void *block = SUCCEEDS(realloc(NULL, 100));
    check_usable(block, 100, 1);
    errno = UNTOUCHED;
    CHECK(HIDE(realloc(block, 0)) == NULL);
    CHECKF(errno == UNTOUCHED, "realloc(block, 0) frees, that is no failure, but errno is %d", errno);
    void *none = SUCCEEDS(realloc(NULL, 0));
    FREES(none);
    static const size_t sizes[] = {24, 1000, 20000, 200000, 3 << 20};
    EACH(kept, sizes)
    {
        void *survivor = SUCCEEDS(malloc(kept));
        fill_block(survivor, kept, 5);
        for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) FAILS_WITH(realloc(survivor, HIDE(too_large[i])), ENOMEM);
        CHECKF(damage(survivor, kept, kept, 5) == SIZE_MAX, "a failed realloc damaged a block of %zu", kept);
        FREES(survivor);
    }

    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) FAILS_WITH(realloc(NULL, HIDE(too_large[i])), ENOMEM);
}

CASE(realloc_to_zero_frees)
{
    long before = resident_kib();   /* what earlier cases freed may not be back yet */
    void *block = malloc(100000);
    for (int i = 0; i < 20000; i++)
    {
        memset(block, 1, 16384);   /* of memory that nobody touched nothing would be resident */
        CHECK(HIDE(realloc(block, 0)) == NULL);
        block = SUCCEEDS(malloc(100000));
    }

    free(block);
    check_resident_below(before + (64 * 1024), "20,000 blocks of 100,000 B were given back by realloc(p, 0)");
}

CASE(realloc_of_an_aligned_block)
{
    for (size_t alignment = 32; alignment <= 1 << 22; alignment *= 8)
    {
        void *block = NULL;
        CHECK(posix_memalign(&block, alignment, 3000) == 0);
        fill_block(block, 3000, alignment);
        block = SUCCEEDS(realloc(block, 50000));
        CHECK(damage(block, 3000, 3000, alignment) == SIZE_MAX);
        block = SUCCEEDS(realloc(block, 100));
        CHECK(damage(block, 3000, 100, alignment) == SIZE_MAX);
        FREES(block);
    }
}

CASE(reallocarray_overflow_and_use)
{
    void *block = SUCCEEDS(reallocarray(NULL, 10, 30));
    check_usable(block, 300, 3);
    fill_block(block, 300, 3);
    FAILS_WITH(reallocarray(block, HIDE(SIZE_MAX / 2 + 1), 2), ENOMEM);
    FAILS_WITH(reallocarray(block, HIDE((size_t)1 << 32), (size_t)1 << 32), ENOMEM);
    FAILS_WITH(reallocarray(block, HIDE(SIZE_MAX), 1), ENOMEM);
    CHECK(damage(block, 300, 300, 3) == SIZE_MAX);
    block = SUCCEEDS(reallocarray(block, 100, 30));
    CHECK(damage(block, 300, 300, 3) == SIZE_MAX);
    errno = UNTOUCHED;
    CHECK(HIDE(reallocarray(block, 0, 30)) == NULL);
    CHECK(errno == UNTOUCHED);
}

CASE(posix_memalign_rules)
{
    static const size_t bad[] = {0, 1, 2, 3, 4, 7, 12, 24, 40, 100, 4097, SIZE_MAX};
    void *const mark = (void *)0x5555;
    EACH(alignment, bad)
    {
        void *block = mark;
        errno = UNTOUCHED;
        CHECKF(posix_memalign(&block, HIDE(alignment), 100) == EINVAL, "posix_memalign of alignment %zu", alignment);
        CHECK(block == mark && errno == UNTOUCHED);
    }

    EACH(size, too_large)
    {
        void *block = mark;
        CHECKF(posix_memalign(&block, 64, HIDE(size)) == ENOMEM, "posix_memalign of %zu bytes", size);
        CHECK(block == mark);
    }

    void *block = mark;
    CHECK(posix_memalign(&block, HIDE(SIZE_MAX / 2 + 1), 100) == ENOMEM && block == mark);
    for (size_t alignment = sizeof(void *); alignment <= 1 << 23; alignment *= 2)
    {
        static const size_t sizes[] = {0, 1, 16, 100, 1000, 5000, 40000, 100000, 3 << 20};
        EACH(size, sizes)
        {
            void *first = mark, *second = mark, *same = mark;
            errno = UNTOUCHED;
            CHECK(posix_memalign(&first, alignment, size) == 0 && posix_memalign(&second, alignment, size) == 0);
            CHECK(alignment > 1 << 21 || posix_memalign(&same, alignment, alignment) == 0);
            CHECK(errno == UNTOUCHED && first != second);
            check_aligned(first, alignment);
            check_aligned(second, alignment);
            check_usable(first, size, 1);
            check_usable(second, size, 2);
            CHECK(damage(first, malloc_usable_size(first), malloc_usable_size(first), 1) == SIZE_MAX);
            if (same != mark) { check_aligned(same, alignment); FREES(same); }
            FREES(first);
            FREES(second);
        }
    }
}

static void *by_aligned_alloc(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }
static void *by_memalign(size_t alignment, size_t size) { return memalign(alignment, size); }

CASE(memalign_and_aligned_alloc)
{
    void *(*const functions[])(size_t, size_t) = {by_aligned_alloc, by_memalign};
    for (int which = 0; which < 2; which++)
    {
        for (size_t alignment = 1; alignment <= 1 << 22; alignment *= 2)
        {
            static const size_t sizes[] = {0, 1, 15, 64, 1000, 33000, 2 << 20};
            EACH(size, sizes)
            {
                void *block = SUCCEEDS(functions[which](alignment, size));
                check_aligned(block, alignment < ALIGNMENT && size >= ALIGNMENT ? ALIGNMENT : alignment);
                check_usable(block, size, alignment);
                FREES(block);
            }
        }

        EACH(size, too_large) FAILS_WITH(functions[which](64, HIDE(size)), ENOMEM);
        FAILS_WITH(functions[which](4096, HIDE(SIZE_MAX - 4095)), ENOMEM);

        /* No power of two: refused with EINVAL, or, as older glibc does, taken for the next one. */
        static const size_t odd[] = {3, 24, 48, 1000, 5000};
        EACH(alignment, odd)
        {
            errno = UNTOUCHED;
            void *block = HIDE(functions[which](HIDE(alignment), 100));
            if (block == NULL) CHECK(errno == EINVAL);
            else { size_t rounded = 16; while (rounded < alignment) rounded *= 2; check_aligned(block, rounded); FREES(block); }
        }

        errno = UNTOUCHED;
        CHECK(HIDE(functions[which](HIDE(SIZE_MAX), 100)) == NULL && (errno == EINVAL || errno == ENOMEM));
    }
}

CASE(valloc_and_pvalloc)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static const size_t sizes[] = {0, 1, 100, 4095, 4096, 4097, 100000, 3 << 20};
    EACH(size, sizes)
    {
        void *by_v = SUCCEEDS(valloc(size)), *by_p = SUCCEEDS(pvalloc(size));
        check_aligned(by_v, page);
        check_aligned(by_p, page);
        check_usable(by_v, size, 1);
        check_usable(by_p, (size + page - 1) / page * page, 2);
        FREES(by_v);
        FREES(by_p);
    }

    EACH(size, too_large) FAILS_WITH(valloc(HIDE(size)), ENOMEM);
    EACH(size, too_large) FAILS_WITH(pvalloc(HIDE(size)), ENOMEM);
}

CASE(usable_size)
{
    errno = UNTOUCHED;
    CHECK(malloc_usable_size(NULL) == 0);
    for (size_t size = 0; size < 300000; size += 1 + size / 3)
    {
        void *block = SUCCEEDS(malloc(size));
        size_t usable = malloc_usable_size(block);
        CHECKF(usable >= size && usable <= size + size / 2 + 65536, "usable size %zu of %zu", usable, size);
        void *again = SUCCEEDS(realloc(block, usable));
        CHECKF(malloc_usable_size(again) >= usable, "realloc to the usable size %zu gives %zu", usable, malloc_usable_size(again));
        FREES(again);
    }

    CHECK(errno == UNTOUCHED);
}

CASE(every_way_to_free)
{
    void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*free_aligned_sized)(void *, size_t, size_t) = (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    void (*c_free)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    FREES(NULL);
    errno = UNTOUCHED;
    static const size_t sizes[] = {0, 1, 16, 100, 1024, 5000, 32768, 50000, 1 << 20, 3 << 20};
    for (int round = 0; round < 300; round++)
    {
        EACH(size, sizes)
        {
            if (c_free != NULL) { void *block = malloc(size); memset(block, 1, size); c_free(block); }
            if (free_sized != NULL) { void *block = malloc(size); memset(block, 2, size); free_sized(block, size); }
            if (free_aligned_sized != NULL) { void *block = aligned_alloc(64, size); memset(block, 3, size); free_aligned_sized(block, 64, size); }
        }
    }

    if (c_free != NULL) c_free(NULL);
    if (free_sized != NULL) { free_sized(NULL, 0); free_sized(NULL, 100); free_sized(calloc(10, 10), 100); }
    if (free_aligned_sized != NULL) free_aligned_sized(NULL, 64, 64);
    CHECKF(errno == UNTOUCHED, "freeing set errno to %d", errno);
    check_resident_below(200 * 1024, "the sized frees do not free");
}

CASE(free_keeps_errno_when_memory_is_unmapped)
{
    for (int i = 0; i < 200; i++)
    {
        void *block = malloc((size_t)(1 + i % 40) << 20);
        CHECK(block != NULL);
        memset(block, 1, 4096);
        FREES(block);
        if (i % 20 == 0) { errno = UNTOUCHED; malloc_trim(0); CHECKF(errno == UNTOUCHED, "malloc_trim set errno to %d", errno); }
    }
}

CASE(mallopt_and_trim)
{
    int known = mallopt(M_MMAP_THRESHOLD, 1 << 20), unknown = mallopt(-9999, 5);
    CHECK(known == 1 && unknown == 1);
    void *block = malloc(50 << 20);
    memset(block, 1, 50 << 20);
    free(block);
    int trimmed = malloc_trim(0);
    CHECK(trimmed == 0 || trimmed == 1);
    check_resident_below(30 * 1024, "malloc_trim does not trim");
}

CASE(mallinfo_counts)
{
    enum { COUNT = 10000, SIZE = 1000 };
    static void *blocks[COUNT];
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc(SIZE), 1, SIZE);
    void *large = malloc(20 << 20);
    memset(large, 1, 20 << 20);
    struct mallinfo2 during = mallinfo2();
    struct mallinfo old = mallinfo();
    size_t used = during.uordblks + during.hblkhd - before.uordblks - before.hblkhd;
    CHECKF(used >= (size_t)COUNT * SIZE + (20 << 20) - (1 << 20) && used < 2 * ((size_t)COUNT * SIZE + (20 << 20)), "mallinfo2 counts %zu bytes more in use", used);
    CHECKF((size_t)(unsigned)old.uordblks + (size_t)(unsigned)old.hblkhd >= (size_t)COUNT * SIZE, "mallinfo counts %d and %d", old.uordblks, old.hblkhd);
    for (int i = 0; i < COUNT; i++) free(blocks[i]);
    free(large);
    struct mallinfo2 after = mallinfo2();
    CHECKF(after.uordblks + after.hblkhd < during.uordblks + during.hblkhd - (20 << 20), "mallinfo2 counts %zu bytes in use after the frees", after.uordblks + after.hblkhd);
}

CASE(malloc_info_is_xml)
{
    char text[65536] = {0};
    FILE *stream = fmemopen(text, sizeof text - 1, "w");
    CHECK(stream != NULL);
    CHECK(malloc_info(0, stream) == 0);
    fclose(stream);
    CHECKF(strncmp(text, "<malloc version=\"", 17) == 0 && strstr(text, "</malloc>") != NULL, "malloc_info wrote: %.100s", text);
    errno = UNTOUCHED;
    int result = malloc_info(HIDE(1), stderr);
    CHECKF(result == EINVAL || (result == -1 && errno == EINVAL), "malloc_info(1) returned %d", result);
}

CASE(malloc_stats_prints)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    int kept = dup(2);
    dup2(ends[1], 2);
    malloc_stats();
    dup2(kept, 2);
    close(ends[1]);
    char text[16];
    CHECKF(read(ends[0], text, sizeof text) > 0, "malloc_stats wrote nothing to standard error");
    close(ends[0]);
    close(kept);
}

/* glibc's own names of the functions, by which libraries hand on what they override. */
CASE(names_of_the_c_library)
{
#define NAMED(name, result, ...) result (*name)(__VA_ARGS__) = (result (*)(__VA_ARGS__))dlsym(RTLD_DEFAULT, "__" #name)
    NAMED(libc_malloc, void *, size_t);
    NAMED(libc_free, void, void *);
    NAMED(libc_calloc, void *, size_t, size_t);
    NAMED(libc_realloc, void *, void *, size_t);
    NAMED(libc_memalign, void *, size_t, size_t);
    NAMED(libc_valloc, void *, size_t);
    NAMED(libc_pvalloc, void *, size_t);
    NAMED(posix_memalign, int, void **, size_t, size_t);
    for (size_t size = 0; size < 100000; size += 1 + size / 2)
    {
        char *block = SUCCEEDS(libc_malloc(size));
        check_usable(block, size, 1);
        block = SUCCEEDS(libc_realloc(block, size + 5000));
        check_usable(block, size + 5000, 2);
        libc_free(block);
        block = SUCCEEDS(libc_calloc(1, size));
        for (size_t i = 0; i < size; i++) CHECKF(block[i] == 0, "byte %zu of __libc_calloc(%zu) is not zero", i, size);
        libc_free(block);
        check_aligned(block = SUCCEEDS(libc_memalign(256, size)), 256);
        libc_free(block);
        check_aligned(block = SUCCEEDS(libc_valloc(size)), 4096);
        libc_free(block);
        check_aligned(block = SUCCEEDS(libc_pvalloc(size)), 4096);
        CHECK(size <= 4096 || malloc_usable_size(block) >= (size + 4095) / 4096 * 4096);
        libc_free(block);
        if (posix_memalign == NULL) continue;   /* newer than glibc's last version of the name */
        void *aligned = NULL;
        CHECK(posix_memalign(&aligned, 1024, size) == 0);
        check_aligned(aligned, 1024);
        libc_free(aligned);
    }

    EACH(size, too_large)
    {
        FAILS_WITH(libc_malloc(HIDE(size)), ENOMEM);
        FAILS_WITH(libc_calloc(HIDE(size), 2), ENOMEM);
        FAILS_WITH(libc_realloc(NULL, HIDE(size)), ENOMEM);
        FAILS_WITH(libc_memalign(64, HIDE(size)), ENOMEM);
        FAILS_WITH(libc_valloc(HIDE(size)), ENOMEM);
        FAILS_WITH(libc_pvalloc(HIDE(size)), ENOMEM);
        void *aligned = NULL;
        CHECK(posix_memalign == NULL || posix_memalign(&aligned, 64, HIDE(size)) == ENOMEM);
    }
}

/* The whole interface by many threads at once, which hand blocks to each other, and by forked children of such a process, which free their parent's. */
enum { USERS = 4, HANDED = 64 };
static void *handed[HANDED];

static void use_everything(uint64_t seed)
{
    uint64_t random = seed * 0x9E3779B97F4A7C15ULL + 1;
    hakmem_heap *heap = hakmem_heap_new == NULL ? NULL : SUCCEEDS(hakmem_heap_new());
    for (int round = 0; round < 60; round++)
    {
        uint64_t choice = next_random(&random);
        size_t size = choice % 16 == 0 ? 100000 + choice % 3000000 : 1 + choice % 5000, alignment = (size_t)16 << (choice >> 32) % 10;
        void *aligned = NULL;
        CHECK(posix_memalign(&aligned, alignment, size) == 0 && posix_memalign(&aligned, 24, size) == EINVAL);
        void *blocks[] =
        {
            SUCCEEDS(malloc(size)), SUCCEEDS(calloc(size, 1)), SUCCEEDS(realloc(NULL, size)), SUCCEEDS(reallocarray(NULL, 1, size)), SUCCEEDS(memalign(alignment, size)),
            SUCCEEDS(aligned_alloc(alignment, size)), SUCCEEDS(valloc(size)), SUCCEEDS(pvalloc(size)), aligned, heap == NULL ? NULL : SUCCEEDS(hakmem_heap_malloc(heap, size)),
            heap == NULL ? NULL : SUCCEEDS(hakmem_heap_calloc(heap, 1, size)), heap == NULL ? NULL : SUCCEEDS(hakmem_heap_memalign(heap, alignment, size)),
        };
        enum { BLOCKS = sizeof blocks / sizeof *blocks };
        CHECK((((uintptr_t)blocks[4] | (uintptr_t)blocks[5] | (uintptr_t)aligned | (uintptr_t)blocks[11]) & (alignment - 1)) == 0);
        FAILS_WITH(malloc(HIDE(SIZE_MAX - seed)), ENOMEM);
        FAILS_WITH(calloc(HIDE(SIZE_MAX / 2), 3), ENOMEM);
        for (int i = 0; i < BLOCKS; i++)
        {
            if (blocks[i] == NULL) continue;
            fill_block(blocks[i], size, seed + (uint64_t)i);
            FAILS_WITH(realloc(blocks[i], HIDE(SIZE_MAX - 4096)), ENOMEM);
            CHECK(malloc_object_size == NULL || malloc_object_size((char *)blocks[i] + size / 2) >= size - size / 2);
        }

        for (int i = 0; i < BLOCKS; i++)
        {
            if (blocks[i] == NULL) continue;
            CHECKF(damage(blocks[i], size, size, seed + (uint64_t)i) == SIZE_MAX, "block %d of %zu was overwritten", i, size);
            if (i % 3 == 0) blocks[i] = SUCCEEDS(realloc(blocks[i], size / 2 + 1));
            if (i < 9) blocks[i] = __atomic_exchange_n(&handed[(choice >> 20) % HANDED], blocks[i], __ATOMIC_ACQ_REL);
            free(blocks[i]);
        }

        if (round % 20 != 0) continue;
        char text[4096];
        FILE *stream = fmemopen(text, sizeof text, "w");
        CHECK(stream != NULL && (malloc_info(0, stream) == 0 || ferror(stream)));
        fclose(stream);
        CHECK(mallinfo2().uordblks + mallinfo2().hblkhd > 0 && mallinfo().fordblks != -1 && mallopt(M_MXFAST, 0) == 1);
        malloc_trim(0);
        if (heap == NULL) continue;
        struct hakmem_statistics numbers;
        CHECK(hakmem_stats(&numbers, sizeof numbers) == sizeof numbers && numbers.in_use_blocks > 0 && hakmem_version() != NULL);
        hakmem_heap_free(heap, hakmem_heap_realloc(heap, SUCCEEDS(hakmem_heap_malloc(heap, size)), size + 100));
        hakmem_heap_trim(heap);
        hakmem_trim();
    }

    if (heap == NULL) return;
    if (seed % 2 == 0) hakmem_heap_destroy(heap);
    else hakmem_heap_release(heap);
}

static void *user(void *seed) { use_everything((uint64_t)(uintptr_t)seed); return NULL; }

CASE(everything_on_threads_and_in_children)
{
    pthread_t threads[USERS];
    for (uintptr_t i = 0; i < USERS; i++) CHECK(pthread_create(&threads[i], NULL, user, (void *)(i + 1)) == 0);
    for (uintptr_t i = 0; i < 3; i++)
    {
        use_everything(100 + i);
        pid_t child = fork();
        if (child == 0)
        {
            alarm(60);
            for (int j = 0; j < HANDED; j++) free(handed[j]), handed[j] = NULL;
            pthread_t thread;
            CHECK(pthread_create(&thread, NULL, user, (void *)(200 + i)) == 0);
            use_everything(300 + i);
            CHECK(pthread_join(thread, NULL) == 0);
            _exit(0);
        }

        int status = 0;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", status);
    }

    for (int i = 0; i < USERS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < HANDED; i++) free(handed[i]);
}

CASE(blocks_of_the_c_library)
{
    char *copy = strdup("a string of the C library"), *formatted = NULL, *line = NULL;
    CHECK(malloc_usable_size(copy) >= 26);
    CHECK(asprintf(&formatted, "%s and %d", copy, 42) > 0);
    copy = realloc(copy, 5000);
    CHECK(strncmp(copy, "a string", 8) == 0);
    FILE *file = tmpfile();
    size_t capacity = 0;
    CHECK(file != NULL && fputs(formatted, file) >= 0);
    rewind(file);
    CHECK(getline(&line, &capacity, file) > 0 && strcmp(line, formatted) == 0);
    fclose(file);
    char *memory = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&memory, &size);
    for (int i = 0; i < 50000; i++) fprintf(stream, "%d ", i);
    fclose(stream);
    CHECK(strncmp(memory, "0 1 2 ", 6) == 0 && malloc_usable_size(memory) >= size);
    free(memory);
    free(line);
    free(formatted);
    free(copy);
}

/* hakmem.h, which other allocators have not. */
CASE(a_null_heap)
{
    if (hakmem_heap_new == NULL) return;
    FAILS_WITH(hakmem_heap_malloc(NULL, 10), EINVAL);
    FAILS_WITH(hakmem_heap_calloc(NULL, 10, 10), EINVAL);
    FAILS_WITH(hakmem_heap_memalign(NULL, 64, 10), EINVAL);
    FAILS_WITH(hakmem_heap_realloc(NULL, NULL, 10), EINVAL);
    char *block = SUCCEEDS(malloc(100));
    fill_block(block, 100, 1);
    FAILS_WITH(hakmem_heap_realloc(NULL, block, 200), EINVAL);
    FAILS_WITH(hakmem_heap_realloc(NULL, block, 0), EINVAL);
    CHECK(damage(block, 100, 100, 1) == SIZE_MAX);
    errno = UNTOUCHED;
    hakmem_heap_free(NULL, block);
    hakmem_heap_free(NULL, NULL);
    hakmem_heap_trim(NULL);
    hakmem_heap_release(NULL);
    hakmem_heap_destroy(NULL);
    CHECK(errno == UNTOUCHED);
}

CASE(heaps_of_ones_own)
{
    if (hakmem_heap_new == NULL) return;
    hakmem_heap *heap = SUCCEEDS(hakmem_heap_new());
    EACH(size, too_large)
    {
        FAILS_WITH(hakmem_heap_malloc(heap, HIDE(size)), ENOMEM);
        FAILS_WITH(hakmem_heap_calloc(heap, 1, HIDE(size)), ENOMEM);
        FAILS_WITH(hakmem_heap_memalign(heap, 64, HIDE(size)), ENOMEM);
    }

    FAILS_WITH(hakmem_heap_calloc(heap, HIDE(SIZE_MAX / 2 + 1), 2), ENOMEM);
    FAILS_WITH(hakmem_heap_memalign(heap, 3, 10), EINVAL);
    FAILS_WITH(hakmem_heap_memalign(heap, 0, 10), EINVAL);
    static const size_t sizes[] = {0, 1, 24, 1000, 5000, 40000, 300000, 3 << 20};
    for (int round = 0; round < 3; round++)
    {
        EACH(size, sizes)
        {
            unsigned char *zeroed = SUCCEEDS(hakmem_heap_calloc(heap, size, 1));
            for (size_t i = 0; i < size; i++) CHECKF(zeroed[i] == 0, "byte %zu of %zu is not zero", i, size);
            check_usable(zeroed, size, size);
            void *block = SUCCEEDS(hakmem_heap_malloc(heap, size));
            check_usable(block, size, 1);
            fill_block(block, size, 2);
            FAILS_WITH(hakmem_heap_realloc(heap, block, HIDE(SIZE_MAX)), ENOMEM);
            block = SUCCEEDS(hakmem_heap_realloc(heap, block, size + 20000));
            CHECK(damage(block, size, size, 2) == SIZE_MAX);
            fill_block(block, size + 20000, 3);
            block = SUCCEEDS(realloc(block, size / 2 + 1));
            CHECK(damage(block, size + 20000, size / 2 + 1, 3) == SIZE_MAX);
            if (round == 1) FREES(block);
            errno = UNTOUCHED;
            if (round == 2) CHECK(HIDE(hakmem_heap_realloc(heap, block, 0)) == NULL);
            hakmem_heap_free(heap, zeroed);
            hakmem_heap_free(heap, NULL);
            CHECK(errno == UNTOUCHED);
        }

        for (size_t alignment = 1; alignment <= 1 << 22; alignment *= 4)
        {
            void *block = SUCCEEDS(hakmem_heap_memalign(heap, alignment, 3000));
            check_aligned(block, alignment);
            check_usable(block, 3000, alignment);
            if (round > 0) hakmem_heap_free(heap, block);
        }
    }

    void *others = SUCCEEDS(malloc(100));
    hakmem_heap_free(heap, others);
    hakmem_heap_destroy(heap);
}

CASE(a_heap_gives_back_what_it_has)
{
    enum { BLOCKS = 4000, SIZE = 10000 };
    static void *blocks[BLOCKS];
    if (hakmem_heap_new == NULL) return;
    hakmem_heap *heap = SUCCEEDS(hakmem_heap_new());
    for (int i = 0; i < BLOCKS; i++) fill_block(blocks[i] = hakmem_heap_malloc(heap, SIZE), SIZE, (uint64_t)i);
    for (int i = 0; i < BLOCKS; i++)
        if (i % 100 != 0) hakmem_heap_free(heap, blocks[i]);
    hakmem_heap_trim(heap);
    hakmem_trim();
    check_resident_below(25 * 1024, "of 39 MiB 99 of 100 blocks were freed and the heap was trimmed");
    hakmem_heap_release(heap);
    for (int i = 0; i < BLOCKS; i += 100)
    {
        CHECK(damage(blocks[i], SIZE, SIZE, (uint64_t)i) == SIZE_MAX);
        FREES(blocks[i]);
    }

    struct hakmem_statistics before, after;
    CHECK(hakmem_stats(&before, sizeof before) == sizeof before);
    heap = SUCCEEDS(hakmem_heap_new());
    for (int i = 0; i < BLOCKS; i++) fill_block(hakmem_heap_malloc(heap, SIZE), SIZE, 1);
    hakmem_heap_destroy(heap);
    hakmem_trim();
    CHECK(hakmem_stats(&after, sizeof after) == sizeof after);
    CHECKF(after.in_use_bytes <= before.in_use_bytes, "in use are %llu bytes, %llu before", (unsigned long long)after.in_use_bytes, (unsigned long long)before.in_use_bytes);
    CHECK(hakmem_stats(&after, 8) == 8);
}

CASE(the_version_is_text)
{
    if (hakmem_version == NULL) return;
    const char *version = hakmem_version();
    CHECKF(version[0] >= '0' && version[0] <= '9' && strchr(version, '(') != NULL && version[strlen(version) - 1] == ')', "'%s'", version);
}

CASE(object_sizes)
{
    if (malloc_object_size == NULL) return;
    CHECK(malloc_object_size(NULL) == 0);
    CHECK(malloc_object_size(&errno) == SIZE_MAX && malloc_object_size(too_large) == SIZE_MAX);
    hakmem_heap *heap = SUCCEEDS(hakmem_heap_new());
    char *own = SUCCEEDS(hakmem_heap_malloc(heap, 4 << 20));
    CHECK(malloc_object_size(own + 1000) == malloc_usable_size(own) - 1000);
    hakmem_heap_destroy(heap);
    CHECK(malloc_object_size(own + 1000) == SIZE_MAX);
    char *mapped = fresh_pages(1 << 20);
    CHECK(malloc_object_size(mapped + 5000) == SIZE_MAX);
    static const size_t sizes[] = {1, 24, 100, 1000, 5000, 20000, 300000, 2 << 20, 3 << 20, 50 << 20};
    EACH(size, sizes)
    {
        char *block = SUCCEEDS(malloc(size)), *before = SUCCEEDS(malloc(5 << 20)), *after = SUCCEEDS(malloc(size));
        size_t usable = malloc_usable_size(block);
        static const size_t parts[] = {0, 1, 3, 7};
        EACH(part, parts)
        {
            size_t offset = size * part / 8;
            CHECKF(malloc_object_size(block + offset) == usable - offset, "at %zu of a block of %zu: %zu", offset, size, malloc_object_size(block + offset));
        }

        CHECK(malloc_object_size(block + usable - 1) == 1);
        CHECK(malloc_object_size(before) == malloc_usable_size(before) && malloc_object_size(after + size / 2) == malloc_usable_size(after) - size / 2);
        FREES(before);
        FREES(after);
        FREES(block);
    }
}
