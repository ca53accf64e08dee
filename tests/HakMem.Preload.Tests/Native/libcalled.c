/* Preloaded beside a library, it tells which functions of that were called: HAKMEMTEST_FUNCTIONS holds their names, and the file HAKMEMTEST_CALLED gets those that were, each on a line. The first
   instruction of each function is a trap until the first call; names of one function are called together. Calls before the constructor, and those of forked children, are not told. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST = 256, TRAP = 0xCC };
static struct { const char *name; unsigned char *code, first; volatile int called; } functions[MOST];
static int count;
static pid_t process;

static void trapped(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    greg_t *at = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    unsigned char *code = (unsigned char *)*at - 1;
    for (int i = 0; i < count; i++)
    {
        if (functions[i].code != code) continue;
        functions[i].called = 1;
        *(volatile unsigned char *)code = functions[i].first;
        *at = (greg_t)code;
    }
}

__attribute__((constructor)) static void set_traps(void)
{
    static char names[16384];
    const char *list = getenv("HAKMEMTEST_FUNCTIONS");
    if (list == NULL || strlen(list) >= sizeof names) abort();
    strcpy(names, list);
    for (char *name = strtok(names, " "); name != NULL && count < MOST; name = strtok(NULL, " "), count++)
    {
        functions[count].name = name;
        functions[count].code = dlsym(RTLD_DEFAULT, name);
        if (functions[count].code == NULL) abort();
        functions[count].first = *functions[count].code;
    }

    process = getpid();
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    sigaction(SIGTRAP, &action, NULL);
    for (int i = 0; i < count; i++)
        if (mprotect((void *)((unsigned long)functions[i].code & ~4095UL), 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) abort();
    for (int i = 0; i < count; i++) *functions[i].code = TRAP;
}

__attribute__((destructor)) static void tell(void)
{
    if (getpid() != process) return;
    FILE *file = fopen(getenv("HAKMEMTEST_CALLED"), "w");
    for (int i = 0; i < count; i++)
        if (functions[i].called) fprintf(file, "%s\n", functions[i].name);
    fclose(file);
}
