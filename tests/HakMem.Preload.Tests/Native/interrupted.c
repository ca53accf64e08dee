/* Signal handlers that run inside the allocator, at places of our choice: the program defines functions of the C library that the allocator calls, and each
   raises a signal first while a call of the allocator is armed. What a timer hits once in a million calls is hit every time. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/syscall.h>
#include "check.h"
#include "../../../src/HakMem.Preload/hakmem.h"

#pragma weak hakmem_stats
#pragma weak hakmem_heap_new
#pragma weak hakmem_heap_malloc
#pragma weak hakmem_heap_destroy

static __thread volatile int armed;   /* how many more signals to raise on this thread */
static __thread volatile int interruptions;
static int *(*true_errno)(void);
static int (*true_yield)(void);
static int (*true_setspecific)(pthread_key_t, const void *);

__attribute__((constructor)) static void find_true_functions(void)
{
    true_errno = (int *(*)(void))dlsym(RTLD_NEXT, "__errno_location");
    true_yield = (int (*)(void))dlsym(RTLD_NEXT, "sched_yield");
    true_setspecific = (int (*)(pthread_key_t, const void *))dlsym(RTLD_NEXT, "pthread_setspecific");
    CHECK(true_errno != NULL && true_yield != NULL && true_setspecific != NULL);
}

static void interrupt(void)
{
    int left = armed;
    if (left == 0) return;
    armed = 0;
    interruptions++;
    raise(SIGUSR1);
    armed = left - 1;
}

int *__errno_location(void)
{
    interrupt();
    if (true_errno == NULL) find_true_functions();
    return true_errno();
}

int sched_yield(void) { interrupt(); return true_yield(); }
int pthread_setspecific(pthread_key_t key, const void *value) { interrupt(); return true_setspecific(key, value); }

static long with_errno(long result)
{
    if (result >= 0 || result < -4095) return result;
    *true_errno() = (int)-result;
    return -1;
}

/* The kernel's answer without syscall(), which would set errno through the function above. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return with_errno(result);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    interrupt();
    return (void *)call(SYS_mmap, (long)address, (long)bytes, protection, flags, file, offset);
}

int munmap(void *address, size_t bytes) { interrupt(); return (int)call(SYS_munmap, (long)address, (long)bytes, 0, 0, 0, 0); }
int mprotect(void *address, size_t bytes, int protection) { interrupt(); return (int)call(SYS_mprotect, (long)address, (long)bytes, protection, 0, 0, 0); }
int madvise(void *address, size_t bytes, int advice) { interrupt(); return (int)call(SYS_madvise, (long)address, (long)bytes, advice, 0, 0, 0); }

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

/* ---- what the handler does inside ---- */

enum { HELD = 8 };
static __thread unsigned char *held[HELD], *volatile given;   /* blocks that outlive the handler; one of the program's to be freed by it */
static __thread size_t held_bytes[HELD];

static void use_everything(int number)
{
    (void)number;
    int before = *true_errno();
    int place = interruptions % HELD;
    if (held[place] != NULL)
    {
        CHECKF(damage(held[place], held_bytes[place], held_bytes[place], (uint64_t)place) == SIZE_MAX, "a block of the handler was damaged");
        free(held[place]);
    }

    held_bytes[place] = (size_t)(1 + interruptions % 97 * 61);
    held[place] = malloc(held_bytes[place]);
    CHECK(held[place] != NULL && malloc_usable_size(held[place]) >= held_bytes[place]);
    fill_block(held[place], held_bytes[place], (uint64_t)place);
    unsigned char *zeroed = calloc(7, 100);
    CHECK(zeroed != NULL);
    for (int i = 0; i < 700; i++) CHECK(zeroed[i] == 0);
    memset(zeroed, 0xAA, 700);
    zeroed = realloc(zeroed, 5000);
    CHECK(zeroed != NULL && zeroed[699] == 0xAA);
    memset(zeroed, 0xBB, 5000);
    void *aligned = aligned_alloc(4096, 8192);
    CHECK(aligned != NULL && (uintptr_t)aligned % 4096 == 0);
    memset(aligned, 0xCC, 8192);
    free(zeroed);
    free(aligned);
    free(given);
    given = NULL;
    CHECKF(*true_errno() == before, "errno went from %d to %d in the handler", before, *true_errno());
}

static void *work(void *seed)
{
    enum { SLOTS = 64 };
    static const size_t sizes[] = {24, 500, 3000, 9000, 40000, 100000, 700000, 3000000};
    unsigned char *blocks[SLOTS] = {0};
    size_t bytes[SLOTS];
    uint64_t random = (uint64_t)(uintptr_t)seed;
    for (int i = 0; i < 4000; i++)
    {
        uint64_t choice = next_random(&random);
        unsigned slot = choice % SLOTS;
        if (given == NULL) given = malloc(sizes[choice / 64 % 5]);
        armed = 3;
        if (blocks[slot] == NULL)
        {
            bytes[slot] = sizes[choice / 4096 % 8] + choice / 65536 % 100;
            blocks[slot] = malloc(bytes[slot]);
            armed = 0;
            CHECK(blocks[slot] != NULL);
            fill_block(blocks[slot], bytes[slot], slot);
            continue;
        }

        armed = 0;
        CHECKF(damage(blocks[slot], bytes[slot], bytes[slot], slot) == SIZE_MAX, "a block of %zu bytes was damaged after %d interruptions", bytes[slot], interruptions);
        armed = 3;
        free(blocks[slot]);
        blocks[slot] = NULL;
        if (i % 50 == 0) malloc_trim(0);
        armed = 0;
    }

    CHECKF(interruptions > 100, "the allocator was interrupted %d times only", interruptions);
    for (int i = 0; i < SLOTS; i++) free(blocks[i]);
    for (int i = 0; i < HELD; i++) free(held[i]);
    free(given);
    return NULL;
}

