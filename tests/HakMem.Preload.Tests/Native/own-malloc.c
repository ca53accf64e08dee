/* A program with a malloc of its own: the four functions that glibc's manual asks a replacement for, and no more. */
#define CHECK_NO_MAIN
#include "check.h"

enum { HEADER = 16 };
static char pool[16 << 20] __attribute__((aligned(16)));
static size_t used;
static int frees;

void *malloc(size_t bytes)
{
    size_t whole = (bytes + HEADER + 15) & ~(size_t)15, at = __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);
    if (bytes > sizeof pool || at + whole > sizeof pool) { errno = ENOMEM; return NULL; }
    *(size_t *)(pool + at) = bytes;
    return pool + at + HEADER;
}

void free(void *block) { if (block != NULL) frees++; }

void *calloc(size_t count, size_t bytes) { return malloc(count * bytes); }

void *realloc(void *block, size_t bytes)
{
    void *moved = malloc(bytes);
    if (block == NULL || moved == NULL) return moved;
    size_t old = *(size_t *)((char *)block - HEADER);
    memcpy(moved, block, old < bytes ? old : bytes);
    return moved;
}

static int is_mine(void *block) { return (char *)block > pool && (char *)block < pool + sizeof pool; }

int main(void)
{
    char *block = malloc(10);
    strcpy(block, "a text");
    block = HIDE(reallocarray(HIDE(block), 10, 10));
    CHECK(is_mine(block) && strcmp(block, "a text") == 0);
    errno = 0;
    CHECK(HIDE(reallocarray(HIDE(block), HIDE(SIZE_MAX / 2), 3)) == NULL && errno == ENOMEM);

    void (*c_free)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
    void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
    void (*free_aligned_sized)(void *, size_t, size_t) = (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
    int before = frees, calls = 0;
    if (c_free != NULL) calls++, c_free(HIDE(malloc(10)));
    if (free_sized != NULL) calls++, free_sized(HIDE(malloc(10)), 10);
    if (free_aligned_sized != NULL) calls++, free_aligned_sized(HIDE(malloc(10)), 16, 10);
    CHECKF(frees == before + calls, "%d of %d calls led to the program's free", frees - before, calls);
    return 0;
}
