/* A library that counts the calls of malloc and hands them on by glibc's own name; all else is as it was. */
#include <stddef.h>

void *__libc_malloc(size_t bytes);
static size_t calls;

void *malloc(size_t bytes)
{
    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    return __libc_malloc(bytes);
}
