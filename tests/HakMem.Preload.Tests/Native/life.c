/* What a process goes through: calls before constructors, libraries that come and go, threads that end, forks, signals, small stacks and limits. */
#include "check.h"
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { EARLY = 64 };
static unsigned char *early[EARLY];
static pthread_key_t early_key;

/* Before the constructors of all libraries, the allocator's own included. */
static void before_everything(int count, char **arguments, char **environment)
{
    (void)count, (void)arguments, (void)environment;
    for (int i = 0; i < EARLY; i++)
    {
        early[i] = i % 3 == 0 ? calloc(1, (size_t)i * 900 + 1) : malloc((size_t)i * 900 + 1);
        if (early[i] != NULL) fill_block(early[i], (size_t)i * 900 + 1, (uint64_t)i);
    }

    pthread_key_create(&early_key, free);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **, char **) = before_everything;

static void *use(void *unused)
{
    (void)unused;
    static __thread void *blocks[100];
    for (int round = 0; round < 5; round++)
    {
        for (int i = 0; i < 100; i++)
        {
            size_t size = (size_t)(i * i * (round + 1)) + 1;
            blocks[i] = malloc(size);
            CHECKF(blocks[i] != NULL, "malloc(%zu) failed", size);
            fill_block(blocks[i], size, (uint64_t)(uintptr_t)blocks[i]);
        }

        for (int i = 0; i < 100; i++)
        {
            size_t size = (size_t)(i * i * (round + 1)) + 1;
            CHECK(damage(blocks[i], size, size, (uint64_t)(uintptr_t)blocks[i]) == SIZE_MAX);
            free(blocks[i]);
        }
    }

    return NULL;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

static void join(pthread_t thread) { CHECK(pthread_join(thread, NULL) == 0); }

static void await_child(pid_t child, const char *what)
{
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s ended with status %#x%s", what, status, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? ": it hung" : "");
}

static const char *beside_me(const char *name)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 256);
    CHECK(length > 0);
    path[length] = 0;
    strcpy(strrchr(path, '/') + 1, name);
    return path;
}

static int errno_at_first = -1;

__attribute__((constructor(101))) static void at_first(void) { errno_at_first = errno; }

CASE(errno_is_zero_at_first) { CHECKF(errno_at_first == 0, "errno was %d", errno_at_first); }

CASE(calls_before_constructors)
{
    for (int i = 0; i < EARLY; i++)
    {
        size_t size = (size_t)i * 900 + 1;
        CHECKF(early[i] != NULL && damage(early[i], size, size, (uint64_t)i) == SIZE_MAX, "early block %d", i);
        early[i] = realloc(early[i], size + 1000);
        CHECK(damage(early[i], size, size, (uint64_t)i) == SIZE_MAX);
        free(early[i]);
    }
}

static void *open_and_close(void *unused)
{
    (void)unused;
    char path[4096];
    strcpy(path, beside_me("libplugin.so"));
    for (int i = 0; i < 100; i++)
    {
        void *plugin = dlopen(path, i % 2 == 0 ? RTLD_NOW : RTLD_LAZY);
        CHECKF(plugin != NULL, "%s", dlerror());
        int (*work)(int) = (int (*)(int))dlsym(plugin, "plugin_work");
        CHECK(work(200) == 200);
        CHECK(dlclose(plugin) == 0);
        CHECK(dlopen("no such library", RTLD_NOW) == NULL && dlerror() != NULL);
    }

    return NULL;
}

/* As PHP opens its extensions: the plugin's own scope comes first, and with it the C library. */
CASE(plugins_open_with_a_scope_of_their_own)
{
    char path[4096];
    strcpy(path, beside_me("libplugin.so"));
    for (int i = 0; i < 20; i++)
    {
        void *plugin = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
        CHECKF(plugin != NULL, "%s", dlerror());
        int (*work)(int) = (int (*)(int))dlsym(plugin, "plugin_work");
        char *(*copy)(const char *) = (char *(*)(const char *))dlsym(plugin, "plugin_copy");
        void (*release)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
        CHECK(work(200) == 200);
        char *text = copy("of the plugin");
        CHECK(strcmp(text, "of the plugin") == 0);
        free(text);
        release(malloc(300));
        release(strdup("of the host"));
        CHECK(dlclose(plugin) == 0);
        CHECK(dlopen("no such library", RTLD_NOW | RTLD_DEEPBIND) == NULL && strstr(dlerror(), "no such library") != NULL);
    }

    CHECK(dlopen(NULL, RTLD_NOW) != NULL);
}

