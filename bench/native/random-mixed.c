/* A random one of many slots: empty, it gets a block of a random size; full, its block is freed. Most of the time is the loop: compare with the floor. */
#include "bench.h"

typedef struct { void *block; size_t bytes; } Slot;

int main(int count, char **words)
{
    long slots = 256, operations = 8000000, least = 16, most = 1024, idle = 0;
    const Argument known[] = {{"--slots", &slots}, {"--operations", &operations}, {"--min", &least}, {"--max", &most}, {"--idle-thread", &idle}};
    read_arguments(count, words, known, 5);
    if (slots == 0 || (slots & (slots - 1)) != 0 || least < 8 || most < least) stop("random-mixed: --slots is a power of two, --min at least 8, --max no less");
    if (idle != 0) start_idle_thread();
    Slot *table = pages(sizeof(Slot) * (size_t)slots);
    uint64_t random = 0x9E3779B97F4A7C15u, mask = (uint64_t)slots - 1;
    uint64_t begin = cpu_nanoseconds();
    for (long i = 0; i < operations; i++)
    {
        uint64_t choice = next_random(&random);
        Slot *slot = &table[choice & mask];
        if (slot->block == NULL)
        {
            slot->bytes = size_between(choice, (size_t)least, (size_t)most);
            slot->block = take(slot->bytes);
            mark(slot->block, slot->bytes, (uint64_t)(uintptr_t)slot);
        }
        else
        {
            verify(slot->block, slot->bytes, (uint64_t)(uintptr_t)slot);
            give(slot->block);
            slot->block = NULL;
        }
    }

    report((uint64_t)operations, cpu_nanoseconds() - begin);
    return 0;
}
