/* What a process keeps after it freed nearly everything, and the peak of a program given as arguments.

   memory give-back             300 MB are allocated and freed, then 2 s of light use: at most a tenth may be left
   memory give-back-in-child    the same in a child that was forked after the parent had freed much: threads of the parent are not in the child
   memory peak PROGRAM ARG...   runs a program and writes the largest resident size among it and its descendants, in KiB, as the last line of standard error */
#define _GNU_SOURCE
#include <sys/resource.h>
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

static int peak(char **program)
{
    const char *library = getenv("PEAK_PRELOAD");
    pid_t child = fork();
    if (child == 0)
    {
        if (library != NULL && *library != 0) setenv("LD_PRELOAD", library, 1);
        unsetenv("PEAK_PRELOAD");
        execvp(program[0], program);
        say("%s: %s\n", program[0], strerror(errno));
        _exit(127);
    }

    int status = 0;
    struct rusage usage;
    if (child < 0 || waitpid(child, &status, 0) != child || getrusage(RUSAGE_CHILDREN, &usage) != 0) return 9;
    say("%ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **arguments)
{
    if (count > 2 && strcmp(arguments[1], "peak") == 0) return peak(arguments + 2);
    int in_child = count == 2 && strcmp(arguments[1], "give-back-in-child") == 0;
    if (count != 2 || (!in_child && strcmp(arguments[1], "give-back") != 0)) { say("usage: memory give-back | memory give-back-in-child | memory peak PROGRAM ARG...\n"); return 2; }
    check_identity();
    if (!in_child) return give_back();
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