CASE(plugins_open_and_close_on_threads)
{
    beside_me("libplugin.so");
    open_and_close(NULL);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) threads[i] = start(open_and_close, NULL);
    for (int i = 0; i < 4; i++) join(threads[i]);
}

/* Destructors of thread keys: every round frees, allocates and sets the key again, also after the allocator's own destructor has run. */
enum { KEYS = 12, LEFT = 64 };
static pthread_key_t keys[KEYS];
static _Atomic(unsigned char *) left_by_destructors[LEFT];
static atomic_int destructor_rounds;

static void again(void *value)
{
    unsigned char *block = value;
    size_t key = block[0], round = block[1];
    CHECK(first_difference(block, 2, 500, key) == SIZE_MAX);
    atomic_fetch_add(&destructor_rounds, 1);
    free(block);
    unsigned char *next = calloc(1, 500 + round * 3000);
    CHECK(next != NULL && next[499] == 0);
    fill_range(next, 2, 500, key);
    next[0] = (unsigned char)key;
    next[1] = (unsigned char)(round + 1);
    if (round < 3) CHECK(pthread_setspecific(keys[key], next) == 0);
    else
    {
        unsigned char *before = atomic_exchange(&left_by_destructors[(size_t)next / 64 % LEFT], next);
        free(before);                                  /* as a rule another thread's, and that thread has ended */
    }

    use(NULL);
}

static void *set_keys(void *foreign)
{
    use(NULL);
    for (int i = 0; i < KEYS; i++)
    {
        unsigned char *block = malloc(500);
        fill_range(block, 2, 500, (uint64_t)i);
        block[0] = (unsigned char)i;
        block[1] = 0;
        CHECK(pthread_setspecific(keys[i], block) == 0);
    }

    CHECK(pthread_setspecific(early_key, malloc(100)) == 0);
    free(foreign);
    return NULL;
}

CASE(key_destructors_run_many_rounds)
{
    for (int i = 0; i < KEYS; i++) CHECK(pthread_key_create(&keys[i], again) == 0);
    enum { THREADS = 200 };
    for (int i = 0; i < THREADS; i += 4)
    {
        pthread_t threads[4];
        for (int j = 0; j < 4; j++) threads[j] = start(set_keys, malloc(333));
        for (int j = 0; j < 4; j++) join(threads[j]);
    }

    CHECKF(atomic_load(&destructor_rounds) == THREADS * KEYS * 4, "%d rounds", atomic_load(&destructor_rounds));
    for (int i = 0; i < LEFT; i++) free(atomic_exchange(&left_by_destructors[i], NULL));
    use(NULL);
}

/* Threads that end and leave blocks to others. */
enum { LEAVERS = 1000, LEAVES = 40 };
static unsigned char *left[LEAVERS][LEAVES];

static void *leave(void *argument)
{
    size_t me = (size_t)argument;
    for (size_t i = 0; i < LEAVES; i++)
    {
        size_t size = 16 + i * 100;
        free(malloc(size));
        fill_block(left[me][i] = malloc(size), size, me * LEAVES + i);
    }

    return NULL;
}

CASE(a_thousand_short_threads_leave_their_blocks)
{
    long resident = 0;
    for (int generation = 0; generation < 6; generation++)
    {
        for (size_t i = 0; i < LEAVERS; i += 8)
        {
            pthread_t threads[8];
            for (size_t j = 0; j < 8; j++) threads[j] = start(leave, (void *)(i + j));
            for (size_t j = 0; j < 8; j++) join(threads[j]);
        }

        for (size_t i = 0; i < LEAVERS * LEAVES; i++)
        {
            size_t size = 16 + i % LEAVES * 100;
            unsigned char *block = left[i / LEAVES][i % LEAVES];
            CHECKF(damage(block, size, size, i) == SIZE_MAX, "generation %d, thread %zu, block %zu", generation, i / LEAVES, i % LEAVES);
            free(block);
        }

        malloc_trim(0);
        if (generation == 1) resident = resident_kib();
    }

    CHECKF(resident_kib() < resident + resident / 2 + 8192, "%ld KiB resident after 2,000 threads, %ld after 6,000", resident, resident_kib());
}

