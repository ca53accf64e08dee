using System.Runtime.InteropServices;

namespace HakMem.Boxes;

/// <content>What is called, and its structures as 64-bit Windows lays them out.</content>
public static unsafe partial class WindowsMemory
{
    // MEMORY_BASIC_INFORMATION of 64-bit Windows.
    [StructLayout(LayoutKind.Explicit, Size = 48)]
    private struct Region
    {
        [FieldOffset(0)] public byte* Start;
        [FieldOffset(8)] public byte* Allocation;
        [FieldOffset(16)] public uint AllocationProtect;
        [FieldOffset(24)] public nuint Bytes;
        [FieldOffset(32)] public uint State;
    }

    // MEMORYSTATUSEX.
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct MemoryStatus
    {
        [FieldOffset(0)] public uint Length;
        [FieldOffset(8)] public ulong Physical;
        [FieldOffset(32)] public ulong Committable;   // by this process
        [FieldOffset(40)] public ulong Virtual;
    }

    [DllImport("kernel32")] private static extern byte* VirtualAlloc(byte* at, nuint bytes, uint type, uint protection);

    [DllImport("kernel32")] private static extern int VirtualFree(byte* at, nuint bytes, uint type);

    [DllImport("kernel32")] private static extern int VirtualProtect(byte* at, nuint bytes, uint protection, uint* before);

    [DllImport("kernel32")] private static extern nuint VirtualQuery(byte* at, Region* region, nuint bytes);

    [DllImport("kernel32")] private static extern int GlobalMemoryStatusEx(MemoryStatus* status);

    [DllImport("kernel32")] private static extern void GetCurrentThreadStackLimits(byte** low, byte** end);

    [DllImport("kernel32")] private static extern void* OpenThread(uint access, int inherit, uint thread);

    [DllImport("kernel32"), SuppressGCTransition] private static extern uint GetLastError();

    [DllImport("kernel32")] private static extern int IsThreadAFiber();

    [DllImport("kernel32")] private static extern int ReadProcessMemory(nint process, void* at, void* to, nuint bytes, nuint* read);

    [DllImport("kernel32")] private static extern uint GetProcessIdOfThread(void* thread);

    [DllImport("kernel32")] private static extern int GetThreadTimes(void* thread, ulong* began, ulong* ended, ulong* kernel, ulong* user);

    [DllImport("kernel32")] private static extern uint WaitForSingleObject(void* handle, uint milliseconds);

    [DllImport("kernel32")] private static extern int CloseHandle(void* handle);

    [DllImport("kernel32")] private static extern uint FlsAlloc(void* callback);

    [DllImport("kernel32")] private static extern int FlsFree(uint index);

    [DllImport("kernel32")] private static extern int FlsSetValue(uint index, void* value);

    [DllImport("kernel32")] private static extern void* GetModuleHandleA(byte* name);

    [DllImport("kernel32")] private static extern void* GetProcAddress(void* library, byte* name);

    [DllImport("kernel32")] private static extern int SwitchToThread();

    [DllImport("kernel32")] private static extern void Sleep(uint milliseconds);

    [DllImport("kernel32")] private static extern nint GetStdHandle(uint which);

    [DllImport("kernel32")] private static extern int WriteFile(nint file, byte* text, uint bytes, uint* written, void* overlapped);

    [DllImport("kernel32")] private static extern void RaiseFailFastException(void* record, void* context, uint flags);

    [DllImport("kernel32")] private static extern int TerminateProcess(nint process, uint code);

    [DllImport("kernel32"), SuppressGCTransition] private static extern ulong GetTickCount64();

    [DllImport("kernel32"), SuppressGCTransition] private static extern uint GetCurrentThreadId();

    [DllImport("kernel32"), SuppressGCTransition] private static extern uint GetCurrentProcessId();
}
