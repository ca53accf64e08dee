/* Random calls of the C interface against a shadow model that knows every live block: contents, alignment, zeroing, usable size, errno, and that no two blocks
   overlap. The model lives in memory of its own, so what the allocator does to its blocks cannot hide a fault.

   fuzz --seconds S --threads T --seed N        T threads hand blocks to each other; they end and begin anew all the time
   The same seed gives the same calls of each thread (what is handed over depends on time). On a fault the seed is printed. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#define CHECK_NO_MAIN
#include "check.h"

enum { SLOTS = 3000, MAILBOXES = 256, CALLS_OF_A_THREAD = 30000, UNTOUCHED = 7654, MAX_THREADS = 64 };
typedef struct { unsigned char *memory; size_t bytes, usable, alignment; uint64_t seed; int how; } Block;
enum { BY_MALLOC = 0, OTHERWISE = 1 };

static uint64_t first_seed = 1;
static double seconds = 10;
static int thread_count = 2;
static int strict_errno;      /* glibc itself sets errno on success when a second arena has to help out */
static struct timespec begin;
static atomic_ulong total_calls;

#define BAD(...) (say("fuzz --seed %lu --threads %d: ", (unsigned long)first_seed, thread_count), FAIL(__VA_ARGS__))

/* All live blocks as ranges of addresses, for one thread: an array sorted by address, searched by halving. */
typedef struct { uintptr_t start, end; } Range;
static Range *ranges;
static size_t range_count;

static size_t place_of(uintptr_t start)
{
    size_t low = 0, high = range_count;
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        if (ranges[middle].start < start) low = middle + 1;
        else high = middle;
    }

    return low;
}

static void add_range(const Block *block)
{
    if (ranges == NULL) return;
    uintptr_t start = (uintptr_t)block->memory, end = start + (block->usable == 0 ? 1 : block->usable);
    size_t place = place_of(start);
    if (place < range_count && ranges[place].start < end) BAD("block %p of %zu bytes overlaps a live one at %p", (void *)start, block->bytes, (void *)ranges[place].start);
    if (place > 0 && ranges[place - 1].end > start) BAD("block %p of %zu bytes overlaps a live one at %p", (void *)start, block->bytes, (void *)ranges[place - 1].start);
    memmove(&ranges[place + 1], &ranges[place], (range_count++ - place) * sizeof(Range));
    ranges[place] = (Range){start, end};
}

static void remove_range(const Block *block)
{
    if (ranges == NULL) return;
    size_t place = place_of((uintptr_t)block->memory);
    if (place >= range_count || ranges[place].start != (uintptr_t)block->memory) BAD("the model has lost %p", (void *)block->memory);
    memmove(&ranges[place], &ranges[place + 1], (--range_count - place) * sizeof(Range));
}

static void verify(const Block *block, size_t kept)
{
    size_t bad = damage(block->memory, block->usable, kept, block->seed);
    if (bad != SIZE_MAX) BAD("byte %zu of a block of %zu (usable %zu) at %p was overwritten", bad, block->bytes, block->usable, (void *)block->memory);
}

static void begin_block(Block *block, void *memory, size_t bytes, size_t alignment, uint64_t seed, int how)
{
    if (((uintptr_t)memory & (alignment - 1)) != 0) BAD("%p for %zu bytes is not aligned to %zu", memory, bytes, alignment);
    *block = (Block){memory, bytes, malloc_usable_size(memory), alignment, seed, how};
    if (block->usable < bytes) BAD("usable size %zu of a block of %zu", block->usable, bytes);
    add_range(block);
    fill_block(memory, block->usable, seed);
}

static void *allocated(void *memory, const char *what, size_t bytes)
{
    if (memory == NULL) BAD("%s of %zu bytes failed with errno %d", what, bytes, errno);
    if (errno != UNTOUCHED && strict_errno) BAD("%s of %zu bytes succeeded and set errno to %d", what, bytes, errno);
    return memory;
}

static size_t random_size(uint64_t *random)
{
    uint64_t choice = next_random(random);
    unsigned kind = choice % 1024;
    unsigned power = kind < 900 ? 4 + (choice >> 10) % 7 : kind < 1000 ? 10 + (choice >> 10) % 6 : kind < 1022 ? 15 + (choice >> 10) % 4 : 19 + (choice >> 10) % 5;
    size_t bytes = (size_t)1 << power;
    switch (choice >> 16 & 7)
    {
        case 0: return bytes;
        case 1: return bytes + 1;
        case 2: return bytes - 1;
        case 3: return (choice >> 24) % 17;
        default: return bytes / 2 + (choice >> 24) % bytes;
    }
}

