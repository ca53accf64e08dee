# The C symbols of libhakmem.so, but for those in Entries.S. Each loads the thread's heap from its slot and jumps to the C# method with the heap as one argument more.

    .section .tdata,"awT",@progbits
    .balign 8
    .hidden hm_slot
    .globl  hm_slot
    .type   hm_slot,@object
    .size   hm_slot,8
hm_slot:
    .quad   hm_no_heap                  # every thread begins with the stand-in for a heap

    .bss
    .balign 64
    .type   hm_no_heap,@object
    .size   hm_no_heap,6656
hm_no_heap:
    .zero   6656                        # four stand-ins, 64 bytes apart, each as long as a heap's core reads: see ThreadSlot.cs

    .type   hm_next_dlopen,@object
    .size   hm_next_dlopen,8
    .balign 8
hm_next_dlopen:
    .zero   8                           # the address of the next library's dlopen, once somebody called ours

    .hidden RhpTrapThreads              # tested after calls by code that has a garbage collector; always 0
    .globl  RhpTrapThreads
    .type   RhpTrapThreads,@object
    .size   RhpTrapThreads,4
    .balign 4
RhpTrapThreads:
    .zero   4

    .data
    .hidden __security_cookie           # what methods with buffers on the stack check at their end
    .globl  __security_cookie
    .type   __security_cookie,@object
    .size   __security_cookie,8
    .balign 8
__security_cookie:
    .quad   0x5bd1e995a3c59ac3

    .hidden __dso_handle                # by which the C library knows whose fork handlers it has: an address of ours
    .globl  __dso_handle
    .type   __dso_handle,@object
    .size   __dso_handle,8
__dso_handle:
    .quad   __dso_handle

    .text

/* Flavors that record calls have methods of their own for those that allocate and free. */
#ifdef HAKMEM_TRACE
#define TRACED(name) hm_traced_##name
#else
#define TRACED(name) hm_##name
#endif

# An export whose method takes the heap in the register named: the one after its last argument.
    .macro EXPORT name, method, register
    .globl  \name
    .type   \name,@function
    .p2align 4
\name:
.Lown\name:
    .cfi_startproc
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %fs:(%rax), %\register
    jmp     \method
    .cfi_endproc
    .size   \name,.-\name
    .endm

# One more name of an export.
    .macro ALSO name, export
    .globl  \name
    .type   \name,@function
    .set    \name, .Lown\export
    .size   \name, 16
    .endm

# An export whose method does without the heap.
    .macro FORWARD name, method
    .globl  \name
    .type   \name,@function
\name:
    .cfi_startproc
    jmp     \method
    .cfi_endproc
    .size   \name,.-\name
    .endm

    EXPORT calloc, TRACED(calloc), rdx
    EXPORT realloc, TRACED(realloc), rdx
    EXPORT memalign, TRACED(memalign), rdx
    EXPORT aligned_alloc, TRACED(aligned_alloc), rdx
    EXPORT posix_memalign, TRACED(posix_memalign), rcx
    EXPORT valloc, TRACED(valloc), rsi
    EXPORT pvalloc, TRACED(pvalloc), rsi
    EXPORT malloc_usable_size, hm_malloc_usable_size, rsi
    EXPORT malloc_object_size, hm_malloc_object_size, rsi
    EXPORT malloc_trim, hm_malloc_trim, rsi
    # glibc's own names, for those that override a function and hand it on to these.
    ALSO __libc_calloc, calloc
    ALSO __libc_realloc, realloc
    ALSO __libc_memalign, memalign
    ALSO __libc_valloc, valloc
    ALSO __libc_pvalloc, pvalloc
    ALSO __posix_memalign, posix_memalign
    FORWARD mallopt, hm_mallopt
    FORWARD mallinfo, hm_mallinfo
    FORWARD mallinfo2, hm_mallinfo2
    FORWARD malloc_stats, hm_malloc_stats
    FORWARD malloc_info, hm_malloc_info

# C++ operators. A program may replace some forms only, as a rule the basic ones: new and delete of one object, and these with an alignment. The others are defined by the basic
# forms, and lead to whoever the dynamic linker has found for those.
    .macro VIA form, name, rest:vararg
    .globl  \name
    .type   \name,@function
    .p2align 3
\name:
.Lown\name:
    .cfi_startproc
    jmp     *\form@GOTPCREL(%rip)
    .cfi_endproc
    .size   \name,.-\name
    .ifnb   \rest
    VIA     \form, \rest
    .endif
    .endm

    .macro UNLESS_OWN form, own         # goes on behind, at 1, when the form is not ours
    movq    \form@GOTPCREL(%rip), %rax
    leaq    \own(%rip), %r10
    cmpq    %r10, %rax
    jne     1f
    .endm