CASE(a_thousand_threads_at_once)
{
    static pthread_t threads[LEAVERS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (size_t i = 0; i < LEAVERS; i++) CHECK(pthread_create(&threads[i], &small, leave, (void *)i) == 0);
    for (size_t i = 0; i < LEAVERS; i++) join(threads[i]);
    for (size_t i = 0; i < LEAVERS * LEAVES; i++)
    {
        CHECK(damage(left[i / LEAVES][i % LEAVES], 16 + i % LEAVES * 100, 16 + i % LEAVES * 100, i) == SIZE_MAX);
        free(left[i / LEAVES][i % LEAVES]);
    }
}

CASE(the_smallest_stack_suffices)
{
    pthread_attr_t smallest;
    pthread_attr_init(&smallest);
    CHECK(pthread_attr_setstacksize(&smallest, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0);
    for (int i = 0; i < 50; i++)
    {
        pthread_t thread;
        CHECK(pthread_create(&thread, &smallest, use, NULL) == 0);
        join(thread);
    }
}

/* Sizes that threads meet for, so that they wait for each other. malloc and free are no cancellation points: a thread that ended in one would leave its heap in the middle of it. */
static atomic_int cancelled_all;

static void *contend(void *seed)
{
    enum { HELD = 16 };
    uint64_t random = (uint64_t)(uintptr_t)seed + 1;
    void *blocks[HELD] = {0};
    while (!atomic_load(&cancelled_all))
    {
        uint64_t choice = next_random(&random);
        free(blocks[choice % HELD]);
        CHECK((blocks[choice % HELD] = malloc(33000 + (choice >> 32) % 197000)) != NULL);
    }

    for (int i = 0; i < HELD; i++) free(blocks[i]);
    return NULL;
}

CASE(a_thread_is_not_cancelled_in_the_allocator)
{
    enum { CONTENDERS = 12 };
    pthread_t threads[CONTENDERS];
    for (size_t i = 0; i < CONTENDERS; i++) threads[i] = start(contend, (void *)i);
    usleep(50000);
    for (size_t i = 0; i < CONTENDERS; i++) CHECK(pthread_cancel(threads[i]) == 0);
    sleep(2);
    atomic_store(&cancelled_all, 1);
    int ended = 0;
    for (size_t i = 0; i < CONTENDERS; i++)
    {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        ended += result == PTHREAD_CANCELED;
    }

    CHECKF(ended == 0, "%d of %d threads were cancelled in malloc or free", ended, CONTENDERS);
}

/* Forks while other threads allocate, free and hand over. */
enum { SHARED = 512 };
static _Atomic(unsigned char *) shared[SHARED];
static atomic_int stop;

static void *allocate_and_hand_over(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed + 1;
    while (!atomic_load(&stop))
    {
        uint64_t choice = next_random(&random);
        size_t size = choice % 64 == 0 ? 100000 + choice % 3000000 : 16 + choice % 3000;
        unsigned char *block = malloc(size);
        CHECK(block != NULL);
        block[0] = block[size - 1] = 1;
        free(atomic_exchange(&shared[choice >> 32 & (SHARED - 1)], block));
    }

    return NULL;
}

static void child_life(unsigned char **blocks, int count, int depth)
{
    alarm(30);
    for (int i = 0; i < count; i++)
    {
        CHECKF(damage(blocks[i], (size_t)i * 50 + 1, (size_t)i * 50 + 1, (uint64_t)i) == SIZE_MAX, "the parent's block %d in the child", i);
        free(blocks[i]);
        blocks[i] = NULL;
    }

    for (int i = 0; i < SHARED; i++) free(atomic_exchange(&shared[i], NULL));   /* other threads' blocks, and those threads are not here */
    use(NULL);
    pthread_t first = start(use, NULL), second = start(use, NULL);
    join(first);
    join(second);
    if (depth > 0)
    {
        pid_t child = fork();
        if (child == 0) { child_life(blocks, 0, depth - 1); _exit(0); }
        await_child(child, "the grandchild");
    }

    malloc_trim(0);
}

static void fork_many(int rounds)
{
    enum { BLOCKS = 300 };
    static __thread unsigned char *blocks[BLOCKS];
    for (int round = 0; round < rounds; round++)
    {
        for (int i = 0; i < BLOCKS; i++) fill_block(blocks[i] = malloc((size_t)i * 50 + 1), (size_t)i * 50 + 1, (uint64_t)i);
        pid_t child = fork();
        if (child == 0) { child_life(blocks, BLOCKS, round % 10 == 0 ? 2 : 0); _exit(0); }
        await_child(child, "the child");
        for (int i = 0; i < BLOCKS; i++)
        {
            CHECK(damage(blocks[i], (size_t)i * 50 + 1, (size_t)i * 50 + 1, (uint64_t)i) == SIZE_MAX);
            free(blocks[i]);
        }
    }
}

CASE(fork_while_other_threads_allocate)
{
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) threads[i] = start(allocate_and_hand_over, (void *)(i + 1));
    fork_many(150);
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++) join(threads[i]);
    for (int i = 0; i < SHARED; i++) free(atomic_exchange(&shared[i], NULL));
}

