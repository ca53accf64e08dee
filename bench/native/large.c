/* Large blocks in random slots, touched sparsely: one word of each 64 KiB and the last one. Most are of 64 KiB to 2 MiB, one in 16 of up to 12 MiB. */
#include "bench.h"

typedef struct { char *block; size_t bytes; } Slot;
enum { STRIDE = 65536 };

static void touch(Slot *slot)
{
    for (size_t at = 0; at < slot->bytes; at += STRIDE) *(volatile uint64_t *)(slot->block + at) = (uint64_t)(uintptr_t)slot + at;
    mark(slot->block, slot->bytes, (uint64_t)(uintptr_t)slot);
}

static void check(const Slot *slot)
{
    for (size_t at = STRIDE; at + 16 <= slot->bytes; at += STRIDE)
        if (*(volatile uint64_t *)(slot->block + at) != (uint64_t)(uintptr_t)slot + at) stop("a block was overwritten");
    verify(slot->block, slot->bytes, (uint64_t)(uintptr_t)slot);
}

int main(int count, char **words)
{
    long slots = 32, operations = 20000, idle = 0;
    const Argument known[] = {{"--slots", &slots}, {"--operations", &operations}, {"--idle-thread", &idle}};
    read_arguments(count, words, known, 3);
    if (slots < 1) stop("large: --slots at least 1");
    if (idle != 0) start_idle_thread();
    Slot *table = pages(sizeof(Slot) * (size_t)slots);
    uint64_t random = 0x9E3779B97F4A7C15u;
    uint64_t begin = cpu_nanoseconds();
    for (long i = 0; i < operations; i++)
    {
        uint64_t choice = next_random(&random);
        Slot *slot = &table[choice % (uint64_t)slots];
        if (slot->block != NULL)
        {
            check(slot);
            free(slot->block);
            slot->block = NULL;
            continue;
        }

        slot->bytes = (choice >> 20 & 15) == 0 ? size_between(choice, 2 << 20, 12 << 20) : size_between(choice, 64 << 10, 2 << 20);
        slot->block = malloc(slot->bytes);
        if (slot->block == NULL) stop("malloc returned NULL");
        touch(slot);
    }

    report((uint64_t)operations, cpu_nanoseconds() - begin);
    return 0;
}