static void allocate(Block *block, uint64_t *random)
{
    uint64_t choice = next_random(random), seed = next_random(random);
    size_t bytes = random_size(random), alignment = 16;
    void *memory = NULL;
    errno = UNTOUCHED;
    switch (choice % 16)
    {
        case 0: case 1:
        {
            size_t count = 1 + (choice >> 8) % 5;
            memory = allocated(calloc(count, bytes), "calloc", bytes);
            bytes *= count;
            if (bytes > 0 && (*(unsigned char *)memory != 0 || memcmp(memory, (unsigned char *)memory + 1, bytes - 1) != 0)) BAD("calloc of %zu bytes is not zero", bytes);
            break;
        }
        case 2: alignment = (size_t)1 << (choice >> 8) % 14; memory = allocated(aligned_alloc(alignment, bytes), "aligned_alloc", bytes); break;
        case 3: alignment = (size_t)1 << (choice >> 8) % 22; memory = allocated(memalign(alignment, bytes), "memalign", bytes); break;
        case 4:
        {
            alignment = (size_t)8 << (choice >> 8) % 14;
            if ((choice >> 16 & 3) == 0) bytes = alignment;
            int error = posix_memalign(&memory, alignment, bytes);
            if (error != 0) BAD("posix_memalign of %zu bytes returned %d", bytes, error);
            break;
        }
        case 5: alignment = 4096; memory = allocated(choice >> 8 & 1 ? valloc(bytes) : pvalloc(bytes), "valloc", bytes); break;
        case 6: memory = allocated(realloc(NULL, bytes), "realloc", bytes); break;
        case 7: memory = allocated(reallocarray(NULL, 3, bytes), "reallocarray", bytes); bytes *= 3; break;
        default: memory = allocated(malloc(bytes), "malloc", bytes); break;
    }

    begin_block(block, memory, bytes, alignment < 16 && bytes >= 16 ? 16 : alignment, seed, alignment == 16 ? BY_MALLOC : OTHERWISE);
}

/* Of C23, not in every C library. */
static void (*free_sized_)(void *, size_t);

static void release(Block *block, uint64_t choice)
{
    verify(block, block->usable);
    remove_range(block);
    errno = UNTOUCHED;
    if (choice % 16 == 0) { void *none = realloc(block->memory, 0); if (none != NULL) BAD("realloc(p, 0) returned %p", none); }
    else if (choice % 16 == 1 && free_sized_ != NULL && block->how == BY_MALLOC) free_sized_(block->memory, block->bytes);
    else free(block->memory);
    if (errno != UNTOUCHED) BAD("a free of %zu bytes set errno to %d", block->bytes, errno);
    block->memory = NULL;
}

static void resize(Block *block, uint64_t *random)
{
    uint64_t choice = next_random(random);
    size_t bytes = choice % 3 == 0 ? block->bytes + (choice >> 8) % 64 : choice % 3 == 1 ? block->bytes / 2 + (choice >> 8) % (block->bytes + 1) : random_size(random);
    if (bytes == 0) bytes = 1;
    verify(block, block->usable);
    remove_range(block);
    errno = UNTOUCHED;
    Block before = *block;
    unsigned char *memory = allocated(choice >> 32 & 1 ? realloc(block->memory, bytes) : reallocarray(block->memory, bytes, 1), "realloc", bytes);
    size_t kept = before.bytes < bytes ? before.bytes : bytes;
    before.memory = memory;
    verify(&before, kept);
    begin_block(block, memory, bytes, 16, choice, BY_MALLOC);
}

static void refuse(Block *block, uint64_t choice)
{
    static const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 4095, (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX - 100, SIZE_MAX / 2 + 100};
    size_t bytes = HIDE(impossible[choice % 6]);
    void *memory = NULL;
    errno = 0;
    switch (choice >> 8 & 3)
    {
        case 0: memory = malloc(bytes); break;
        case 1: memory = calloc(bytes / 2, 3); break;
        case 2: memory = aligned_alloc(64, bytes); break;
        default: if (block->memory != NULL) memory = realloc(block->memory, bytes); else errno = ENOMEM; break;
    }

    if (memory != NULL || errno != ENOMEM) BAD("a request of %zu bytes gave %p and errno %d", bytes, memory, errno);
    if (block->memory != NULL) verify(block, block->usable);
}

