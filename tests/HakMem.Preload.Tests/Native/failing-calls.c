/* Makes the system calls behind an allocator fail: mmap, mremap, mprotect and madvise, the N-th alone ("once") or all from the N-th on ("for-good"),
   for every N of a scenario (beyond 200 calls for ever fewer of them). Each allocation has to give a good block or NULL with ENOMEM; never a crash, a hang or bad data.

   failing-calls SCENARIO MODE          runs every N, each in a process of its own
   failing-calls SCENARIO MODE N        runs one and says how many calls there were

   A seccomp filter of the process under test sends every such call to the process that started it, which lets it go on or has it give ENOMEM. So it
   makes no difference whether the allocator calls the C library or the kernel, nor whether signals are blocked. The filter is installed from
   .preinit_array, before the allocator's own constructor. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#define CHECK_NO_MAIN
#include "check.h"

enum { SOCKET = 100, PASSED = 0, NO_SUCH_CALL = 100, NO_FILTERS = 77, LAST_CALL_ADVICE = 0x48414b };

static void send_file(int file)
{
    char byte = 1, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &file, sizeof file);
    if (sendmsg(SOCKET, &message, 0) != 1) _exit(9);
}

static int receive_file(int from)
{
    char byte, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(from, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == NULL) return -1;
    int file;
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof file);
    return file;
}

static void install(int count, char **arguments, char **environment)
{
    (void)arguments, (void)environment;
    if (count != 2) return;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    int listener = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) { say("this system has no seccomp filters that notify\n"); _exit(NO_FILTERS); }
    send_file(listener);
    close(listener);
    close(SOCKET);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **, char **) = install;

/* A scenario is a list of steps on numbered blocks; the same steps whatever fails. */
enum { BLOCKS = 300 };
typedef struct { unsigned char *memory; size_t bytes; } Block;
static Block blocks[2][BLOCKS];

static void keep(Block *block, void *memory, size_t bytes, size_t alignment)
{
    if (memory == NULL)
    {
        CHECKF(errno == ENOMEM, "a refused block of %zu left errno %d", bytes, errno);
        *block = (Block){NULL, 0};
        return;
    }

    CHECKF(((uintptr_t)memory & (alignment - 1)) == 0, "%p for %zu bytes aligned to %zu", memory, bytes, alignment);
    CHECK(malloc_usable_size(memory) >= bytes);
    fill_block(memory, bytes, (uint64_t)(uintptr_t)block);
    *block = (Block){memory, bytes};
}

static void verify(const Block *block, size_t kept)
{
    if (block->memory != NULL) CHECKF(damage(block->memory, block->bytes, kept, (uint64_t)(uintptr_t)block) == SIZE_MAX, "a block of %zu bytes was damaged", block->bytes);
}

static void drop(Block *block)
{
    verify(block, block->bytes);
    errno = 4321;
    free(block->memory);
    CHECKF(errno == 4321, "free set errno to %d", errno);
    *block = (Block){NULL, 0};
}

static void resize(Block *block, size_t bytes)
{
    size_t before = block->bytes, kept = before < bytes ? before : bytes;
    errno = 0;
    unsigned char *moved = realloc(block->memory, bytes);
    if (moved == NULL)
    {
        CHECKF(errno == ENOMEM, "a refused realloc left errno %d", errno);
        verify(block, before);
        return;
    }

    block->memory = moved;
    verify(block, kept);
    keep(block, moved, bytes, 16);
}

static void allocate(Block *block, int kind, size_t bytes)
{
    errno = 0;
    void *memory = NULL;
    switch (kind)
    {
        case 0:
            memory = calloc(1, bytes);
            if (memory == NULL) { keep(block, memory, bytes, 16); return; }
            CHECKF(((unsigned char *)memory)[0] == 0 && memcmp(memory, (unsigned char *)memory + 1, bytes - 1) == 0, "calloc(%zu) is not zero", bytes);
            keep(block, memory, bytes, 16);
            return;
        case 1: keep(block, aligned_alloc(4096, bytes), bytes, 4096); return;
        case 2:
        {
            int error = posix_memalign(&memory, 1 << 16, bytes);
            CHECK(error == 0 || error == ENOMEM);
            errno = error;
            keep(block, error == 0 ? memory : NULL, bytes, 1 << 16);
            return;
        }
        default: keep(block, malloc(bytes), bytes, 16); return;
    }
}

