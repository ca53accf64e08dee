using System.Runtime.CompilerServices;
using HakMem.Boxes;
using static HakMem.Preload.PreloadAllocator;

namespace HakMem.Preload;

/// <summary>
/// In the debug flavor: says on standard error which signal ends the program, at which address, and what the allocator knows of the address; then the handler that was there before
/// has the signal, or the system. Allocates nothing, takes no lock, reads the page map only. A program's own handlers, set later, replace these.
/// </summary>
internal static unsafe class CrashReport
{
    private const int Abort = 6, BusError = 7, SegmentationFault = 11;
    private const int WithInfo = 4, OnAlternateStack = 0x0800_0000;   // SA_SIGINFO, SA_ONSTACK
    private const nuint Default = 0, Ignore = 1;
    private const int OfKernel = 0x80;   // SI_KERNEL: a fault whose address the processor does not tell

    // struct sigaction of glibc on x86-64.
    private struct Action
    {
        public nuint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nuint Restorer;
    }

    private static Action s_abort, s_bus, s_segmentation;

    /// <summary>Sets the handlers. By the library's constructor.</summary>
    internal static void Watch()
    {
        Watch(Abort);
        Watch(BusError);
        Watch(SegmentationFault);
    }

    // What is ignored stays so: programs that this one becomes would have it as default after a handler of ours.
    private static void Watch(int signal)
    {
        Action* before = Before(signal);
        if (LibC.sigaction(signal, null, before) != 0 || before->Handler == Ignore) return;
        Action action = default;
        action.Handler = (nuint)(delegate*<int, byte*, void*, void>)&Handle;
        action.Flags = WithInfo | OnAlternateStack;
        _ = LibC.sigaction(signal, &action, null);
    }

    private static Action* Before(int signal)
    {
        if (signal == Abort) return (Action*)Unsafe.AsPointer(ref s_abort);
        return signal == BusError ? (Action*)Unsafe.AsPointer(ref s_bus) : (Action*)Unsafe.AsPointer(ref s_segmentation);
    }

    private static void Handle(int signal, byte* info, void* context)
    {
        int error = *LibC.Errno();
        Describe(signal, info);
        Action* before = Before(signal);
        if (before->Handler != Default)
        {
            if ((before->Flags & WithInfo) != 0) ((delegate*<int, byte*, void*, void>)before->Handler)(signal, info, context);
            else ((delegate*<int, void>)before->Handler)(signal);
        }
        else
        {
            // Blocked until this handler returns, then the system's: a fault would come again by itself, a signal that was sent would not.
            _ = LibC.sigaction(signal, before, null);
            _ = Trampolines.Signal(LibC.getpid(), LibC.gettid(), signal);
        }

        *LibC.Errno() = error;
    }

    private static void Describe(int signal, byte* info)
    {
        TextBuffer text = default;
        text.Append("hakmem: "u8);
        text.Append(signal == Abort ? "SIGABRT"u8 : signal == BusError ? "SIGBUS"u8 : "SIGSEGV"u8);
        int code = *(int*)(info + 8);   // si_code: of the kernel when positive, then si_addr is the address of a fault
        if (signal != Abort && code == OfKernel)
        {
            // The place that is told is 0, which the program did not touch. Mostly it used a pointer that was overwritten.
            text.Append(" at an unknown address that is not canonical, or misaligned for its instruction"u8);
        }
        else if (signal != Abort && code > 0)
        {
            byte* address = *(byte**)(info + 16);
            text.Append(" at address 0x"u8);
            text.AppendHexadecimal((nuint)address);
            DescribePlace(ref text, address);
        }

        text.Append("\n"u8);
        text.WriteError();
    }

    private static void DescribePlace(ref TextBuffer text, byte* address)
    {
        nuint chunk = PageMap.ChunkOf<Config>(address);
        if (chunk >= Config.ChunkCount)
        {
            text.Append(", not in the allocator's range"u8);
            return;
        }

        uint sizeClass = (byte)PageMap.Get<Config>(chunk);
        if (sizeClass is 0 or >= SizeClasses.Count)
        {
            text.Append(sizeClass == 0 ? ", in memory of the allocator that holds no block"u8 : ", in a large block"u8);
            return;
        }

        SizeClass* info = Config.Classes + sizeClass;
        nuint offset = ((nuint)address - (nuint)Config.Base) & info->SlabMask;
        text.Append(", byte "u8);
        text.Append((ulong)(offset % info->SizeBytes));
        text.Append(" of a block of "u8);
        text.Append(info->SizeBytes);
        text.Append(" bytes"u8);
    }
}
