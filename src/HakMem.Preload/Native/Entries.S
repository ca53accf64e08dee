# The C symbols that programs call most. Each loads the thread's heap from its slot, as those in Trampolines.S do, and falls into its C# method: the linker puts the object
# that holds this method alone, hm_hot_..., right behind. Assembled once for each, with ENTRY_malloc, ENTRY_free or ENTRY_new. With a jump instead the tiny loop takes 5 to 7 % more.

    .section .note.GNU-stack,"",@progbits

    .section __managedcode,"ax",@progbits
    .p2align 6                          # a hit is then two cache lines of code
    .skip   5, 0xcc                     # the 11 bytes below end where the next object begins, at a multiple of 16
entry:
    .cfi_startproc

    .macro NAME name, rest:vararg       # one more name of the entry
    .globl  \name
    .type   \name,@function
    .set    \name, entry
    .size   \name, 11
    .ifnb   \rest
    NAME    \rest
    .endif
    .endm

#if defined(ENTRY_malloc)
#define METHOD hm_hot_malloc
    NAME malloc, __libc_malloc
#elif defined(ENTRY_free)
#define METHOD hm_hot_free
    NAME free, __libc_free
    NAME _ZdlPv, _ZdlPvSt11align_val_t  # C++'s delete; its other forms lead here, see Trampolines.S
#elif defined(ENTRY_new)
#define METHOD hm_hot_new
    NAME _Znwm, hm_own_new              # new, and a name of it that no program takes
    .hidden hm_own_new
#else
#error which entry?
#endif

    .hidden METHOD
    .reloc  ., R_X86_64_NONE, METHOD    # the linker keeps the method: nothing else names it
    movq    hm_slot@gottpoff(%rip), %rax
    movq    %fs:(%rax), %rsi
    .if     . - entry != 11
    .error  "the entry is not 11 bytes long"
    .endif
    .cfi_endproc
