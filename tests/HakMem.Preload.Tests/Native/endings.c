/* Allocates 1,000 blocks, and ends as the first argument says: exit, _exit, _Exit, vfork (a child that shares the memory ends by _exit, then 500 blocks more and exit),
   exec (itself anew, with 'exit'), folder (goes to another folder, then exit), fork (a child with 1,000 more ends by _exit; then _exit), kill.
   quick_exit. thread: exit, while another thread ends by _exit. handler: exit, in the middle of which a handler ends by _exit. refused: exit, with writes that are interrupted again and again.
   late: exit after 1.5 s. With UNLINK_DELAY, the process's first unlink comes so many milliseconds late.
   cancelled: exit in a thread that is cancelled, while others go on. fork-cancelled: as fork, by a thread that is to be cancelled.
   aligned: three aligned blocks, then exit.
   secure: 3 if the system runs the program with other rights than who started it, else 8. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile keep;

static void take(int blocks)
{
    for (int i = 0; i < blocks; i++)
    {
        keep = malloc(77);
        if (i % 2 == 0) free(keep);
    }
}

static void wait_for(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7) exit(9);
}

/* What the library calls, too. */
static int refuses, writes;

ssize_t write(int file, const void *bytes, size_t count)
{
    if (refuses && ++writes % 3 != 0) { errno = EINTR; return -1; }
    return syscall(SYS_write, file, bytes, count);
}

int unlink(const char *name)
{
    static int unlinks;
    const char *delay = getenv("UNLINK_DELAY");
    if (delay != NULL && unlinks++ == 0) usleep((useconds_t)atoi(delay) * 1000);
    return (int)syscall(SYS_unlink, name);
}

enum { MANY = 300000, SOON = 3000 };   /* SOON: microseconds, in the middle of the time that it takes to write MANY */

static void *end_soon(void *unused)
{
    (void)unused;
    usleep(SOON);
    _exit(3);
}

static void *end_cancelled(void *unused)
{
    pthread_cancel(pthread_self());
    exit(3);
    return unused;
}

static void end_in_handler(int number)
{
    (void)number;
    _exit(3);
}

int main(int count, char **words)
{
    const char *how = count == 2 ? words[1] : "";
    if (strcmp(how, "secure") == 0) return getauxval(AT_SECURE) != 0 ? 3 : 8;
    take(1000);
    if (strcmp(how, "late") == 0) usleep(1500000);
    if (strcmp(how, "exit") == 0 || strcmp(how, "late") == 0) exit(3);
    if (strcmp(how, "_exit") == 0) _exit(3);
    if (strcmp(how, "_Exit") == 0) _Exit(3);
    if (strcmp(how, "quick_exit") == 0) quick_exit(3);
    if (strcmp(how, "refused") == 0)
    {
        refuses = 1;
        exit(3);
    }

    pthread_t thread;
    if (strcmp(how, "thread") == 0 || strcmp(how, "handler") == 0) take(MANY);
    if (strcmp(how, "thread") == 0 && pthread_create(&thread, NULL, end_soon, NULL) == 0) exit(3);
    if (strcmp(how, "cancelled") == 0 && pthread_create(&thread, NULL, end_cancelled, NULL) == 0)
    {
        pthread_join(thread, NULL);
        _exit(4);
    }

    if (strcmp(how, "handler") == 0)
    {
        struct itimerval once = {{0, 0}, {0, SOON}};
        signal(SIGALRM, end_in_handler);
        setitimer(ITIMER_REAL, &once, NULL);
        exit(3);
    }

    if (strcmp(how, "kill") == 0) raise(SIGKILL);
    if (strcmp(how, "folder") == 0 && chdir("/proc") == 0) exit(3);
    if (strcmp(how, "exec") == 0) execl(words[0], words[0], "exit", (char *)NULL);
    if (strcmp(how, "vfork") == 0)
    {
        pid_t child = vfork();
        if (child == 0) _exit(7);
        wait_for(child);
        take(500);
        exit(3);
    }

    if (strcmp(how, "aligned") == 0)
    {
        keep = memalign(48, 7001);
        keep = memalign(2049, 7002);
        keep = memalign(32, 7003);
        exit(3);
    }

    if (strncmp(how, "fork", 4) == 0)
    {
        if (how[4] != 0) pthread_cancel(pthread_self());
        pid_t child = fork();
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        if (child == 0) { take(1000); _exit(7); }
        wait_for(child);
        _exit(3);
    }

    return 8;
}
