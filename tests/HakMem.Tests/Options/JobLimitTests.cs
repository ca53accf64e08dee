using System.Runtime.InteropServices;
using HakMem.Tests.Support;
using Xunit;

namespace HakMem.Tests.Options;

/// <summary>The limit of a container of Windows.</summary>
public sealed unsafe class JobLimitTests
{
    private const int ExtendedLimitInformation = 9, Bytes = 144;

    [SystemFact(SystemNeeds.Windows)]
    public void ALimitOfTheJobIsRead()
    {
        nint job = CreateJobObjectW(0, 0);
        byte* limits = stackalloc byte[Bytes];
        new System.Span<byte>(limits, Bytes).Clear();
        *(uint*)(limits + 16) = 0x300;
        *(ulong*)(limits + 112) = 8UL << 30;
        *(ulong*)(limits + 120) = 7UL << 30;
        Assert.NotEqual(0, SetInformationJobObject(job, ExtendedLimitInformation, limits, Bytes));
        Assert.NotEqual(0, AssignProcessToJobObject(job, -1));
        ulong limit = ContainerMemory.JobLimit();
        Assert.True(limit == 7UL << 30 || (Emulation.IsWine && limit == ulong.MaxValue), $"{limit}");   // Wine 8 tells none
        Assert.Equal(limit == ulong.MaxValue ? limit : limit / 10 * 9, ContainerMemory.SoftLimit());
    }

    [DllImport("kernel32")]
    private static extern nint CreateJobObjectW(nint attributes, nint name);

    [DllImport("kernel32")]
    private static extern int SetInformationJobObject(nint job, int what, byte* limits, uint bytes);

    [DllImport("kernel32")]
    private static extern int AssignProcessToJobObject(nint job, nint process);
}
