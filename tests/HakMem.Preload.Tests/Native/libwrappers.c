/* A library between the programs and the system, as one that writes a log: its mmap, mprotect and madvise allocate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static FILE *lines;

static void tell(const char *name, size_t bytes)
{
    char *block = malloc(50000);
    if (block == NULL) { if (write(2, "libwrappers: malloc failed\n", 27) < 0) _exit(8); _exit(9); }
    memset(block, 1, 50000);
    free(block);
    if (lines == NULL) lines = fopen("/dev/null", "a");
    if (lines != NULL) fprintf(lines, "%s %zu\n", name, bytes);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset)
{
    tell("mmap", bytes);
    return (void *)syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
}

int mprotect(void *at, size_t bytes, int protection)
{
    tell("mprotect", bytes);
    return (int)syscall(SYS_mprotect, at, bytes, protection);
}

int madvise(void *at, size_t bytes, int advice)
{
    tell("madvise", bytes);
    return (int)syscall(SYS_madvise, at, bytes, advice);
}
