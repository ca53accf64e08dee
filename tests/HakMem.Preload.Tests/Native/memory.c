/* What a process keeps after it freed nearly everything.

   memory give-back             300 MB are allocated and freed, then 2 s of light use: at most a tenth may be left
   memory give-back-in-child    the same in a child that was forked after the parent had freed much: threads of the parent are not in the child
   memory give-back-by-hits     the same after three such rounds, and the light use is a call that misses, once, and then a few small sizes over and over, which never do
   memory give-back-at-end      threads allocate and free much, and end: at most a tenth may be left at once, without another call
   memory give-back-of-one      one thread has 3 MiB and frees them before it ends: at most 1 MiB may be left at once
   memory give-back-big         blocks with mappings of their own are freed, and no other call follows: at most 16 MiB may be left
   memory grow-by-copy          a buffer of up to 4 MiB grows in small steps, each time by a new block and a copy: 24 MiB at most
   memory leave-small           many threads, one after the other, leave a few blocks of 16 bytes: these may take three times their bytes
   memory patterns              what some patterns leave resident, with whatever allocator serves the process; nothing is asserted */
#define _GNU_SOURCE
#include <sys/wait.h>
#define CHECK_NO_MAIN
#include "check.h"
#include <pthread.h>

enum { BLOCKS = 400000 };
static unsigned char **blocks;

static size_t fill(int from, int step, uint64_t seed)
{
    uint64_t random = seed;
    size_t total = 0;
    for (int i = from; i < BLOCKS; i += step)
    {
        uint64_t choice = next_random(&random);
        size_t bytes = choice % 1000 == 0 ? 20000 + choice % 200000 : choice % 20 == 0 ? 1000 + choice % 4000 : 16 + choice % 1100;
        blocks[i] = malloc(bytes);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, bytes);
        total += bytes;
    }

    return total;
}

static void *fill_on_a_thread(void *total) { *(size_t *)total = fill(1, 2, 9); return NULL; }

static int give_back(void)
{
    blocks = fresh_pages(sizeof *blocks * BLOCKS);
    size_t other = 0, total;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fill_on_a_thread, &other) == 0);
    total = fill(0, 2, 5);
    pthread_join(thread, NULL);
    long full = resident_kib();
    CHECKF(total + other > 290u << 20, "only %zu bytes", total + other);
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    munmap(blocks, sizeof *blocks * BLOCKS);
    long freed = resident_kib();
    uint64_t random = 3;
    for (int tick = 0; tick < 200; tick++)
    {
        enum { AT_ONCE = 100 };
        void *few[AT_ONCE];
        usleep(10000);
        for (int i = 0; i < AT_ONCE; i++)
        {
            size_t bytes = 16 + next_random(&random) % 2000;
            memset(few[i] = malloc(bytes), 1, bytes);
        }

        for (int i = 0; i < AT_ONCE; i++) free(few[i]);
    }

    long left = resident_kib();
    say("%zu MiB in blocks: %ld KiB resident, %ld after the frees, %ld after 2 s of light use\n", (total + other) >> 20, full, freed, left);
    CHECKF(left * 10 <= full, "%ld of %ld KiB are still resident", left, full);
    return 0;
}

/* Blocks that come back to the stack they are taken from: no call but the first would find a reason to look at a clock. */
static int give_back_by_hits(void)
{
    enum { AT_ONCE = 100, SIZES = 8, ROUNDS = 3 };
    blocks = fresh_pages(sizeof *blocks * BLOCKS);
    long full = 0;
    size_t total = 0;
    for (int round = 0; round < ROUNDS; round++)
    {
        total = fill(0, 2, 5) + fill(1, 2, 9);
        full = resident_kib();
        for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    }

    munmap(blocks, sizeof *blocks * BLOCKS);
    long freed = resident_kib();
    usleep(20000);
    char *volatile missed = malloc(250000);
    free(missed);
    for (int tick = 0; tick < 200; tick++)
    {
        usleep(10000);
        for (int calls = 0; calls < AT_ONCE; calls += 2 * SIZES)
        {
            char *volatile few[SIZES];   /* or the compiler sees that no block is needed */
            for (int j = 0; j < SIZES; j++) few[j] = malloc(24 * (size_t)(j + 1));
            for (int j = 0; j < SIZES; j++) free(few[j]);
        }
    }

    long left = resident_kib();
    say("%zu MiB in blocks: %ld KiB resident, %ld after the frees, %ld after 2 s of calls that all hit\n", total >> 20, full, freed, left);
    CHECKF(full > 290 << 10, "only %ld KiB were in use", full);
    CHECKF(left * 10 <= full, "%ld of %ld KiB are still resident", left, full);
    return 0;
}

enum { THREADS = 32, BURST = 10000 };
static pthread_barrier_t all_filled, all_freed;
static long full_kib;

