/* What guards find at the wrong call itself: a case prints the block and ends with 7 behind the call, before a flush could find what is wrong. */
#include "check.h"
#include <malloc.h>

enum { UNSEEN = 7, SIZE = 200 };

static char *told(void)
{
    char *block = malloc(SIZE), *other = malloc(SIZE);
    free(other);
    memset(block, 'x', SIZE);
    char text[32];
    int length = snprintf(text, sizeof text, "%p\n", (void *)block);
    CHECK(write(1, text, (size_t)length) == length);
    return block;
}

CASE(double_free) { char *block = told(); free(HIDE(block)); free(HIDE(block)); _exit(UNSEEN); }
CASE(free_inside) { char *block = told(); free(HIDE(block + 16)); _exit(UNSEEN); }
CASE(size_of_a_freed_block) { char *block = told(); free(HIDE(block)); HIDE(malloc_usable_size(HIDE(block))); _exit(UNSEEN); }
CASE(realloc_of_a_freed_block) { char *block = told(); free(HIDE(block)); HIDE(realloc(HIDE(block), 10)); _exit(UNSEEN); }

/* Found when the block is handed out again. */
CASE(write_after_free)
{
    char *block = told();
    free(HIDE(block));
    *(volatile char *)(HIDE(block) + 5) = 'y';
    for (int i = 0; i < 10; i++) HIDE(malloc(SIZE));
    _exit(UNSEEN);
}

CASE(read_after_free)
{
    volatile char *block = told();
    free(HIDE((char *)block));
    for (int i = 0; i < SIZE; i++) if (block[i] != 0) _exit(UNSEEN);
    _exit(0);
}
