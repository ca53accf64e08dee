/* Where QEMU gives its guest larger memory pages than the machine has, it leaves the first thread's stack out of /proc/self/maps; so the C library does not find it, and .NET does not start.
   Told here instead: 4 MiB, of 8, from where the first call is. Preloaded, but not into
   what the guest starts: that is the machine's own QEMU first. Built by tests/systems.sh with aarch64-linux-gnu-gcc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

__attribute__((constructor)) static void begin(void) { unsetenv("LD_PRELOAD"); }

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    enum { PAGE = 65536, BYTES = 4 << 20 };
    static uintptr_t end;   /* the first thread's first call comes from near the stack's beginning */
    int (*next)(pthread_t, pthread_attr_t *) = (int (*)(pthread_t, pthread_attr_t *))dlsym(RTLD_NEXT, "pthread_getattr_np");
    int error = next(thread, attributes);
    if (error == 0) return 0;
    if (end == 0) end = ((uintptr_t)__builtin_frame_address(0) + PAGE) & ~(uintptr_t)(PAGE - 1);
    error = pthread_attr_init(attributes);
    return error != 0 ? error : pthread_attr_setstack(attributes, (void *)(end - BYTES), BYTES);
}
