using System.Runtime;
using System.Runtime.CompilerServices;

namespace HakMem.Preload;

/// <summary>The functions of the C library that the library calls: plain calls, without a word to any runtime.</summary>
internal static unsafe class LibC
{
    internal const int InvalidArgument = 22, NoMemory = 12;
    internal const int StandardError = 2;

    /// <summary>RTLD_NEXT: the libraries behind this one.</summary>
    internal static void* NextLibrary => (void*)-1;

    [RuntimeImport("*", "memset"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* memset(void* memory, int value, nuint bytes);

    [RuntimeImport("*", "memmove"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* memmove(void* destination, void* source, nuint bytes);

    [RuntimeImport("*", "abort"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void abort();

    [RuntimeImport("*", "mmap"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* mmap(byte* at, nuint bytes, int protection, int flags, int file, nint offset);

    [RuntimeImport("*", "munmap"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int munmap(byte* at, nuint bytes);

    [RuntimeImport("*", "mremap"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* mremap(byte* at, nuint oldBytes, nuint newBytes, int flags);

    [RuntimeImport("*", "mprotect"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int mprotect(byte* at, nuint bytes, int protection);

    [RuntimeImport("*", "madvise"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int madvise(byte* at, nuint bytes, int advice);

    [RuntimeImport("*", "sched_yield"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int sched_yield();

    [RuntimeImport("*", "clock_gettime"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int clock_gettime(int clock, long* time);

    [RuntimeImport("*", "write"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint write(int file, byte* text, nuint bytes);

    [RuntimeImport("*", "read"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern nint read(int file, byte* bytes, nuint count);

    [RuntimeImport("*", "open"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int open(byte* name, int flags, int mode);

    [RuntimeImport("*", "flock"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int flock(int file, int operation);

    [RuntimeImport("*", "getcwd"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* getcwd(byte* name, nuint room);

    [RuntimeImport("*", "close"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int close(int file);

    [RuntimeImport("*", "unlink"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int unlink(byte* name);

    [RuntimeImport("*", "lstat"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int lstat(byte* name, uint* status);

    [RuntimeImport("*", "ftruncate"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int ftruncate(int file, long bytes);

    [RuntimeImport("*", "fcntl"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int fcntl(int file, int command, long argument);

    [RuntimeImport("*", "fstat"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int fstat(int file, ulong* words);

    [RuntimeImport("*", "getrlimit"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int getrlimit(int resource, ulong* limit);

    [RuntimeImport("*", "getauxval"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong getauxval(ulong type);

    [RuntimeImport("*", "getpid"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int getpid();

    [RuntimeImport("*", "gettid"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int gettid();

    [RuntimeImport("*", "sigaction"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int sigaction(int signal, void* action, void* before);

    [RuntimeImport("*", "pthread_key_create"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int pthread_key_create(uint* key, delegate*<void*, void> destructor);

    [RuntimeImport("*", "pthread_setspecific"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int pthread_setspecific(uint key, void* value);

    [RuntimeImport("*", "pthread_setcancelstate"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int pthread_setcancelstate(int state, int* before);

    [RuntimeImport("*", "dlopen"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* dlopen(byte* name, int flags);

    [RuntimeImport("*", "dlclose"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int dlclose(void* library);

    [RuntimeImport("*", "dlsym"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void* dlsym(void* library, byte* name);

    [RuntimeImport("*", "dladdr"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int dladdr(void* address, byte** place);

    [RuntimeImport("*", "fputs"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int fputs(byte* text, void* file);

    [RuntimeImport("*", "__errno_location"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern int* Errno();
}
