/* What programs hold resident. What is reported is the last line of standard error, in KiB; the exit code is the program's.

   footprint peak PROGRAM ARG...   the largest size among a program and all that it starts, as the kernel counts it
   footprint end PROGRAM ARG...    the size of a program at its end, by its page tables: exact, of that one process
   footprint exact PROGRAM ARG...  the largest size among a program and all that it starts, by their page tables: looked at where a process gives memory back or ends, and at each 32nd of its other calls
   footprint hello                 a program to be measured: a line of text, for which the C library takes one block
   footprint threads COUNT         the same: that many threads, each with a block in each of 40 classes

   Where libraries lie decides how many of their pages the kernel maps around one that is touched: 100 KiB and more from run to run. With FOOTPRINT_SHIFT=N, `end` has no address randomized and all
   libraries N pages lower, in `exact` too: the mean of N = 0 to 15 is that of all places within 64 KiB, and the same each time.

   Since Linux 6.2 the kernel's count is one for each processor and kind of page, put together in steps of 32 pages: a short program's peak is off by up to a few hundred KiB,
   and one page more can show as 128 KiB. A program that grows until it ends has its peak there.
   All measure with the library of FOOTPRINT_PRELOAD, if that is set, preloaded to the program alone. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#define CHECK_NO_MAIN
#include "check.h"

static void start(char **program)
{
    const char *library = getenv("FOOTPRINT_PRELOAD");
    signal(SIGINT, SIG_DFL);     /* a shell's background job ignores both, and what it starts would, too */
    signal(SIGQUIT, SIG_DFL);
    if (library != NULL && *library != 0) setenv("LD_PRELOAD", library, 1);
    unsetenv("FOOTPRINT_PRELOAD");
    unsetenv("FOOTPRINT_SHIFT");
    execvp(program[0], program);
    say("%s: %s\n", program[0], strerror(errno));
    _exit(127);
}

static int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

static int peak(char **program)
{
    pid_t child = fork();
    if (child == 0) start(program);
    int status = 0;
    struct rusage usage;
    if (child < 0 || waitpid(child, &status, 0) != child || getrusage(RUSAGE_CHILDREN, &usage) != 0) return 9;
    say("%ld\n", usage.ru_maxrss);
    return code_of(status);
}

/* The first line with a text in a process's file; 0 if there is none. */
static int find_line(pid_t process, const char *which, const char *text, char *line, int bytes)
{
    char name[64];
    int found = 0;
    snprintf(name, sizeof name, "/proc/%d/%s", process, which);
    FILE *file = fopen(name, "r");
    while (file != NULL && !found && fgets(line, bytes, file) != NULL) found = strstr(line, text) != NULL;
    if (file != NULL) fclose(file);
    return found;
}

static long resident_kib_of(pid_t process)
{
    char line[4608], library[4096];
    const char *preloaded = getenv("FOOTPRINT_PRELOAD");
    if (preloaded != NULL && *preloaded != 0 && (realpath(preloaded, library) == NULL || !find_line(process, "maps", library, line, sizeof line)))
    {
        say("footprint: %s is not in the process\n", preloaded);
        return -1;
    }

    return find_line(process, "smaps_rollup", "Rss:", line, sizeof line) ? atol(line + strlen("Rss:")) : -1;
}

/* Without randomization, libraries lie below the room for the stack, which has a least size. */
static int shift_libraries(const char *pages)
{
    enum { ROOM = 256 << 20 };
    struct rlimit stack;
    if (pages == NULL || getrlimit(RLIMIT_STACK, &stack) != 0) return 0;
    rlim_t room = ROOM + strtoul(pages, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
    if (stack.rlim_max != RLIM_INFINITY && stack.rlim_max < room) return -1;
    stack.rlim_cur = room;
    return personality(ADDR_NO_RANDOMIZE) == -1 ? -1 : setrlimit(RLIMIT_STACK, &stack);
}

/* The process is stopped where it begins to end, with all its memory still in place. */
static int end(char **program)
{
    pid_t child = fork();
    if (child == 0)
    {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || shift_libraries(getenv("FOOTPRINT_SHIFT")) != 0) _exit(126);
        raise(SIGSTOP);
        start(program);
    }

    int status = 0;
    long kib = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)
        || ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) != 0)
    {
        say("footprint: the system lets no process be traced, or its addresses be chosen\n");
        if (child > 0) kill(child, SIGKILL);
        return 9;
    }

    for (long passed_on = 0; ptrace(PTRACE_CONT, child, NULL, (void *)passed_on) == 0 || errno == ESRCH; )
    {
        if (waitpid(child, &status, 0) != child) return 9;
        if (!WIFSTOPPED(status)) break;
        int event = status >> 16;
        passed_on = event == 0 ? WSTOPSIG(status) : 0;
        if (event == PTRACE_EVENT_EXIT) kib = resident_kib_of(child);
    }

    if (kib < 0)
    {
        say("footprint: the memory of the process cannot be read\n");
        return 9;
    }

    say("%ld\n", kib);
    return code_of(status);
}

