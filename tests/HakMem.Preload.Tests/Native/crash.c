/* Ends by a signal in the way its argument names: for the reports of the debug flavor. */
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void own_handler(int signal_number)
{
    (void)signal_number;
    if (write(STDOUT_FILENO, "own handler\n", 12) != 12) _exit(4);
    _exit(3);
}

static void fault_at(uintptr_t address)
{
    *(volatile int *)address = 1;
}

int main(int count, char **arguments)
{
    const struct rlimit no_core = {0, 0};
    const char *way = count > 1 ? arguments[1] : "";
    setrlimit(RLIMIT_CORE, &no_core);
    if (!strcmp(way, "null")) fault_at(8);
    if (!strcmp(way, "poisoned")) fault_at(0xdeadbeefdeadbeef);
    if (!strcmp(way, "ignored")) return signal(SIGSEGV, SIG_DFL) == SIG_IGN && signal(SIGABRT, SIG_DFL) == SIG_IGN && signal(SIGBUS, SIG_DFL) == SIG_IGN ? 3 : 4;
    if (!strcmp(way, "block"))
    {
        char *block = malloc(1000);
        mprotect((void *)((uintptr_t)block & ~(uintptr_t)4095), 4096, PROT_NONE);
        fault_at((uintptr_t)block + 5);
    }

    if (!strcmp(way, "abort")) abort();
    if (!strcmp(way, "sent")) raise(SIGSEGV);
    if (!strcmp(way, "replaced"))
    {
        signal(SIGSEGV, own_handler);
        fault_at(8);
    }

    if (!strcmp(way, "chained") && count > 2)
    {
        signal(SIGSEGV, own_handler);
        if (dlopen(arguments[2], RTLD_NOW) == NULL) return 9;
        fault_at(8);
    }

    return 0;
}
