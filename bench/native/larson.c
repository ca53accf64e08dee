/* After Larson and Krishnan's server benchmark: each thread replaces random blocks of its array; after each generation the threads end and the arrays pass
   on to fresh ones, each to the next thread's successor, which frees what others allocated. Starting and ending threads is measured. */
#include "bench.h"

typedef struct { void *block; size_t bytes; } Chunk;
typedef struct { Chunk *chunks; uint64_t random; } Array;

static long threads = 1, chunks = 10000, least = 8, most = 1024, generations = 10, operations = 4000000;

static void *generation(void *argument)
{
    Array *array = argument;
    uint64_t random = array->random;
    for (long i = operations / threads / generations / 2; i > 0; i--)
    {
        uint64_t choice = next_random(&random);
        Chunk *chunk = &array->chunks[(choice & 0xFFFFFFFF) * (uint64_t)chunks >> 32];
        if (chunk->block != NULL)
        {
            verify(chunk->block, chunk->bytes, (uint64_t)(uintptr_t)chunk);
            give(chunk->block);
        }

        chunk->bytes = size_between(choice, (size_t)least, (size_t)most);
        chunk->block = take(chunk->bytes);
        mark(chunk->block, chunk->bytes, (uint64_t)(uintptr_t)chunk);
    }

    array->random = random;
    return NULL;
}

int main(int count, char **words)
{
    enum { MAX_THREADS = 256 };
    const Argument known[] = {{"--threads", &threads}, {"--chunks", &chunks}, {"--min", &least}, {"--max", &most}, {"--generations", &generations}, {"--operations", &operations}};
    read_arguments(count, words, known, 6);
    if (threads < 1 || threads > MAX_THREADS || chunks < 1 || least < 8 || most < least || generations < 1) stop("larson: --threads 1 to 256, --min at least 8, --max no less, the others at least 1");
    static Array arrays[MAX_THREADS];
    static pthread_t ids[MAX_THREADS];
    for (long i = 0; i < threads; i++) arrays[i] = (Array){pages(sizeof(Chunk) * (size_t)chunks), 0x9E3779B97F4A7C15u * (uint64_t)(i + 1)};
    uint64_t begin = cpu_nanoseconds();
    for (long round = 0; round < generations; round++)
    {
        for (long i = 0; i < threads; i++)
            if (pthread_create(&ids[i], NULL, generation, &arrays[(i + round) % threads]) != 0) stop("pthread_create failed");
        for (long i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    }

    report((uint64_t)operations, cpu_nanoseconds() - begin);
    return 0;
}
