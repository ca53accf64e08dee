/* What the programs use of glibc's headers and musl's lack: included before them where they are compiled for musl. The functions are the allocator's; a program finds them when it is preloaded. */
#ifndef GLIBC_FOR_MUSL_H
#define GLIBC_FOR_MUSL_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __GLIBC__
#error "this is glibc"
#endif

#define RTLD_DEEPBIND 8
#define M_MXFAST 1
#define M_MMAP_THRESHOLD (-3)

struct mallinfo { int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost; };
struct mallinfo2 { size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost; };

#define OF_THE_ALLOCATOR __attribute__((weak))
OF_THE_ALLOCATOR int malloc_info(int options, FILE *stream);
OF_THE_ALLOCATOR int malloc_trim(size_t pad);
OF_THE_ALLOCATOR int mallopt(int parameter, int value);
OF_THE_ALLOCATOR struct mallinfo mallinfo(void);
OF_THE_ALLOCATOR struct mallinfo2 mallinfo2(void);
OF_THE_ALLOCATOR void malloc_stats(void);
OF_THE_ALLOCATOR void *pvalloc(size_t bytes);

#endif