static void every_size(Block *own, int rounds)
{
    static const size_t sizes[] = {1, 16, 40, 100, 256, 700, 1024, 1500, 4096, 9000, 20000, 32768, 40000, 70000, 200000, 800000, 1 << 20, (2 << 20) - 100, 2 << 20, 3 << 20, 5 << 20};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (int round = 0; round < rounds; round++)
    {
        for (int i = 0; i < BLOCKS; i++) allocate(&own[i], i % 10, i < 200 ? sizes[i % 12] : i < 280 ? sizes[i % 16] : sizes[i % SIZES]);
        for (int i = 0; i < BLOCKS; i++)
        {
            if (i % 3 == 0) drop(&own[i]);
            else if (i % 7 == 1) resize(&own[i], own[i].bytes * 3 + 10);
            else if (i % 7 == 2 && own[i].bytes > 100) resize(&own[i], own[i].bytes / 2);
        }

        for (size_t bytes = 30000; bytes < 6 << 20; bytes += bytes / 2) resize(&own[0], bytes);
        malloc_trim(0);
        for (int i = 0; i < BLOCKS; i++) drop(&own[i]);
        malloc_trim(0);
    }
}

/* A thread leaves blocks, which others free when it has ended. */
static void *every_size_on_a_thread(void *blocks_of_thread)
{
    Block *own = blocks_of_thread;
    every_size(own, 1);
    for (int i = 0; i < BLOCKS; i++) allocate(&own[i], 9, (size_t)i * i + 1);
    return NULL;
}

static void run(const char *scenario)
{
    if (strcmp(scenario, "one-thread") == 0) { every_size(blocks[0], 2); return; }
    pthread_t threads[2];
    int started[2];
    for (int i = 0; i < 2; i++) started[i] = pthread_create(&threads[i], NULL, every_size_on_a_thread, blocks[i]) == 0;
    for (int i = 0; i < 2; i++) if (started[i]) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2 * BLOCKS; i++) drop(&blocks[i % 2][i / 2]);
}

/* The failures are over: the allocator has to serve again. */
static void serve_again(void)
{
    for (int i = 0; i < BLOCKS; i++) allocate(&blocks[0][i], i % 4, (size_t)i * i % 60000 + 1);
    for (int i = 0; i < BLOCKS; i++)
    {
        CHECKF(blocks[0][i].memory != NULL, "memory is there again, but block %d is refused", i);
        drop(&blocks[0][i]);
    }
}

static int under_test(const char *scenario)
{
    check_identity();
    alarm(60);
    run(scenario);
    madvise(NULL, 0, LAST_CALL_ADVICE);
    serve_again();
    return PASSED;
}

/* Lets the calls of the process under test go on or fail until that process has ended; returns how many there were. */
static long supervise(int listener, int for_good, long failing)
{
    long calls = 0;
    int armed = 1;
    for (;;)
    {
        struct pollfd ready = {listener, POLLIN, 0};
        if (poll(&ready, 1, -1) < 0) continue;
        if ((ready.revents & POLLIN) == 0) return calls;
        struct seccomp_notif call;
        memset(&call, 0, sizeof call);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;
        int last = call.data.nr == SYS_madvise && call.data.args[2] == LAST_CALL_ADVICE;
        armed = armed && !last;
        int fails = 0;
        if (armed)
        {
            calls++;
            fails = for_good ? calls >= failing : calls == failing;
        }

        struct seccomp_notif_resp answer = {.id = call.id, .error = fails ? -ENOMEM : 0, .flags = fails ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

static int one_run(char **arguments, int for_good, long failing, long *calls)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 9;
    pid_t child = fork();
    if (child == 0)
    {
        char *words[] = {arguments[0], arguments[1], NULL};
        dup2(ends[1], SOCKET);
        execv("/proc/self/exe", words);
        _exit(9);
    }

    close(ends[1]);
    int listener = receive_file(ends[0]), status = 0;
    close(ends[0]);
    if (listener >= 0) *calls = supervise(listener, for_good, failing);
    close(listener);
    if (waitpid(child, &status, 0) != child) return 9;
    if (WIFEXITED(status) && WEXITSTATUS(status) == PASSED) return *calls < failing ? NO_SUCH_CALL : PASSED;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == NO_FILTERS || WEXITSTATUS(status) == 3)) return WEXITSTATUS(status);
    say("%s %s %ld: ended with status %#x%s\n", arguments[1], arguments[2], failing, status, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? ": it hung" : "");
    return 1;
}

int main(int count, char **arguments)
{
    if (count == 2) return under_test(arguments[1]);
    if (count != 3 && count != 4) { say("usage: failing-calls one-thread|threads once|for-good [N]\n"); return 2; }
    int for_good = strcmp(arguments[2], "for-good") == 0, result = PASSED;
    long calls = 0;
    if (count == 4)
    {
        result = one_run(arguments, for_good, strtol(arguments[3], NULL, 10), &calls);
        printf("%ld calls\n", calls);
        return result;
    }

    enum { EVERY_ONE_UP_TO = 200 };
    long tried = 0, failing = 1;
    for (; result == PASSED; failing += 1 + failing / EVERY_ONE_UP_TO, tried++)
    {
        result = one_run(arguments, for_good, failing, &calls);
    }

    if (result == NO_SUCH_CALL) printf("%ld of %ld calls failed, one after the other, %s\n", tried - 1, calls, arguments[2]);

    return result == NO_SUCH_CALL ? 0 : result;
}
