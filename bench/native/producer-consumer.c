/* Producers allocate batches, consumers free them; a bounded queue for each pair. Waiting sleeps in the kernel, so it takes little CPU time, and as much for all. */
#include "bench.h"
#include <sched.h>
#include <semaphore.h>

enum { QUEUED = 64, BATCH = 120, MAX_PAIRS = 64 };
typedef struct { void *blocks[BATCH]; size_t bytes[BATCH]; } Batch;
typedef struct { sem_t free_places, filled; Batch *batches; uint64_t random; } Queue;

static long pairs = 1, operations = 4000000, least = 8, most = 135, pin = 0;

static long batches_of_a_pair(void) { return operations / pairs / BATCH / 2; }

/* Wakes the other side for half a queue at a time. */
static void await_half(sem_t *semaphore) { for (int i = 0; i < QUEUED / 2; i++) while (sem_wait(semaphore) != 0) {} }
static void post_half(sem_t *semaphore) { for (int i = 0; i < QUEUED / 2; i++) sem_post(semaphore); }

static void *produce(void *argument)
{
    Queue *queue = argument;
    for (long batch = 0; batch < batches_of_a_pair(); batch++)
    {
        if (batch % (QUEUED / 2) == 0) await_half(&queue->free_places);
        Batch *place = &queue->batches[batch % QUEUED];
        for (int i = 0; i < BATCH; i++)
        {
            place->bytes[i] = size_between(next_random(&queue->random), (size_t)least, (size_t)most);
            place->blocks[i] = take(place->bytes[i]);
            mark(place->blocks[i], place->bytes[i], (uint64_t)batch + (uint64_t)i);
        }

        if (batch % (QUEUED / 2) == QUEUED / 2 - 1) post_half(&queue->filled);
    }

    post_half(&queue->filled);
    return NULL;
}

static void *consume(void *argument)
{
    Queue *queue = argument;
    for (long batch = 0; batch < batches_of_a_pair(); batch++)
    {
        if (batch % (QUEUED / 2) == 0) await_half(&queue->filled);
        Batch *place = &queue->batches[batch % QUEUED];
        for (int i = 0; i < BATCH; i++)
        {
            verify(place->blocks[i], place->bytes[i], (uint64_t)batch + (uint64_t)i);
            give(place->blocks[i]);
        }

        if (batch % (QUEUED / 2) == QUEUED / 2 - 1) post_half(&queue->free_places);
    }

    return NULL;
}

/* A processor of its own for each thread, round and round among those of the process: two threads on one hand blocks over at no cost, and the scheduler puts them there now and then. */
static void keep_to(pthread_attr_t *attributes, long thread)
{
    cpu_set_t allowed, own;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) stop("sched_getaffinity failed");
    long skip = thread % CPU_COUNT(&allowed);
    int processor = 0;
    while (!CPU_ISSET(processor, &allowed) || skip-- != 0) processor++;
    CPU_ZERO(&own);
    CPU_SET(processor, &own);
    if (pthread_attr_setaffinity_np(attributes, sizeof own, &own) != 0) stop("pthread_attr_setaffinity_np failed");
}

int main(int count, char **words)
{
    const Argument known[] = {{"--pairs", &pairs}, {"--operations", &operations}, {"--min", &least}, {"--max", &most}, {"--pin", &pin}};
    read_arguments(count, words, known, 5);
    if (pairs < 1 || pairs > MAX_PAIRS || least < 8 || most < least) stop("producer-consumer: --pairs 1 to 64, --min at least 8, --max no less");
    static Queue queues[MAX_PAIRS];
    static pthread_t threads[2 * MAX_PAIRS];
    for (long i = 0; i < pairs; i++)
    {
        queues[i].batches = pages(sizeof(Batch) * QUEUED);
        queues[i].random = 0x9E3779B97F4A7C15u * (uint64_t)(i + 1);
        sem_init(&queues[i].free_places, 0, QUEUED);
        sem_init(&queues[i].filled, 0, 0);
    }

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    uint64_t begin = cpu_nanoseconds();
    for (long i = 0; i < 2 * pairs; i++)
    {
        if (pin != 0) keep_to(&attributes, i);
        if (pthread_create(&threads[i], &attributes, i % 2 == 0 ? produce : consume, &queues[i / 2]) != 0) stop("pthread_create failed");
    }

    for (long i = 0; i < 2 * pairs; i++) pthread_join(threads[i], NULL);
    report((uint64_t)(batches_of_a_pair() * pairs * BATCH * 2), cpu_nanoseconds() - begin);
    return 0;
}