/* Of a block that one thread cuts while another forks, the child's heap has what is left, or the end is nobody's. */
static char *volatile resized;
static void *resized_heap;
static void *(*heap_resize)(void *, void *, size_t);

static void *resize_in_a_heap(void *unused)
{
    while (!atomic_load(&stop))
    {
        resized = heap_resize(resized_heap, resized, 1200000);
        resized = heap_resize(resized_heap, resized, 650000);
    }

    return unused;
}

CASE(a_heap_is_destroyed_in_the_child_while_a_block_of_it_is_cut)
{
    enum { BLOCKS = 120, FORKS = 1500 };
    void *(*heap_new)(void) = (void *(*)(void))dlsym(RTLD_DEFAULT, "hakmem_heap_new");
    void *(*heap_malloc)(void *, size_t) = (void *(*)(void *, size_t))dlsym(RTLD_DEFAULT, "hakmem_heap_malloc");
    void (*heap_destroy)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "hakmem_heap_destroy");
    heap_resize = (void *(*)(void *, void *, size_t))dlsym(RTLD_DEFAULT, "hakmem_heap_realloc");
    if (heap_new == NULL) return;   /* another allocator */
    resized_heap = heap_new();
    resized = heap_malloc(resized_heap, 650000);
    pthread_t resizer = start(resize_in_a_heap, NULL);
    for (int i = 0; i < FORKS; i++)
    {
        pid_t child = fork();
        if (child == 0)
        {
            unsigned char *blocks[BLOCKS];
            for (int k = 0; k < BLOCKS; k++)
            {
                if (k == BLOCKS / 2) heap_destroy(resized_heap);
                blocks[k] = malloc(60000);
                for (int m = 0; m < k; m++) CHECKF(blocks[k] != blocks[m], "fork %d: block %d is block %d", i, k, m);
            }

            _exit(0);
        }

        await_child(child, "the child");
    }

    atomic_store(&stop, 1);
    join(resizer);
    heap_destroy(resized_heap);
}

static void *fork_here(void *rounds) { fork_many((int)(size_t)rounds); return NULL; }

CASE(forks_from_two_threads_at_once)
{
    pthread_t worker = start(allocate_and_hand_over, (void *)7), forker = start(fork_here, (void *)60);
    fork_many(60);
    join(forker);
    atomic_store(&stop, 1);
    join(worker);
}

static void *fork_and_go_on(void *unused)
{
    (void)unused;
    void *block = malloc(1000);
    pid_t child = fork();
    if (child == 0)
    {
        alarm(30);
        free(block);
        use(NULL);
        pthread_exit(NULL);                            /* the last thread of the child: its destructors run, then the process ends */
    }

    await_child(child, "a child that was a thread");
    free(block);
    return NULL;
}

CASE(a_forked_thread_ends_as_thread)
{
    CHECK(pthread_setspecific(early_key, malloc(10)) == 0);
    for (int i = 0; i < 30; i++) join(start(fork_and_go_on, NULL));
}