/* Whether a call that begins gives memory back or ends the process: before it, it may be larger than ever after. */
static int gives_back(pid_t process)
{
    struct __ptrace_syscall_info call;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, process, (void *)sizeof call, &call) <= 0 || call.op != PTRACE_SYSCALL_INFO_ENTRY) return 0;
    return call.entry.nr == SYS_munmap || call.entry.nr == SYS_madvise || call.entry.nr == SYS_mremap || call.entry.nr == SYS_execve || call.entry.nr == SYS_exit_group;
}

static int exact(char **program)
{
    enum { EACH = 32, IDS = 1 << 22 };
    static unsigned char seen[IDS];
    static unsigned stops;
    pid_t child = fork();
    if (child == 0)
    {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || shift_libraries(getenv("FOOTPRINT_SHIFT")) != 0) _exit(126);
        raise(SIGSTOP);
        start(program);
    }

    int status = 0, code = -1;
    long most = 0;
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    if (child < 0 || child >= IDS || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) || ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options) != 0)
    {
        say("footprint: the system lets no process be traced, or its addresses be chosen\n");
        if (child > 0) kill(child, SIGKILL);
        return 9;
    }

    seen[child] = 1;
    ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    while (code < 0)
    {
        pid_t process = waitpid(-1, &status, __WALL);
        if (process < 0 || process >= IDS) return 9;
        if (!WIFSTOPPED(status))
        {
            if (process == child) code = code_of(status);
            continue;
        }

        char line[4608];
        int signal = WSTOPSIG(status), event = status >> 16, call = signal == (SIGTRAP | 0x80);
        long passed_on = call || event != 0 || (signal == SIGSTOP && !seen[process]) ? 0 : signal;   /* what is started begins with a stop */
        seen[process] = 1;
        if (event == PTRACE_EVENT_EXIT || (call && (++stops % EACH == 0 || gives_back(process))))
        {
            if (find_line(process, "smaps_rollup", "Rss:", line, sizeof line) && atol(line + strlen("Rss:")) > most) most = atol(line + strlen("Rss:"));
        }

        ptrace(PTRACE_SYSCALL, process, NULL, (void *)passed_on);
    }

    say("%ld\n", most);
    return code;
}

/* ---- what is measured ---- */

static pthread_barrier_t all_have;

static void *take_classes(void *nothing)
{
    size_t bytes = 0;
    for (int class = 0; class < 40; class++)
    {
        bytes += bytes < 128 ? 16 : (size_t)1 << (60 - __builtin_clzl(bytes));   /* 16 to 128 in steps of 16, then 8 for each doubling: up to 2 KiB */
        volatile char *block = malloc(bytes);
        CHECK(block != NULL);
        *block = 1;
    }

    pthread_barrier_wait(&all_have);
    pause();
    return nothing;
}

static int threads(int count)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_barrier_init(&all_have, NULL, (unsigned)count + 1);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (int i = 0; i < count; i++) CHECK(pthread_create(&thread, &small, take_classes, NULL) == 0);
    pthread_barrier_wait(&all_have);
    _exit(0);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    if (count > 2 && strcmp(what, "peak") == 0) return peak(arguments + 2);
    if (count > 2 && strcmp(what, "end") == 0) return end(arguments + 2);
    if (count > 2 && strcmp(what, "exact") == 0) return exact(arguments + 2);
    if (count == 3 && strcmp(what, "threads") == 0 && atoi(arguments[2]) > 0) return threads(atoi(arguments[2]));
    if (count == 2 && strcmp(what, "hello") == 0) return puts("hello, world") < 0;

    say("usage: footprint peak PROGRAM ARG... | end PROGRAM ARG... | exact PROGRAM ARG... | hello | threads COUNT\n");
    return 2;
}
