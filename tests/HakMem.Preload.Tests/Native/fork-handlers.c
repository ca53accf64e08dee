/* Forks, and who else has a lock then. The program allocates nothing before its cases. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { BIG = 3 << 20, MOMENT = 200000 };   /* a size that takes a lock; microseconds in which every other thread comes to where it waits */

static atomic_int started;

static void start(pthread_t *thread, void *(*run)(void *))
{
    int before = atomic_load(&started);
    CHECK(pthread_create(thread, NULL, run, NULL) == 0);
    while (atomic_load(&started) == before) usleep(1000);
}

static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0)
    {
        alarm(20);
        free(malloc(BIG));
        CHECK(fflush(NULL) == 0);
        _exit(0);
    }

    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECKF(status == 0, "the child ended with status %#x", status);
}

static FILE *stream;

/* As getline does: allocates while it holds its stream. */
static void *hold_the_stream_and_allocate(void *unused)
{
    flockfile(stream);
    atomic_fetch_add(&started, 1);
    usleep(3 * MOMENT);
    free(malloc(BIG));
    funlockfile(stream);
    return unused;
}

/* Holds the C library's list of streams while it waits for each. */
static void *flush_all(void *unused)
{
    atomic_fetch_add(&started, 1);
    CHECK(fflush(NULL) == 0);
    return unused;
}

CASE(a_thread_with_a_stream_allocates_while_another_flushes_all)
{
    alarm(20);
    stream = fopen("/dev/null", "w");
    CHECK(stream != NULL);
    pthread_t holder, flusher;
    start(&holder, hold_the_stream_and_allocate);
    start(&flusher, flush_all);
    usleep(MOMENT);
    fork_once();
    CHECK(pthread_join(holder, NULL) == 0 && pthread_join(flusher, NULL) == 0);
    fork_once();
    fclose(stream);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void lock(void) { CHECK(pthread_mutex_lock(&mutex) == 0); }
static void unlock(void) { CHECK(pthread_mutex_unlock(&mutex) == 0); }

static void *hold_the_mutex_and_allocate(void *unused)
{
    lock();
    atomic_fetch_add(&started, 1);
    usleep(2 * MOMENT);
    free(malloc(BIG));
    unlock();
    return unused;
}

CASE(handlers_that_were_registered_before_the_first_allocation)
{
    alarm(20);
    CHECK(pthread_atfork(lock, unlock, unlock) == 0);
    pthread_t holder;
    start(&holder, hold_the_mutex_and_allocate);
    fork_once();
    CHECK(pthread_join(holder, NULL) == 0);
}
