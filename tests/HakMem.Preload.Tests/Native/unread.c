/* Standard error that takes nothing: a pipe that nobody reads (pipe), or a file that may not get longer (file). What would come of writing there is SIGPIPE or SIGXFSZ.

   unread pipe|file program arguments...   becomes that program, with UNREAD_PRELOAD as LD_PRELOAD
   unread pipe|file                        prints the allocator's numbers there: no signal may come of it, the thread's mask stays, and what waited before still waits */
#define CHECK_NO_MAIN
#include "check.h"
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

static volatile int signals;

static void count_it(int number) { (void)number; signals++; }

int main(int count, char **arguments)
{
    int is_pipe = count > 1 && strcmp(arguments[1], "pipe") == 0;
    if (!is_pipe && (count < 2 || strcmp(arguments[1], "file") != 0)) return 2;
    int errors = dup(2), ends[2] = {-1, -1};
    if (is_pipe)
    {
        CHECK(pipe(ends) == 0);
        close(ends[0]);
    }
    else
    {
        FILE *file = tmpfile();
        CHECK(file != NULL);
        ends[1] = fileno(file);
        CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}) == 0);
    }

    sigset_t none, mask;
    sigemptyset(&none);
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);   /* who starts this may hold them back or ignore them */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    CHECK(dup2(ends[1], 2) == 2);
    if (count > 2)
    {
        CHECK(setenv("LD_PRELOAD", getenv("UNREAD_PRELOAD"), 1) == 0);
        execvp(arguments[2], arguments + 2);
        return 2;
    }

    int number = is_pipe ? SIGPIPE : SIGXFSZ;
    signal(number, count_it);
    CHECKF(write(2, "x", 1) < 0 && signals == 1, "a write there is answered by no signal");
    malloc_stats();
    int came = signals - 1;
    sigset_t own, waiting;
    sigemptyset(&own);
    sigaddset(&own, number);
    sigaddset(&own, SIGUSR1);
    CHECK(sigprocmask(SIG_SETMASK, &own, NULL) == 0);
    malloc_stats();
    sigpending(&waiting);
    int waits = sigismember(&waiting, number);
    raise(number);
    malloc_stats();
    sigpending(&waiting);
    int still_waits = sigismember(&waiting, number);
    CHECK(sigprocmask(SIG_SETMASK, &none, &mask) == 0);
    dup2(errors, 2);
    CHECKF(came == 0, "%d signals came", came);
    CHECKF(!waits, "a signal waits");
    CHECKF(still_waits && signals == 2, "a signal of the program's own is lost: %d came", signals);
    CHECK(sigismember(&mask, number) && sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGUSR2));
    return 0;
}
