/* A library whose constructor and destructor allocate, to be preloaded beside the allocator in either order. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 200 };
static unsigned char *blocks[COUNT];

static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) free(malloc((size_t)i));
    return NULL;
}

__attribute__((constructor(101))) static void begin(void)
{
    for (int i = 0; i < COUNT; i++) memset(blocks[i] = malloc((size_t)i * i + 1), i, (size_t)i * i + 1);
    for (int i = 0; i < COUNT; i += 2) { free(blocks[i]); blocks[i] = NULL; }
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) == 0) pthread_join(thread, NULL);
}

__attribute__((destructor)) static void end(void)
{
    for (int i = 1; i < COUNT; i += 2)
    {
        for (int j = 0; j <= i * i; j++)
            if (blocks[i][j] != (unsigned char)i) { if (write(2, "libearly: a block was overwritten\n", 34) < 0) _exit(8); _exit(9); }
        free(blocks[i]);
    }

    for (int i = 0; i < 1000; i++) free(malloc((size_t)i));
}
