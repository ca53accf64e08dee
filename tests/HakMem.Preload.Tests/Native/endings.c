/* Allocates 1,000 blocks, and ends as the first argument says: exit, _exit, _Exit, vfork (a child that shares the memory ends by _exit, then 500 blocks more and exit),
   exec (itself anew, with 'exit'), folder (goes to another folder, then exit), fork (a child with 1,000 more ends by _exit; then _exit), kill.
   secure: 3 if the system runs the program with other rights than who started it, else 8. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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

int main(int count, char **words)
{
    const char *how = count == 2 ? words[1] : "";
    if (strcmp(how, "secure") == 0) return getauxval(AT_SECURE) != 0 ? 3 : 8;
    take(1000);
    if (strcmp(how, "exit") == 0) exit(3);
    if (strcmp(how, "_exit") == 0) _exit(3);
    if (strcmp(how, "_Exit") == 0) _Exit(3);
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

    if (strcmp(how, "fork") == 0)
    {
        pid_t child = fork();
        if (child == 0) { take(1000); _exit(7); }
        wait_for(child);
        _exit(3);
    }

    return 8;
}
