/* What Debian's libstdc++ and libgcc_s ask of glibc and musl does not have. .NET's build for musl needs these two libraries, and Debian has them for glibc only; with this they run on musl, and so does
   .NET. It bears the name of glibc's loader, since libstdc++ wants that to be there. Built by tests/systems.sh with musl-gcc. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;

unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

uint32_t arc4random(void)
{
    uint32_t value = 0;
    if (getrandom(&value, sizeof value, 0) != sizeof value) abort();
    return value;
}

size_t __strftime_l(char *restrict to, size_t bytes, const char *restrict format, const struct tm *restrict time, locale_t locale)
{
    return strftime_l(to, bytes, format, time, locale);
}

/* Destructors of C++ objects that a thread has for its own. */
struct ending { void (*run)(void *); void *of; struct ending *next; };

static pthread_key_t s_endings;
static pthread_once_t s_once = PTHREAD_ONCE_INIT;

static void run_endings(void *first)
{
    for (struct ending *at = first, *next; at != NULL; at = next)
    {
        next = at->next;
        at->run(at->of);
        free(at);
    }
}

static void make_key(void)
{
    if (pthread_key_create(&s_endings, run_endings) != 0) abort();
}

int __cxa_thread_atexit_impl(void (*run)(void *), void *of, void *library)
{
    (void)library;
    pthread_once(&s_once, make_key);
    struct ending *ending = malloc(sizeof *ending);
    if (ending == NULL) return -1;
    *ending = (struct ending){ run, of, pthread_getspecific(s_endings) };
    return pthread_setspecific(s_endings, ending);
}

/* The library that code lies in, for the unwinder: glibc's struct dl_find_object on x86-64. */
struct library { unsigned long long flags; void *start, *end, *map, *eh_frame; unsigned long long reserved[7]; };
struct search { uintptr_t code; struct library *found; };

static int look(struct dl_phdr_info *info, size_t bytes, void *context)
{
    (void)bytes;
    struct search *search = context;
    uintptr_t start = UINTPTR_MAX, end = 0;
    void *eh_frame = NULL;
    int inside = 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
    {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_GNU_EH_FRAME) eh_frame = (void *)at;
        if (part->p_type != PT_LOAD) continue;
        if (at < start) start = at;
        if (at + part->p_memsz > end) end = at + part->p_memsz;
        inside |= search->code >= at && search->code < at + part->p_memsz;
    }

    if (!inside || eh_frame == NULL) return 0;
    *search->found = (struct library){ .start = (void *)start, .end = (void *)end, .eh_frame = eh_frame };
    return 1;
}

int _dl_find_object(void *code, struct library *found)
{
    struct search search = { (uintptr_t)code, found };
    return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
