/* A plugin with thread-local state, a constructor and a destructor that allocate: opened and closed many times. */
#include <stdlib.h>
#include <string.h>

static __thread char thread_state[300];
static char *kept;

__attribute__((constructor)) static void begin(void) { memset(kept = malloc(5000), 7, 5000); }
__attribute__((destructor)) static void end(void) { free(kept); }

/* Blocks that the C library allocates and the plugin frees, and those that cross between the plugin and its host. */
char *plugin_copy(const char *text)
{
    for (int i = 0; i < 1000; i++) free(strdup(text));
    return realloc(strdup(text), 5000);
}

void plugin_free(void *block) { free(block); }

int plugin_work(int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
    {
        char *block = calloc((size_t)i + 1, 3);
        if (block == NULL || block[i] != 0) return -1;
        memset(thread_state, i, sizeof thread_state);
        sum += thread_state[i % 300] == (char)i;
        free(block);
    }

    return sum;
}