# The rest of a nothrow form of new, behind the questions: the allocator's when the throwing forms are, else the C++ library's, which calls the program's and catches what it throws.
    .macro NOTHROW name, method, register
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %fs:(%rax), %\register
    jmp     \method
1:  leaq    2f(%rip), %rcx
    movq    %rax, %r8
    jmp     hm_new_of_library
    .cfi_endproc
    .size   \name,.-\name
    .pushsection .rodata
2:  .asciz  "\name"
    .popsection
    .endm

    .macro BEGIN name
    .globl  \name
    .type   \name,@function
    .p2align 4
\name:
    .cfi_startproc
    .endm

#ifdef HAKMEM_TRACE
#define OWN_NEW .Lown_Znwm
#else
#define OWN_NEW hm_own_new
    .hidden hm_own_new
#endif

# A form of new that may have to throw: its method also takes the address that it returns to.
    .macro THROWING name, method, register, caller
    .globl  \name
    .type   \name,@function
    .p2align 4
\name:
.Lown\name:
    .cfi_startproc
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %fs:(%rax), %\register
    movq    (%rsp), %\caller
    jmp     \method
    .cfi_endproc
    .size   \name,.-\name
    .endm

    THROWING _ZnwmSt11align_val_t, TRACED(new_aligned), rdx, rcx
    VIA _Znwm, _Znam
    VIA _ZnwmSt11align_val_t, _ZnamSt11align_val_t
    VIA _ZdlPv, _ZdlPvm, _ZdaPv
    VIA _ZdaPv, _ZdaPvm
    VIA _ZdlPvSt11align_val_t, _ZdlPvmSt11align_val_t, _ZdaPvSt11align_val_t
    VIA _ZdaPvSt11align_val_t, _ZdaPvmSt11align_val_t

    .section __rarecode,"ax",@progbits  # the linker puts it behind the methods
    VIA free, cfree, free_sized, free_aligned_sized
    VIA _ZdlPv, _ZdlPvRKSt9nothrow_t
    VIA _ZdaPv, _ZdaPvRKSt9nothrow_t
    VIA _ZdlPvSt11align_val_t, _ZdlPvSt11align_val_tRKSt9nothrow_t
    VIA _ZdaPvSt11align_val_t, _ZdaPvSt11align_val_tRKSt9nothrow_t

# The program's realloc, when it has one, as it is free's for the forms above: glibc leads there, too.
    BEGIN reallocarray
    movq    %rdx, %rax
    mulq    %rsi
    jo      1f
    movq    %rax, %rsi
    jmp     *realloc@GOTPCREL(%rip)
1:  jmp     hm_fail_no_memory
    .cfi_endproc
    .size   reallocarray,.-reallocarray

    .weak   dlvsym

# The C library's dlopen, but never with RTLD_DEEPBIND: what is opened so finds the C library before us, so that a block of strdup, which is ours, would end in glibc's free. By a jump, as the
# caller's own search path is looked up by the address that it returns to. Threads that come first at once find the same.
    BEGIN dlopen
.Lown_dlopen:
    andl    $~8, %esi
    movq    hm_next_dlopen(%rip), %rax
    testq   %rax, %rax
    je      1f
    jmp     *%rax
1:  pushq   %rdi
    .cfi_adjust_cfa_offset 8
    pushq   %rsi
    .cfi_adjust_cfa_offset 8
    subq    $8, %rsp
    .cfi_adjust_cfa_offset 8
    movq    $-1, %rdi                   # RTLD_NEXT
    leaq    2f(%rip), %rsi
    call    *dlsym@GOTPCREL(%rip)
    leaq    .Lown_dlopen(%rip), %rcx
    cmpq    %rcx, %rax
    jne     4f
    movq    $-1, %rdi                   # a dlsym of another library's has told what comes after that library, and it was loaded before us: the C library's by its version, which we have not
    leaq    2f(%rip), %rsi
    leaq    5f(%rip), %rdx
    movq    dlvsym@GOTPCREL(%rip), %rax
    testq   %rax, %rax
    je      4f                          # musl has no versions
    call    *%rax
4:  movq    %rax, hm_next_dlopen(%rip)
    addq    $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq    %rsi
    .cfi_adjust_cfa_offset -8
    popq    %rdi
    .cfi_adjust_cfa_offset -8
    testq   %rax, %rax
    je      3f
    jmp     *%rax
3:  ret                                 # null; dlerror says that there is none
    .cfi_endproc
    .size   dlopen,.-dlopen
    .pushsection .rodata