CASE(a_handler_uses_everything_inside_every_call)
{
    alarm(120);
    handle(use_everything);
    work((void *)1);
    pthread_t threads[4];
    for (long i = 0; i < 4; i++) threads[i] = start(work, (void *)(i + 2));
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

/* ---- what the handlers have together is bounded ---- */

static void ask_for_too_much(int number)
{
    (void)number;
    enum { MOST = 32 };
    void *large[MOST];
    int count = 0;
    void *first = malloc(40000);   /* so that the large ones do not fill all exactly */
    while (count < MOST && (large[count] = malloc(9 << 20)) != NULL) count++;
    CHECKF(count > 0 && count < MOST && *true_errno() == ENOMEM, "%d blocks of 9 MiB, then errno %d", count, *true_errno());
    for (int i = 0; i < 20; i++)
    {
        void *small = malloc(40000);   /* the rest is not lost to them */
        CHECKF(small != NULL, "%d small blocks beside %d large ones", i, count);
        memset(small, i, 40000);
        held[0] = small;
        if (i < 19) free(small);
    }

    free(first);
    while (count != 0) free(large[--count]);
    CHECK((large[0] = malloc(9 << 20)) != NULL);
    free(large[0]);
}

CASE(a_handler_that_asked_for_too_much_still_gets_a_little)
{
    alarm(60);
    handle(ask_for_too_much);
    free(malloc(1));   /* the thread has its heap: the signal comes inside */
    armed = 1;
    void *block = malloc(3000000);
    armed = 0;
    CHECK(interruptions == 1 && block != NULL);
    free(held[0]);
    free(block);
}

/* ---- a heap that is destroyed while another thread frees blocks of it that a handler put aside ---- */

enum { OF_HEAP = 300 };
static void *volatile of_heap[OF_HEAP];   /* volatile: to the compiler, malloc runs nothing of this program */
static volatile int stop;

static void free_blocks_of_heap(int number)
{
    (void)number;
    for (int i = 0; i < OF_HEAP; i++) { free(of_heap[i]); of_heap[i] = NULL; }
}

static void *go_in_and_out(void *unused)
{
    while (!stop) free(malloc(2200000));   /* who goes in frees what was put aside */
    return unused;
}

CASE(a_destroyed_heap_has_no_block_that_waits_to_be_freed)
{
    enum { ROUNDS = 1500 };
    static void *large[ROUNDS];   /* kept, and more than twice as large as what the other thread leaves, so that each needs a mapping: the handler comes at mmap */
    alarm(60);
    handle(free_blocks_of_heap);
    pthread_t other = start(go_in_and_out, NULL);
    for (int i = 0; i < ROUNDS; i++)
    {
        hakmem_heap *heap = hakmem_heap_new();
        CHECK(heap != NULL);
        for (int j = 0; j < OF_HEAP; j++) CHECK((of_heap[j] = hakmem_heap_malloc(heap, (size_t)(16 + j * 10))) != NULL);
        armed = 1;
        large[i] = malloc(5000000);
        armed = 0;
        CHECKF(of_heap[0] == NULL && large[i] != NULL, "round %d: the handler did not come", i);
        hakmem_heap_destroy(heap);   /* whoever frees one of its blocks now ends the process */
    }

    stop = 1;
    CHECK(pthread_join(other, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++) free(large[i]);
}

/* ---- a thread whose first call is interrupted before it has a heap ---- */

static void *volatile of_handler;

static void allocate(int number)
{
    (void)number;
    of_handler = malloc(100);
    CHECK(of_handler != NULL);
    memset(of_handler, 1, 100);
}

static void *first_call(void *unused)
{
    armed = 1;
    unsigned char *block = malloc(100);
    armed = 0;
    CHECKF(interruptions == 1, "a thread's first call was interrupted %d times", interruptions);
    CHECK(block != NULL && block != of_handler);
    memset(block, 2, 100);
    CHECK(((unsigned char *)of_handler)[99] == 1);
    free(block);
    free(of_handler);
    return unused;
}

CASE(a_handler_in_a_threads_first_call_costs_no_heap)
{
    alarm(120);
    handle(allocate);
    struct hakmem_statistics before, after;
    for (int i = 0; i < 300; i++)
    {
        if (i == 20) CHECK(hakmem_stats(&before, sizeof before) != 0);
        CHECK(pthread_join(start(first_call, NULL), NULL) == 0);
    }

    CHECK(hakmem_stats(&after, sizeof after) != 0);
    CHECKF(after.heaps <= before.heaps + 2, "%d heaps before, %d after", (int)before.heaps, (int)after.heaps);
}
