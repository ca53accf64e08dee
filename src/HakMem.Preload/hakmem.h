/*
 * libhakmem.so: what it offers beyond the C library's own interface. Everything may be called from any thread.
 * Link with -lhakmem, or preload the library and look the names up.
 */
#ifndef HAKMEM_H
#define HAKMEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version and flavor, as text. */
const char *hakmem_version(void);

/* Gives everything unused back to the system now: the calling thread's caches, the heaps of ended threads, empty slabs, free pages. */
void hakmem_trim(void);

/* Numbers of the whole process; sizes in bytes. Exact when no other thread allocates or frees meanwhile. */
struct hakmem_statistics {
    uint64_t in_use_bytes, in_use_blocks;     /* usable sizes of the blocks with users */
    uint64_t cached_bytes;                    /* free memory kept near */
    uint64_t committed_bytes, reserved_bytes; /* memory that may be backed; address space */
    uint64_t purged_bytes;                    /* given back so far */
    uint64_t large_bytes, large_blocks;       /* above 32 KiB, of whole chunks of 64 KiB; part of in_use */
    uint64_t big_bytes, big_blocks;           /* with mappings of their own: above 2 MiB, or once so large, or above 256 KiB if they grew by a copy; part of in_use */
    uint64_t heaps, free_heaps;               /* made so far; without a thread */
};

/* Pass sizeof the struct you know. Returns how many bytes of it were written; 0 in a signal handler that interrupted the allocator. */
size_t hakmem_stats(struct hakmem_statistics *statistics, size_t bytes);

/* The bytes between an address and the end of the block it lies in; 0 of null; SIZE_MAX when nothing is known of it, as in a signal handler that interrupted the allocator.
   Looks at a table or two; for an address that is no block's start and in none of up to 2 MiB, at each block with a mapping of its own. */
size_t malloc_object_size(const void *address);

/*
 * A heap of one's own: its blocks can be given up all at once. Its blocks may also be given to free, realloc and malloc_usable_size, by any thread.
 * What fails returns null and sets errno: ENOMEM, or EINVAL for a null heap, which destroy, release and trim ignore; hakmem_heap_free frees without it.
 * A call with a heap that was destroyed ends the process with a line that says so, until hakmem_heap_new hands it out again; so does destroying one that was released.
 */
typedef struct hakmem_heap hakmem_heap;

hakmem_heap *hakmem_heap_new(void);
void *hakmem_heap_malloc(hakmem_heap *heap, size_t size);
void *hakmem_heap_calloc(hakmem_heap *heap, size_t count, size_t size);
void *hakmem_heap_memalign(hakmem_heap *heap, size_t alignment, size_t size); /* alignment: a power of two, or EINVAL */
void *hakmem_heap_realloc(hakmem_heap *heap, void *block, size_t size);       /* size 0 frees and returns null */
void hakmem_heap_free(hakmem_heap *heap, void *block);                        /* a block of this heap or any other */
void hakmem_heap_trim(hakmem_heap *heap);                                     /* gives its unused memory back */
void hakmem_heap_destroy(hakmem_heap *heap);                                  /* with all its blocks; nobody may use either any more */
void hakmem_heap_release(hakmem_heap *heap);                                  /* its blocks live on and can be freed */

#ifdef __cplusplus
}
#endif
#endif