static void **take_burst(void *seed)
{
    static __thread void *own[BURST];
    uint64_t random = (uint64_t)(uintptr_t)seed + 1;
    for (int i = 0; i < BURST; i++)
    {
        size_t bytes = 16 + next_random(&random) % 2000;
        CHECK((own[i] = malloc(bytes)) != NULL);
        memset(own[i], 1, bytes);
    }

    return own;
}

static void *burst(void *seed)
{
    void **own = take_burst(seed);
    if (pthread_barrier_wait(&all_filled) == PTHREAD_BARRIER_SERIAL_THREAD) full_kib = resident_kib();
    pthread_barrier_wait(&all_filled);
    for (int i = 0; i < BURST; i++) free(own[i]);
    pthread_barrier_wait(&all_freed);
    return NULL;
}

static int give_back_at_end(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&all_filled, NULL, THREADS);
    pthread_barrier_init(&all_freed, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(threads + i, NULL, burst, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    long left = resident_kib();
    say("%d threads with %d blocks each: %ld KiB resident, %ld after their ends\n", THREADS, BURST, full_kib, left);
    CHECKF(full_kib > 250 * 1024, "only %ld KiB were in use", full_kib);
    CHECKF(left * 10 <= full_kib, "%ld of %ld KiB are still resident", left, full_kib);
    return 0;
}

enum { OF_ONE = 200 };

static int give_back_in_child(void)
{
    blocks = fresh_pages(sizeof *blocks * BLOCKS);
    fill(0, 4, 5);
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    usleep(1500000);
    pid_t child = fork();
    if (child == 0) _exit(give_back());
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", status);
    return 0;
}

static void *work(void *resident)
{
    static void *own[OF_ONE];
    uint64_t random = 1;
    for (int i = 0; i < OF_ONE; i++)
    {
        size_t bytes = 12000 + next_random(&random) % 8000;
        CHECK((own[i] = malloc(bytes)) != NULL);
        memset(own[i], 1, bytes);
    }

    *(long *)resident = resident_kib();
    for (int i = 0; i < OF_ONE; i++) free(own[i]);
    return NULL;
}

static int give_back_of_one(void)
{
    long full = 0, before = resident_kib();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, &full) == 0);
    pthread_join(thread, NULL);
    long left = resident_kib();
    say("%ld KiB resident before, %ld with %d blocks, %ld after the end of the thread that had them\n", before, full, OF_ONE, left);
    CHECKF(full - before > 3000, "only %ld KiB were in use", full - before);
    CHECKF(left - before <= 1024, "%ld of %ld KiB are still resident", left - before, full - before);
    return 0;
}

static int give_back_big(void)
{
    enum { COUNT = 12, BYTES = 4 << 20 };
    char *all[COUNT];
    long before = resident_kib(), full = 0;
    for (int round = 0; round < 2; round++)
    {
        for (int i = 0; i < COUNT; i++)
        {
            all[i] = malloc(BYTES + (size_t)i);
            CHECK(all[i] != NULL);
            memset(all[i], 1, BYTES);
        }

        full = resident_kib();
        for (int i = 0; i < COUNT; i++) free(all[i]);
    }

    long left = resident_kib() - before;
    say("%ld KiB resident before, %ld with %d blocks, %ld more than before without them\n", before, full, COUNT, left);
    CHECKF(full - before > (COUNT * BYTES >> 10) - 1024, "only %ld KiB were in use", full - before);
    CHECKF(left <= 16 << 10, "%ld KiB are still resident", left);
    return 0;
}

/* A new block, a copy and a free for each step, as the buffers of OpenSSH do. */
static int grow_by_copy(void)
{
    enum { STEP = 32 << 10, MOST = 4 << 20, ROUNDS = 5 };
    for (int round = 0; round < ROUNDS; round++)
    {
        size_t bytes = STEP;
        unsigned char *block = malloc(bytes);
        CHECK(block != NULL);
        memset(block, 1, bytes);
        while (bytes < MOST)
        {
            unsigned char *larger = calloc(1, bytes + STEP);
            CHECK(larger != NULL);
            memcpy(larger, block, bytes);
            memset(block, 0x55, bytes);
            free(block);
            for (size_t i = bytes; i < bytes + STEP; i += 64) CHECKF(larger[i] == 0, "byte %zu of a block of %zu bytes is %d", i, bytes + STEP, larger[i]);
            block = larger;
            bytes += STEP;
            memset(block, 1, bytes);
        }

        free(block);
    }

    char text[4096] = {0};   /* ru_maxrss is also that of the process which was forked to begin this one */
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0 && read(file, text, sizeof text - 1) > 0);
    close(file);
    char *peak = strstr(text, "VmHWM:");
    CHECK(peak != NULL);
    long most = strtol(peak + 6, NULL, 10);
    say("%ld KiB at most\n", most);
    CHECKF(most > 4 << 10 && most <= 24 << 10, "%ld KiB at most", most);
    return 0;
}

enum { LEAVING = 5000, LEFT = 20 };

