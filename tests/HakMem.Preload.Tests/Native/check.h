/* What every test program shares: named cases, checks that say where they failed, and the proof of which allocator is loaded.
   A program runs the cases named by its arguments, or lists them without. Exit code 0: passed; 1: a check failed; 2: bad usage;
   3: another allocator is loaded than HAKMEMTEST_EXPECT says. The harness itself allocates nothing. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Calls that are wrong on purpose, and functions that are old. */
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Walloc-size-larger-than="
#pragma GCC diagnostic ignored "-Wuse-after-free"
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
#pragma GCC diagnostic ignored "-Wmismatched-dealloc"

#ifndef CHECK_NO_MAIN
typedef struct { const char *name; void (*run)(void); } TestCase;

enum { MAX_CASES = 128 };
static TestCase test_cases[MAX_CASES];
static int test_case_count;

#define CASE(id)                                                                                     \
    static void case_##id(void);                                                                   \
    __attribute__((constructor)) static void register_##id(void)                                   \
    {                                                                                                \
        test_cases[test_case_count].name = #id;                                                    \
        test_cases[test_case_count++].run = case_##id;                                             \
    }                                                                                                \
    static void case_##id(void)
#endif

/* Formats on the stack and writes at once: usable when the allocator is broken. */
__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 1) length = (int)sizeof line - 1;
    if (write(2, line, (size_t)length) < 0) _exit(1);
}

#define FAIL(...) (say("%s:%d: ", __FILE__, __LINE__), say(__VA_ARGS__), say("\n"), _exit(1))
#define CHECK(condition) ((condition) ? (void)0 : FAIL("%s does not hold (errno %d)", #condition, errno))
#define CHECKF(condition, ...) ((condition) ? (void)0 : FAIL(__VA_ARGS__))

/* The compiler knows what malloc does and would remove, reorder or warn about calls that are wrong on purpose. */
#ifdef __cplusplus
#define RVALUE_TYPE(value) auto
#else
#define RVALUE_TYPE(value) __typeof__((value) + 0)
#endif
#define HIDE(pointer) ({ RVALUE_TYPE(pointer) hidden_ = (pointer); __asm__ volatile("" : "+r"(hidden_) : : "memory"); hidden_; })

__attribute__((unused)) static void *fresh_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECKF(pages != MAP_FAILED, "the test's own mmap of %zu bytes failed", bytes);
    return pages;
}

__attribute__((unused)) static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545F4914F6CDD1DULL;
}

/* A pattern of its own for each block: whole up to 4 KiB; beyond, both ends and one word of each page. */
enum { WHOLE_PATTERN_BYTES = 4096 };

__attribute__((unused)) static inline uint64_t pattern_word(uint64_t seed, size_t word) { return (seed + word) * 0x9E3779B97F4A7C15ULL; }

__attribute__((unused)) static inline unsigned char pattern_byte(uint64_t seed, size_t at) { return (unsigned char)(pattern_word(seed, at >> 3) >> (at & 7) * 8); }

__attribute__((unused)) static void fill_range(unsigned char *block, size_t from, size_t to, uint64_t seed)
{
    for (; from < to && (from & 7) != 0; from++) block[from] = pattern_byte(seed, from);
    for (; from + 8 <= to; from += 8)
    {
        uint64_t word = pattern_word(seed, from >> 3);
        memcpy(block + from, &word, 8);
    }

    for (; from < to; from++) block[from] = pattern_byte(seed, from);
}

__attribute__((unused)) static size_t first_difference(const unsigned char *block, size_t from, size_t to, uint64_t seed)
{
    for (; from < to && (from & 7) != 0; from++)
        if (block[from] != pattern_byte(seed, from)) return from;
    for (; from + 8 <= to; from += 8)
    {
        uint64_t word;
        memcpy(&word, block + from, 8);
        if (word != pattern_word(seed, from >> 3)) break;
    }

    for (; from < to; from++)
        if (block[from] != pattern_byte(seed, from)) return from;
    return SIZE_MAX;
}

__attribute__((unused)) static void fill_block(void *start, size_t bytes, uint64_t seed)
{
    unsigned char *block = (unsigned char *)start;
    if (bytes <= WHOLE_PATTERN_BYTES) { fill_range(block, 0, bytes, seed); return; }
    fill_range(block, 0, 256, seed);
    for (size_t at = 4096; at + 8 <= bytes; at += 4096) fill_range(block, at, at + 8, seed);
    fill_range(block, bytes - 256, bytes, seed);
}

/* Of the first `kept` bytes of a block that was filled as one of `bytes`. SIZE_MAX if all is as it was written. */
__attribute__((unused)) static size_t damage(const void *start, size_t bytes, size_t kept, uint64_t seed)
{
    const unsigned char *block = (const unsigned char *)start;
    if (bytes <= WHOLE_PATTERN_BYTES) return first_difference(block, 0, kept, seed);
    size_t bad = first_difference(block, 0, kept < 256 ? kept : 256, seed);
    for (size_t at = 4096; bad == SIZE_MAX && at + 8 <= kept; at += 4096) bad = first_difference(block, at, at + 8, seed);
    if (bad == SIZE_MAX && kept > bytes - 256) bad = first_difference(block, bytes - 256, kept, seed);
    return bad;
}

/* Resident memory in KiB from the kernel's own page counts, read without allocating. */
__attribute__((unused)) static long resident_kib(void)
{
    char text[128] = {0};
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    CHECK(read(file, text, sizeof text - 1) > 0);
    close(file);
    char *second = strchr(text, ' ');
    return strtol(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* HAKMEMTEST_VALGRIND is set where the program runs under valgrind: memory that went back stays resident there, limits are not passed on, and all takes twenty times as long. */
__attribute__((unused)) static int under_valgrind(void) { return getenv("HAKMEMTEST_VALGRIND") != NULL; }

__attribute__((unused)) static void check_resident_below(long most_kib, const char *what)
{
    long resident = resident_kib();
    CHECKF(resident < most_kib || under_valgrind(), "%ld KiB are resident: %s", resident, what);
}

static const char *library_of(const void *address)
{
    Dl_info info;
    return address != NULL && dladdr(address, &info) != 0 ? info.dli_fname : "nowhere";
}

__attribute__((unused)) static void check_identity(void)
{
    const char *expected = getenv("HAKMEMTEST_EXPECT");
    if (expected == NULL) return;
    const char *actual = library_of(dlsym(RTLD_DEFAULT, "malloc"));
    char expected_path[4096], actual_path[4096];
    if (realpath(expected, expected_path) == NULL || realpath(actual, actual_path) == NULL || strcmp(expected_path, actual_path) != 0)
    {
        say("malloc is served by %s, not by %s\n", actual, expected);
        _exit(3);
    }
}

#ifndef CHECK_NO_MAIN
int main(int count, char **names)
{
    check_identity();
    for (int i = 1; i < count; i++)
    {
        int known = 0;
        for (int j = 0; j < test_case_count; j++)
        {
            if (strcmp(names[i], test_cases[j].name) != 0 && strcmp(names[i], "all") != 0) continue;
            known = 1;
            test_cases[j].run();
        }

        if (!known) { say("there is no case '%s'\n", names[i]); return 2; }
    }

    for (int j = 0; count == 1 && j < test_case_count; j++) puts(test_cases[j].name);
    return 0;
}
#endif
#endif