2:  .asciz  "dlopen"
5:  .asciz  "GLIBC_2.34"
    .popsection

    BEGIN _ZnwmRKSt9nothrow_t
    UNLESS_OWN _Znwm, OWN_NEW
    NOTHROW _ZnwmRKSt9nothrow_t, TRACED(new_nothrow), rdx

    BEGIN _ZnamRKSt9nothrow_t
    UNLESS_OWN _Znam, .Lown_Znam
    UNLESS_OWN _Znwm, OWN_NEW
    NOTHROW _ZnamRKSt9nothrow_t, TRACED(new_nothrow), rdx

    BEGIN _ZnwmSt11align_val_tRKSt9nothrow_t
    UNLESS_OWN _ZnwmSt11align_val_t, .Lown_ZnwmSt11align_val_t
    NOTHROW _ZnwmSt11align_val_tRKSt9nothrow_t, TRACED(new_aligned_nothrow), rcx

    BEGIN _ZnamSt11align_val_tRKSt9nothrow_t
    UNLESS_OWN _ZnamSt11align_val_t, .Lown_ZnamSt11align_val_t
    UNLESS_OWN _ZnwmSt11align_val_t, .Lown_ZnwmSt11align_val_t
    NOTHROW _ZnamSt11align_val_tRKSt9nothrow_t, TRACED(new_aligned_nothrow), rcx
    .text

#ifdef HAKMEM_TRACE
# In other flavors these are in Entries.S.
    EXPORT malloc, TRACED(malloc), rsi
    ALSO __libc_malloc, malloc
    EXPORT free, TRACED(free), rsi
    ALSO __libc_free, free
    THROWING _Znwm, TRACED(new), rsi, rdx
    EXPORT _ZdlPv, TRACED(free), rsi
    EXPORT _ZdlPvSt11align_val_t, TRACED(free), rsi

# Ends of a process at which no destructor runs.
    FORWARD _exit, hm_traced_exit
    FORWARD _Exit, hm_traced_exit
#endif

# The library's own interface: hakmem.h.
    .section __rarecode,"ax",@progbits
    FORWARD hakmem_version, hm_version
    FORWARD hakmem_stats, hm_stats
    EXPORT hakmem_trim, hm_trim, rdi
    FORWARD hakmem_heap_new, hm_heap_new
    FORWARD hakmem_heap_destroy, hm_heap_destroy
    FORWARD hakmem_heap_release, hm_heap_release
    FORWARD hakmem_heap_malloc, hm_heap_malloc
    FORWARD hakmem_heap_calloc, hm_heap_calloc
    FORWARD hakmem_heap_realloc, hm_heap_realloc
    FORWARD hakmem_heap_memalign, hm_heap_memalign
    FORWARD hakmem_heap_free, hm_heap_free
    FORWARD hakmem_heap_trim, hm_heap_trim
    .text

# ---- for C#, see Trampolines.cs ----

    .macro LOCAL name
    .globl  \name
    .hidden \name
    .type   \name,@function
\name:
    .cfi_startproc
    .endm

    .macro END name
    .cfi_endproc
    .size   \name,.-\name
    .endm

    LOCAL hm_slot_get
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %fs:(%rax), %rax
    ret
    END hm_slot_get

    LOCAL hm_slot_set
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %rdi, %fs:(%rax)
    ret
    END hm_slot_set

    LOCAL hm_slot_exchange
    movq    hm_slot@gottpoff(%rip), %rax
    xchgq   %rdi, %fs:(%rax)
    movq    %rdi, %rax
    ret
    END hm_slot_exchange

    LOCAL hm_stand_in
    leaq    hm_no_heap(%rip), %rax
    ret
    END hm_stand_in

    LOCAL hm_new_slow
    movq    (%rsp), %rcx                # who is here by a jump, so this is operator new's own
    jmp     hm_new_missed
    END hm_new_slow

    .hidden __ehdr_start
    LOCAL hm_image
    leaq    __ehdr_start(%rip), %rax
    ret
    END hm_image

    LOCAL hm_environment
    movq    environ@GOTPCREL(%rip), %rax
    movq    (%rax), %rax
    ret
    END hm_environment

    LOCAL hm_sleep
    movl    $35, %eax                   # nanosleep; what is left of the time is not asked for
    xorl    %esi, %esi
    syscall
    ret
    END hm_sleep

#ifdef HAKMEM_TRACE
    LOCAL hm_exit_group
    movl    $231, %eax                  # exit_group
    syscall
    hlt
    END hm_exit_group
#endif

    .weak   _ZSt15get_new_handlerv      # 0 in a program that began without a C++ library
    LOCAL hm_get_new_handler
    movq    _ZSt15get_new_handlerv@GOTPCREL(%rip), %rax
    ret
    END hm_get_new_handler

    .weak   _ZSt17__throw_bad_allocv
    LOCAL hm_throw_bad_alloc
    movq    _ZSt17__throw_bad_allocv@GOTPCREL(%rip), %rax
    ret
    END hm_throw_bad_alloc