static void *leave(void *nothing)
{
    for (int i = 0; i < LEFT; i++)
    {
        char *block = malloc(16);
        CHECK(block != NULL);
        memset(block, 1, 16);
    }

    return nothing;
}

static int leave_small(void)
{
    long before = 0;
    for (int i = 0; i < LEAVING; i++)
    {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
        pthread_join(thread, NULL);
        if (i == 99) before = resident_kib();
    }

    long more = resident_kib() - before, bytes = (LEAVING - 100L) * LEFT * 16;
    say("%d threads left %ld KiB in blocks, %ld KiB of memory\n", LEAVING - 100, bytes >> 10, more);
    CHECKF(more * 1024 <= 3 * bytes, "%ld KiB for %ld KiB of blocks", more, bytes >> 10);
    return 0;
}

/* ---- patterns: each in a process of its own ---- */

static void *burst_and_sleep(void *seed)
{
    void **own = take_burst(seed);
    for (int i = 0; i < BURST; i++) free(own[i]);
    sleep(3);
    return NULL;
}

static void *exchange(void *seed)
{
    enum { SLOTS = 64 };
    void *own[SLOTS] = {NULL};
    uint64_t random = (uint64_t)(uintptr_t)seed + 1;
    for (int i = 0; i < 20000; i++)
    {
        uint64_t choice = next_random(&random);
        size_t bytes = 16 + (choice >> 8) % 300;
        free(own[choice % SLOTS]);
        memset(own[choice % SLOTS] = malloc(bytes), 1, bytes);
    }

    pthread_barrier_wait(&all_filled);
    return NULL;
}

static void run_threads(int count, int at_once, void *(*body)(void *))
{
    pthread_t threads[512];
    for (int done = 0; done < count; done += at_once)
    {
        for (int i = 0; i < at_once; i++) CHECK(pthread_create(threads + i, NULL, body, (void *)(uintptr_t)(done + i)) == 0);
        for (int i = 0; i < at_once; i++) pthread_join(threads[i], NULL);
    }
}

static void threads_end(void) { run_threads(64, 64, burst_and_sleep); }

static void threads_leave(void) { run_threads(30000, 1, leave); }

static void many_threads(void)
{
    pthread_barrier_init(&all_filled, NULL, 500);
    run_threads(500, 500, exchange);
}

static void light_traffic(void)
{
    enum { ALL = 600000, KEPT = ALL / 20 };
    unsigned char **all = fresh_pages(sizeof *all * ALL);
    uint64_t random = 7;
    for (int i = 0; i < ALL; i++)
    {
        size_t bytes = 64 + next_random(&random) % 960;
        memset(all[i] = malloc(bytes), 1, bytes);
    }

    for (int i = 0; i < ALL; i++) if (i % 20 == 0) all[i / 20] = all[i]; else free(all[i]);
    for (int tick = 0; tick < 600; tick++)
    {
        usleep(10000);
        for (int i = 0; i < 100; i++)
        {
            uint64_t choice = next_random(&random);
            size_t bytes = 64 + (choice >> 20) % 960;
            free(all[choice % KEPT]);
            memset(all[choice % KEPT] = malloc(bytes), 1, bytes);
        }
    }

    munmap(all, sizeof *all * ALL);
}

static int patterns(void)
{
    static const struct { const char *name; void (*run)(void); } all[] =
    {
        {"64 threads allocate and free 10 MB each, sleep 3 s, end", threads_end},
        {"30,000 threads leave 20 blocks of 16 bytes each", threads_leave},
        {"19 of 20 of 600,000 blocks freed, then 6 s of light traffic", light_traffic},
        {"500 threads with 64 small blocks each that they leave", many_threads},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    {
        pid_t child = fork();
        if (child == 0)
        {
            all[i].run();
            say("%7ld KiB  %s\n", resident_kib(), all[i].name);
            _exit(0);
        }

        int status = 0;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "'%s' ended with status %#x", all[i].name, status);
    }

    return 0;
}

int main(int count, char **arguments)
{
    static const struct { const char *name; int (*run)(void); } modes[] =
    {
        {"give-back", give_back}, {"give-back-in-child", give_back_in_child}, {"give-back-by-hits", give_back_by_hits}, {"give-back-at-end", give_back_at_end}, {"give-back-of-one", give_back_of_one},
        {"give-back-big", give_back_big}, {"grow-by-copy", grow_by_copy}, {"leave-small", leave_small}, {"patterns", patterns},
    };
    enum { MODES = sizeof modes / sizeof *modes };
    for (int i = 0; count == 2 && i < MODES; i++)
    {
        if (strcmp(arguments[1], modes[i].name) != 0) continue;
        if (modes[i].run != patterns) check_identity();
        return modes[i].run();
    }

    say("usage: memory ");
    for (int i = 0; i < MODES; i++) say("%s%s", modes[i].name, i + 1 < MODES ? " | " : "\n");
    return 2;
}