/* Blocks on their way to other threads. */
static struct { atomic_flag lock; Block block; } mailboxes[MAILBOXES];

static void hand_over(Block *block, uint64_t choice)
{
    size_t box = choice % MAILBOXES;
    if (atomic_flag_test_and_set_explicit(&mailboxes[box].lock, memory_order_acquire)) return;
    Block taken = mailboxes[box].block;
    mailboxes[box].block = *block;
    *block = taken;
    atomic_flag_clear_explicit(&mailboxes[box].lock, memory_order_release);
}

static int time_is_over(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 >= seconds;
}

static void play(Block *blocks, uint64_t random, long calls)
{
    for (long call = 0; call < calls && ((call & 255) != 0 || !time_is_over()); call++)
    {
        uint64_t choice = next_random(&random);
        Block *block = &blocks[choice % SLOTS];
        choice >>= 20;
        if (choice % 5000 == 0) malloc_trim(choice >> 16 & 1 ? 0 : 1 << 20);
        else if (choice % 1000 == 1) refuse(block, choice >> 16);
        else if (thread_count > 1 && choice % 5 == 0) hand_over(block, choice >> 16);
        else if (block->memory == NULL) allocate(block, &random);
        else if (choice % 4 == 1) resize(block, &random);
        else release(block, choice >> 16);
        atomic_fetch_add_explicit(&total_calls, 1, memory_order_relaxed);
    }
}

static void drop_all(Block *blocks)
{
    for (int i = 0; i < SLOTS; i++)
        if (blocks[i].memory != NULL) release(&blocks[i], 1);
}

typedef struct { Block *blocks; uint64_t seed; } Task;

static void *task(void *argument) { Task *own = argument; play(own->blocks, own->seed, CALLS_OF_A_THREAD); return NULL; }

/* One line of threads after the other: each begins with the blocks that the one before it left. */
static void *line_of_threads(void *argument)
{
    Task own = {fresh_pages(sizeof(Block) * SLOTS), first_seed * 1000003 + (uint64_t)(uintptr_t)argument + 1};
    while (!time_is_over())
    {
        own.seed = own.seed * 6364136223846793005ULL + 1442695040888963407ULL;
        pthread_t thread;
        if (pthread_create(&thread, NULL, task, &own) != 0) BAD("pthread_create failed");
        pthread_join(thread, NULL);
    }

    drop_all(own.blocks);
    return NULL;
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i += 2)
    {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        char *end = NULL;
        if (strcmp(arguments[i], "--seconds") == 0) seconds = strtod(value, &end);
        else if (strcmp(arguments[i], "--threads") == 0) thread_count = (int)strtol(value, &end, 10);
        else if (strcmp(arguments[i], "--seed") == 0) first_seed = strtoull(value, &end, 10);
        if (end == NULL || end == value || *end != 0 || seconds <= 0 || thread_count < 1 || thread_count > MAX_THREADS)
        {
            say("usage: fuzz [--seconds S] [--threads 1..%d] [--seed N]; not '%s %s'\n", MAX_THREADS, arguments[i], value);
            return 2;
        }
    }

    check_identity();
    strict_errno = getenv("HAKMEMTEST_EXPECT") != NULL;
    free_sized_ = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (thread_count == 1)
    {
        ranges = fresh_pages(sizeof(Range) * (SLOTS + 1));
        Block *blocks = fresh_pages(sizeof(Block) * SLOTS);
        for (uint64_t round = 0; !time_is_over(); round++) play(blocks, first_seed * 1000003 + round * 2654435761u + 1, CALLS_OF_A_THREAD);
        drop_all(blocks);
    }
    else
    {
        pthread_t lines[MAX_THREADS];
        for (int i = 0; i < thread_count; i++)
            if (pthread_create(&lines[i], NULL, line_of_threads, (void *)(uintptr_t)i) != 0) BAD("pthread_create failed");
        for (int i = 0; i < thread_count; i++) pthread_join(lines[i], NULL);
        for (int i = 0; i < MAILBOXES; i++)
            if (mailboxes[i].block.memory != NULL) release(&mailboxes[i].block, 1);
    }

    malloc_trim(0);
    printf("%lu calls, %d threads, seed %lu: no fault; %ld KiB resident at the end\n", atomic_load(&total_calls), thread_count, (unsigned long)first_seed, resident_kib());
    return 0;
}