# Functions of the C library that need not be there.
    .macro IF_THERE name, function
    .weak   \function
    LOCAL \name
    movq    \function@GOTPCREL(%rip), %rax
    testq   %rax, %rax
    jz      1f
    jmp     *%rax
1:  ret
    END \name
    .endm

    .section __rarecode,"ax",@progbits
    LOCAL hm_map_pages
    movl    $9, %eax                    # mmap
    movq    %rcx, %r10
    syscall
    ret
    END hm_map_pages

# write, by whose failure no signal may end the program: SIGPIPE (13; nobody reads the pipe any more) and SIGXFSZ (25; the file is as long as it may be) are held back from this
# thread meanwhile, and taken off it after a failure. One that was waiting before is not ours, and stays.
    LOCAL hm_write
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    subq    $48, %rsp                   # 0: the two signals, 8: the thread's mask, 16: what was waiting, 24: no time, 40: the bytes to write
    .cfi_adjust_cfa_offset 48
    movq    %rdi, %r8                   # which a system call keeps, as r9
    movq    %rsi, %r9
    movq    %rdx, 40(%rsp)
    movq    $1 << 12 | 1 << 24, (%rsp)
    xorl    %edi, %edi                  # SIG_BLOCK
    movq    %rsp, %rsi
    leaq    8(%rsp), %rdx
    movl    $8, %r10d                   # the bytes of a mask, to the end
    movl    $14, %eax                   # rt_sigprocmask
    syscall
    leaq    16(%rsp), %rdi
    movl    $8, %esi
    movl    $127, %eax                  # rt_sigpending
    syscall
    movq    %r8, %rdi
    movq    %r9, %rsi
    movq    40(%rsp), %rdx
    movl    $1, %eax                    # write
    syscall
    movq    %rax, %rbx
    testq   %rax, %rax
    jns     1f
    movq    16(%rsp), %rax
    notq    %rax
    andq    %rax, (%rsp)
    xorl    %esi, %esi
    movq    %rsi, 24(%rsp)
    movq    %rsi, 32(%rsp)
    movq    %rsp, %rdi
    leaq    24(%rsp), %rdx
    movl    $128, %eax                  # rt_sigtimedwait
    syscall
1:  movl    $2, %edi                    # SIG_SETMASK
    leaq    8(%rsp), %rsi
    xorl    %edx, %edx
    movl    $14, %eax                   # rt_sigprocmask
    syscall
    movq    %rbx, %rax
    addq    $48, %rsp
    .cfi_adjust_cfa_offset -48
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    ret
    END hm_write

# tgkill, for which musl has no function. 0, or the error below 0.
    LOCAL hm_signal
    movl    $234, %eax                  # tgkill
    syscall
    ret
    END hm_signal

# Functions that glibc has only as something to be linked with, which hands on whose they are: its library has what they call. musl's library has themselves.
    .macro  LINKED name, function, inner, owner
    .weak   \inner
    LOCAL \name
    movq    \inner@GOTPCREL(%rip), %rax
    xorl    %\owner, %\owner              # of no library that could be closed
    testq   %rax, %rax
    jnz     1f
    pushq   %rdi
    .cfi_adjust_cfa_offset 8
    pushq   %rsi
    .cfi_adjust_cfa_offset 8
    pushq   %rdx
    .cfi_adjust_cfa_offset 8
    xorl    %edi, %edi                  # RTLD_DEFAULT
    leaq    3f(%rip), %rsi
    call    *dlsym@GOTPCREL(%rip)
    popq    %rdx
    .cfi_adjust_cfa_offset -8
    popq    %rsi
    .cfi_adjust_cfa_offset -8
    popq    %rdi
    .cfi_adjust_cfa_offset -8
    testq   %rax, %rax
    jz      2f
1:  jmp     *%rax
2:  ret
    END \name
    .pushsection .rodata
3:  .asciz  "\function"
    .popsection
    .endm

    LINKED hm_at_fork, pthread_atfork, __register_atfork, ecx
#ifdef HAKMEM_TRACE
    LINKED hm_at_quick_exit, at_quick_exit, __cxa_at_quick_exit, esi
#endif

    IF_THERE hm_streams_lock, _IO_list_lock
    IF_THERE hm_streams_unlock, _IO_list_unlock
    IF_THERE hm_streams_reset, _IO_list_resetlock
    .text

    .section .init_array,"aw",@init_array
    .balign 8
    .quad   hm_constructor

    .section .fini_array,"aw",@fini_array
    .balign 8
    .quad   hm_destructor

    .section .note.GNU-stack,"",@progbits
