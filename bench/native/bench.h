/* What the programs share: arguments, the clock, the proof of which allocator served, and the one line that they report.
   Compiled with -DFLOOR a program uses no allocator: the next place in a ring of 64 KiB for each thread. What it takes then is the loop itself.

   The report: key=value pairs, separated by blanks, on standard output:
     operations      allocations and frees
     cpu_ns          CPU time of the process over the measured part, all threads
     peak_rss_kib    VmHWM at the end
     served_by       library that malloc, free, calloc and realloc come from; "floor"
     libc_bytes      by how much the C library's own count of bytes in use rose while a block of 64 KiB was allocated: 0 unless it is glibc that serves
   Exit code 3: a block's contents were overwritten. */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static inline void stop(const char *what)
{
    if (write(2, what, strlen(what)) < 0 || write(2, "\n", 1) < 0) _exit(4);
    _exit(3);
}

#ifdef FLOOR
/* Rings outlive the threads that fill them: others go on to read what an ended thread wrote. */
enum { RING_BYTES = 65536, RINGS = 256 };
static char rings[RINGS][RING_BYTES] __attribute__((aligned(64)));
static unsigned next_ring;
static __thread char *ring;
static __thread size_t ring_place;

static inline void *take(size_t bytes)
{
    size_t size = (bytes + 15) & ~(size_t)15;
    if (ring == NULL) ring = rings[__atomic_fetch_add(&next_ring, 1, __ATOMIC_RELAXED) % RINGS];
    if (ring_place + size > RING_BYTES) ring_place = 0;
    void *place = ring + ring_place;
    ring_place += size;
    return place;
}

static inline void give(void *block) { (void)block; }
#else
static inline void *take(size_t bytes) { return malloc(bytes); }
static inline void give(void *block) { free(block); }
#endif

/* The harness's own memory comes from the kernel, so that no allocator sees it. */
static inline void *pages(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) stop("mmap failed");
    return memory;
}

/* The first and the last 8 bytes say whose block it is; a floor has no blocks of its own, so nothing is compared there. */
static inline void mark(void *block, size_t bytes, uint64_t seed)
{
    if (block == NULL) stop("malloc returned NULL");
    *(volatile uint64_t *)block = seed;
    *(volatile uint64_t *)((char *)block + ((bytes - 8) & ~(size_t)7)) = seed;
}

static inline void verify(const void *block, size_t bytes, uint64_t seed)
{
    uint64_t first = *(const volatile uint64_t *)block, last = *(const volatile uint64_t *)((const char *)block + ((bytes - 8) & ~(size_t)7));
#ifdef FLOOR
    (void)first, (void)last, (void)seed;
#else
    if (first != seed || last != seed) stop("a block was overwritten");
#endif
}

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

/* Sizes from least to most, without a division. */
static inline size_t size_between(uint64_t random, size_t least, size_t most) { return least + (size_t)(((random >> 32) * (most - least + 1)) >> 32); }

/* Arguments: --name value. Unknown ones end the program. */
typedef struct { const char *name; long *value; } Argument;

static inline void read_arguments(int count, char **words, const Argument *known, int known_count)
{
    for (int i = 1; i < count; i += 2)
    {
        int found = 0;
        for (int j = 0; j < known_count && i + 1 < count; j++)
        {
            char *end = NULL;
            if (strcmp(words[i], known[j].name) != 0) continue;
            *known[j].value = strtol(words[i + 1], &end, 10);
            found = end != words[i + 1] && *end == 0 && *known[j].value >= 0;
        }

        if (found) continue;
        fprintf(stderr, "usage: %s", words[0]);
        for (int j = 0; j < known_count; j++) fprintf(stderr, " [%s %ld]", known[j].name, *known[j].value);
        fprintf(stderr, "\n");
        exit(2);
    }
}

static inline uint64_t cpu_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A second thread that does nothing: from then on glibc's malloc takes its locks, as in most real programs. */
static inline void *sleep_for_ever(void *unused) { (void)unused; pause(); return NULL; }

static inline void start_idle_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) stop("pthread_create failed");
    pthread_detach(thread);
}

static inline long peak_rss_kib(void)
{
    static char text[8192];
    int file = open("/proc/self/status", O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    char *line = length > 0 ? strstr(text, "VmHWM:") : NULL;
    return line == NULL ? -1 : strtol(line + 6, NULL, 10);
}

static inline const char *library_of(const char *function)
{
    Dl_info info;
    void *address = dlsym(RTLD_DEFAULT, function);
    return address != NULL && dladdr(address, &info) != 0 ? info.dli_fname : "nothing";
}

/* The C library's own count, whoever serves the process's malloc. */
static inline long libc_bytes_of_a_block(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    struct mallinfo2 (*count)(void) = libc == NULL ? NULL : (struct mallinfo2 (*)(void))dlsym(libc, "mallinfo2");
    if (count == NULL) return -1;
    struct mallinfo2 before = count();
    void *volatile block = malloc(65536);
    struct mallinfo2 after = count();
    free(block);
    return (long)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd);
}

static inline void report(uint64_t operations, uint64_t nanoseconds)
{
    long peak = peak_rss_kib();
#ifdef FLOOR
    const char *server = "floor";
#else
    static const char *const functions[] = {"free", "calloc", "realloc"};
    const char *server = library_of("malloc");
    for (int i = 0; i < 3; i++)
        if (strcmp(server, library_of(functions[i])) != 0) stop("malloc and its companions come from different libraries");
#endif
    printf("operations=%lu cpu_ns=%lu peak_rss_kib=%ld libc_bytes=%ld served_by=%s\n", (unsigned long)operations, (unsigned long)nanoseconds, peak, libc_bytes_of_a_block(), server);
}
#endif