CASE(programs_are_started_while_threads_allocate)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) threads[i] = start(allocate_and_hand_over, (void *)(i + 5));
    for (int i = 0; i < 30; i++)
    {
        pid_t child;
        char *arguments[] = {"true", NULL};
        CHECK(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0);
        await_child(child, "true");
        CHECK(system("exit 0") == 0);
        FILE *stream = popen("echo hello", "r");
        char text[10];
        CHECK(stream != NULL && fgets(text, sizeof text, stream) != NULL && strcmp(text, "hello\n") == 0);
        CHECK(pclose(stream) == 0);
    }

    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) join(threads[i]);
}

/* The handler interrupts malloc and free themselves: nothing may be handed out twice, nothing may hang. */
enum { HELD_BY_HANDLER = 64 };
static unsigned char *held[HELD_BY_HANDLER];
static volatile sig_atomic_t signals;

static void allocate_in_handler(int number)
{
    (void)number;
    int kept = errno;
    unsigned place = (unsigned)signals++ % HELD_BY_HANDLER;
    size_t size = 16 + place % 8 * 16;
    if (held[place] != NULL)
    {
        CHECKF(first_difference(held[place], 0, size, place) == SIZE_MAX, "a block of the handler was overwritten");
        free(held[place]);
    }

    held[place] = malloc(size);
    CHECK(held[place] != NULL);
    fill_range(held[place], 0, size, place);
    errno = kept;
}

static void storm(int seconds)
{
    enum { SLOTS = 256 };
    static unsigned char *blocks[SLOTS];
    alarm(60);
    struct sigaction action = {.sa_handler = allocate_in_handler, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec every = {{0, 30000}, {0, 30000}};
    CHECK(timer_settime(timer, 0, &every, NULL) == 0);
    uint64_t random = 99;
    struct timeval begin, now;
    gettimeofday(&begin, NULL);
    do
    {
        for (int i = 0; i < 20000; i++)
        {
            uint64_t choice = next_random(&random);
            unsigned slot = choice % SLOTS;
            size_t size = 16 + slot % 8 * 16;
            if (blocks[slot] != NULL)
            {
                CHECKF(first_difference(blocks[slot], 0, size, slot) == SIZE_MAX, "a block of the program was overwritten after %d signals", (int)signals);
                free(blocks[slot]);
            }

            blocks[slot] = malloc(size);
            CHECK(blocks[slot] != NULL);
            fill_range(blocks[slot], 0, size, slot);
        }

        gettimeofday(&now, NULL);
    } while (now.tv_sec - begin.tv_sec < seconds);
    timer_delete(timer);
    CHECKF(signals > 1000, "only %d signals came", (int)signals);
}

CASE(malloc_in_a_handler_that_interrupts_malloc) { storm(3); }

static void *storm_companion(void *unused)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return allocate_and_hand_over(unused);
}

CASE(malloc_in_a_handler_with_threads)
{
    pthread_t companion = start(storm_companion, (void *)3);
    storm(3);
    atomic_store(&stop, 1);
    join(companion);
}

/* A thread that the library may keep for itself takes no signals of the program: its handlers would run where they are not expected. */
static volatile sig_atomic_t handled;
static void count_signal(int number) { (void)number; handled++; }

CASE(signals_reach_the_programs_threads_only)
{
    enum { BLOCKS = 20000, BYTES = 3000 };
    static void *blocks[BLOCKS];
    struct sigaction action = {.sa_handler = count_signal};
    for (int i = 0; i < BLOCKS; i++) memset(blocks[i] = malloc(BYTES), 1, BYTES);
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    use(NULL);                                         /* there is much to give back: if there is such a thread, it runs now */
    sigset_t both, before;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGTERM);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &both, &before) == 0);
    for (int i = 0; i < 5; i++)
    {
        CHECK(kill(getpid(), i % 2 == 0 ? SIGUSR1 : SIGTERM) == 0);
        usleep(20000);
        CHECKF(handled == 0, "a blocked signal was handled on a thread that the program does not know");
        struct timespec no_time = {0, 0};
        CHECKF(sigtimedwait(&both, NULL, &no_time) > 0, "a blocked signal was lost");
    }
}

/* The end of the process: exit handlers, detached threads that go on, main leaving first. */
static unsigned char *freed_at_exit;
static void at_exit(void) { CHECK(damage(freed_at_exit, 10000, 10000, 4) == SIZE_MAX); free(freed_at_exit); use(NULL); }

