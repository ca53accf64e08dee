/* 100 blocks of 16 bytes, then their 100 frees. */
#include "bench.h"

enum { BLOCKS = 100, BYTES = 16 };

int main(int count, char **words)
{
    long rounds = 100000, idle = 0;
    const Argument known[] = {{"--rounds", &rounds}, {"--idle-thread", &idle}};
    read_arguments(count, words, known, 2);
    if (idle != 0) start_idle_thread();
    static void *blocks[BLOCKS];
    uint64_t begin = cpu_nanoseconds();
    for (long round = 0; round < rounds; round++)
    {
        for (int i = 0; i < BLOCKS; i++)
        {
            blocks[i] = take(BYTES);
            mark(blocks[i], BYTES, (uint64_t)i ^ (uint64_t)round);
        }

        for (int i = 0; i < BLOCKS; i++)
        {
            verify(blocks[i], BYTES, (uint64_t)i ^ (uint64_t)round);
            give(blocks[i]);
        }
    }

    report((uint64_t)rounds * BLOCKS * 2, cpu_nanoseconds() - begin);
    return 0;
}
