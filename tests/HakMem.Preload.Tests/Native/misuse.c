/* Wrong calls. Each has to end the process by SIGABRT with one clear line; a case that comes to its end was not detected. */
#include "check.h"
#include <malloc.h>
#include <pthread.h>
#include "../../../src/HakMem.Preload/hakmem.h"

#pragma weak hakmem_heap_new
#pragma weak hakmem_heap_malloc
#pragma weak hakmem_heap_realloc
#pragma weak hakmem_heap_free
#pragma weak hakmem_heap_trim
#pragma weak hakmem_heap_destroy
#pragma weak hakmem_heap_release

/* What is wrong in a thread's own cache may be found only when it is given back: many frees, then the thread's end. */
static void *churn(void *unused)
{
    static __thread void *blocks[5000];
    (void)unused;
    for (int round = 0; round < 3; round++)
    {
        for (int i = 0; i < 5000; i++) blocks[i] = malloc((size_t)(16 << (i % 8)));
        for (int i = 0; i < 5000; i++) free(blocks[i]);
    }

    return NULL;
}

static void undetected(void)
{
    churn(NULL);
    malloc_trim(0);
    pthread_t thread;
    pthread_create(&thread, NULL, churn, NULL);
    pthread_join(thread, NULL);
}

static void twice(size_t size)
{
    void *block = malloc(size), *other = malloc(size);
    free(HIDE(block));
    free(other);
    free(HIDE(block));
    undetected();
}

CASE(double_free_tiny) { twice(24); }
CASE(double_free_small) { twice(700); }
CASE(double_free_medium) { twice(20000); }
CASE(double_free_large) { twice(300000); }
CASE(double_free_huge) { twice(8 << 20); }

CASE(double_free_at_once)
{
    void *block = malloc(64);
    free(HIDE(block));
    free(HIDE(block));
    undetected();
}

static void *free_it(void *block) { free(block); return NULL; }

CASE(double_free_by_two_threads)
{
    void *block = malloc(64);
    for (int i = 0; i < 2; i++)
    {
        pthread_t thread;
        pthread_create(&thread, NULL, free_it, HIDE(block));
        pthread_join(thread, NULL);
    }

    undetected();
}

static void inside(size_t size, size_t offset)
{
    char *block = malloc(size);
    memset(block, 0, size);
    free(HIDE(block) + offset);
    undetected();
}

CASE(interior_tiny) { inside(100, 16); }
CASE(interior_odd) { inside(100, 3); }
CASE(interior_medium) { inside(20000, 4096); }
CASE(interior_large) { inside(500000, 65536); }
CASE(interior_huge) { inside(8 << 20, 2 << 20); }

CASE(free_of_the_stack)
{
    char memory[64];
    free(HIDE(&memory[16]));
    undetected();
}

static char data[256] __attribute__((aligned(64)));

static void *free_the_stack_while_cancelled(void *unused)
{
    char memory[64];
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    free(HIDE(&memory[16]));
    return unused;
}

CASE(free_of_the_stack_by_a_cancelled_thread)
{
    pthread_t thread;
    pthread_create(&thread, NULL, free_the_stack_while_cancelled, NULL);
    pthread_join(thread, NULL);
    undetected();
}

CASE(free_of_static_data)
{
    free(HIDE(&data[64]));
    undetected();
}

CASE(free_of_a_mapping)
{
    char *pages = fresh_pages(1 << 20);
    free(pages + 4096);
    undetected();
}

CASE(free_of_a_low_address)
{
    free(HIDE((void *)0x40));
    undetected();
}

CASE(free_of_a_kernel_address)
{
    free(HIDE((void *)0xFFFF800000001000));
    undetected();
}

CASE(realloc_of_a_freed_large_block)
{
    char *block = malloc(300000);
    free(HIDE(block));
    block = realloc(HIDE(block), 600000);
    undetected();
}

CASE(realloc_of_the_stack)
{
    char memory[64];
    void *volatile block = realloc(HIDE(&memory[16]), 200);
    (void)block;
    undetected();
}

static hakmem_heap *ended_heap(void (*end)(hakmem_heap *), void **block)
{
    if (hakmem_heap_new == NULL) abort();   /* another allocator, which has no heaps to misuse */
    hakmem_heap *heap = hakmem_heap_new();
    *block = hakmem_heap_malloc(heap, 100);
    CHECK(*block != NULL);
    end(heap);
    return heap;
}

CASE(heap_destroyed_twice)
{
    void *block;
    hakmem_heap *heap = ended_heap(hakmem_heap_destroy, &block);
    hakmem_heap_destroy(heap);
    undetected();
}

CASE(heap_destroyed_after_release)
{
    void *block;
    hakmem_heap *heap = ended_heap(hakmem_heap_release, &block);
    hakmem_heap_destroy(heap);
    undetected();
}

CASE(heap_released_after_destroy) { void *block; hakmem_heap_release(ended_heap(hakmem_heap_destroy, &block)); }
CASE(heap_trimmed_after_destroy) { void *block; hakmem_heap_trim(ended_heap(hakmem_heap_destroy, &block)); }
CASE(malloc_of_a_destroyed_heap) { void *block; hakmem_heap_malloc(ended_heap(hakmem_heap_destroy, &block), 100); }
CASE(realloc_of_a_destroyed_heap) { void *block; hakmem_heap *heap = ended_heap(hakmem_heap_destroy, &block); block = hakmem_heap_realloc(heap, malloc(10), 100); }
CASE(free_by_a_destroyed_heap) { void *block; hakmem_heap *heap = ended_heap(hakmem_heap_destroy, &block); hakmem_heap_free(heap, malloc(10)); }