CASE(exit_while_detached_threads_allocate)
{
    for (int round = 0; round < 30; round++)
    {
        pid_t child = fork();
        if (child == 0)
        {
            alarm(30);
            fill_block(freed_at_exit = malloc(10000), 10000, 4);
            atexit(at_exit);
            for (size_t i = 0; i < 4; i++) pthread_detach(start(allocate_and_hand_over, (void *)(i + 20)));
            usleep((useconds_t)(round * 200));
            exit(0);
        }

        await_child(child, "a process that exits while threads allocate");
    }
}

static void *outlive_main(void *unused)
{
    usleep(20000);
    use(unused);
    exit(0);
}

CASE(main_ends_before_its_threads)
{
    pid_t child = fork();
    if (child == 0)
    {
        alarm(30);
        pthread_detach(start(outlive_main, NULL));
        pthread_exit(NULL);
    }

    await_child(child, "a process whose main thread left");
}

/* The library as plugin: opened late, with or without being the process's malloc. */
typedef struct { void *(*malloc)(size_t); void (*free)(void *); void *(*realloc)(void *, size_t); } Functions;

static void *use_functions(void *argument)
{
    Functions *functions = argument;
    for (size_t i = 0; i < 3000; i++)
    {
        size_t size = i % 100 == 0 ? 3 << 20 : 1 + i * 7;
        unsigned char *block = functions->malloc(size);
        CHECK(block != NULL);
        fill_block(block, size, i);
        CHECK((block = functions->realloc(block, size + 100)) != NULL && damage(block, size, size, i) == SIZE_MAX);
        functions->free(block);
    }

    return NULL;
}

static void open_library(int flags)
{
    const char *path = getenv("HAKMEMTEST_LIBRARY");
    CHECKF(path != NULL, "HAKMEMTEST_LIBRARY names no library");
    char other[4096];
    strcpy(other, beside_me("libstatictls.so"));
    CHECKF(dlopen(other, RTLD_NOW) != NULL, "%s", dlerror());
    pthread_t before = start(allocate_and_hand_over, (void *)9);
    void *library = dlopen(path, flags);
    CHECKF(library != NULL, "%s", dlerror());
    Functions functions = {(void *(*)(size_t))dlsym(library, "malloc"), (void (*)(void *))dlsym(library, "free"), (void *(*)(void *, size_t))dlsym(library, "realloc")};
    CHECK(functions.malloc != NULL && functions.free != NULL && functions.realloc != NULL);
    use_functions(&functions);
    for (int round = 0; round < 20; round++)
    {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) threads[i] = start(use_functions, &functions);
        for (int i = 0; i < 4; i++) join(threads[i]);
    }

    atomic_store(&stop, 1);
    join(before);
    dlclose(library);
    use(NULL);
    join(start(use, NULL));
}

CASE(the_library_is_opened_late) { open_library(RTLD_NOW | RTLD_LOCAL); }
CASE(the_library_is_opened_late_and_global) { open_library(RTLD_NOW | RTLD_GLOBAL); }

CASE(a_small_address_space)
{
    pid_t child = fork();
    if (child == 0)
    {
        alarm(30);
        struct rlimit limit = {400u << 20, 400u << 20};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        char *arguments[] = {(char *)beside_me("life"), "within_the_limit", NULL};
        execv(arguments[0], arguments);
        _exit(9);
    }

    await_child(child, "a process with an address space of 400 MiB");
}

/* Started by the case above: most of the limit has to be usable, what does not fit fails, and what was freed can be had again. */
CASE(within_the_limit)
{
    enum { MIB = 1 << 20 };
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    if (limit.rlim_cur == RLIM_INFINITY) return;
    for (int round = 0; round < 3; round++)
    {
        size_t size = round == 1 ? 20000 : round == 2 ? 300 : MIB, total = 0;
        static void *many[400000];
        int count = 0;
        while (count < 400000 && (many[count] = malloc(size)) != NULL) { memset(many[count], 1, size); total += size; count++; }
        CHECKF(total >= (size == 300 ? 110u : 300u) * MIB, "round %d: only %zu MiB of blocks of %zu bytes", round, total / MIB, size);
        CHECKF(count == 400000 || errno == ENOMEM, "errno %d", errno);
        for (int i = 0; i < count; i++) free(many[i]);
        malloc_trim(0);
    }

    use(NULL);
}
