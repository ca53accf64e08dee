using System;
using System.IO;
using System.Text;
using HakMem.Tests.Support;
using Xunit;

namespace HakMem.Tests.Options;

/// <summary>The memory limit of control groups, of trees of files made for the purpose.</summary>
public sealed class ContainerMemoryTests : IDisposable
{
    private const string Second = "25 20 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    private const string First = "33 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:7 master:1 - cgroup cgroup rw,memory\n";
    private const string Others = "23 1 8:1 / / rw - ext4 /dev/vda rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("hakmem-groups-");

    public void Dispose() => _root.Delete(true);

    [SystemFact(SystemNeeds.Linux)]
    public void ARootWithItsOwnNamespaceHasItsLimit()
    {
        Make(Others + Second, "0::/\n", ("/sys/fs/cgroup/memory.max", "536870912\n"));
        Assert.Equal(512UL << 20, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void AGroupBelowTheRootIsFound()
    {
        Make(Second, "0::/system.slice/web.service\n", ("/sys/fs/cgroup/system.slice/web.service/memory.max", "1000000\n"), ("/sys/fs/cgroup/system.slice/memory.max", "max\n"));
        Assert.Equal(1_000_000UL, Limit());
    }

    [SystemTheory(SystemNeeds.Linux)]
    [InlineData("3000000", "2000000", "4000000", 2_000_000)]
    [InlineData("max", "max", "4000000", 4_000_000)]
    [InlineData("1000000", "2000000", "max", 1_000_000)]
    public void TheLowestLimitCounts(string own, string above, string top, ulong bytes)
    {
        Make(Second, "0::/a/b\n", ("/sys/fs/cgroup/a/b/memory.max", own), ("/sys/fs/cgroup/a/memory.max", above), ("/sys/fs/cgroup/memory.max", top), ("/memory.max", "5"), ("/sys/fs/memory.max", "5"));
        Assert.Equal(bytes, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void VersionOneIsRead()
    {
        Make(
            Others + First,
            "9:name=systemd:/other\n4:cpu,cpuacct:/other\n3:memory,hugetlb:/docker/x\n0::/other\n",
            ("/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "700000000\n"),
            ("/sys/fs/cgroup/memory/other/memory.limit_in_bytes", "5000000\n"));
        Assert.Equal(700_000_000UL, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void AMountedPartOfTheTreeIsItsTop()
    {
        Make(
            "33 31 0:32 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            "3:memory:/docker/x/y\n",
            ("/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "800000000"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "700000000"));
        Assert.Equal(700_000_000UL, Limit());
    }

    [SystemTheory(SystemNeeds.Linux)]
    [InlineData("/elsewhere")]
    [InlineData("/docker/xy")]
    [InlineData("/docker/x/../y")]
    [InlineData("/")]
    public void OfAGroupThatIsNotMountedTheMountsLimitHolds(string group)
    {
        Make("33 31 0:32 /docker/x /mnt rw - cgroup2 none rw\n", $"0::{group}\n", ("/mnt/memory.max", "700000000"), ("/memory.max", "5"), ("/mnt/y/memory.max", "5"));
        Assert.Equal(700_000_000UL, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void BothVersionsAtOnceCount()
    {
        Make(
            First + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "4:memory:/a\n0::/b\n",
            ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "800000000"),
            ("/sys/fs/cgroup/unified/b/memory.max", "900000000"));
        Assert.Equal(800_000_000UL, Limit());
    }

    /// <summary>Tools mount other groups for themselves.</summary>
    [SystemFact(SystemNeeds.Linux)]
    public void AMountedGroupThatTheProcessIsNotInDoesNotCount()
    {
        const string other = "41 31 0:22 /foo /mnt/foo rw - cgroup2 cgroup2 rw\n";
        (string, string) limited = ("/mnt/foo/memory.max", "1000000");
        Make(Second + other, "0::/user.slice/mine\n", limited, ("/sys/fs/cgroup/user.slice/mine/memory.max", "max\n"));
        Assert.Equal(ulong.MaxValue, Limit());
        Make(other, "0::/user.slice/mine\n", limited);   // the only one that is told of
        Assert.Equal(1_000_000UL, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void AGroupAboveTheNamespacesRootCounts()
    {
        Make("25 20 0:22 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n41 31 0:22 /foo /mnt/foo rw - cgroup2 cgroup2 rw\n", "0::/\n", ("/sys/fs/cgroup/memory.max", "700000000"), ("/mnt/foo/memory.max", "1000000"));
        Assert.Equal(700_000_000UL, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void MountPointsMayHaveSpacesAndTheirLinesAnyLength()
    {
        string layers = new('x', 5000), many = string.Concat(System.Linq.Enumerable.Repeat(Others, 100));
        Make($"{many}24 1 0:40 / /data rw - overlay overlay rw,lowerdir={layers}\n" + @"25 20 0:22 / /my\040groups\134 rw - cgroup2 cgroup2 rw", "0::/a b", (@"/my groups\/a b/memory.max", "600000000"));
        Assert.Equal(600_000_000UL, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void WithoutAListOfMountsTheUsualPlacesAreLookedAt()
    {
        Make(null, "4:memory:/a\n", ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "800000000"));
        Assert.Equal(800_000_000UL, Limit());
        Make(null, null, ("/sys/fs/cgroup/memory.max", "500000000"));
        Assert.Equal(500_000_000UL, Limit());
    }

    [SystemTheory(SystemNeeds.Linux)]
    [InlineData("max\n")]
    [InlineData("")]
    [InlineData("0\n")]
    [InlineData("9223372036854771712\n")]
    [InlineData("18446744073709551615\n")]
    [InlineData("99999999999999999999999999\n")]
    public void ThereMayBeNone(string text)
    {
        Make(First + Second, "4:memory:/\n0::/\n", ("/sys/fs/cgroup/memory/memory.limit_in_bytes", text), ("/sys/fs/cgroup/memory.max", text));
        Assert.Equal(ulong.MaxValue, Limit());
    }

    [SystemFact(SystemNeeds.Linux)]
    public void WithoutAnyFileThereIsNone() => Assert.Equal(ulong.MaxValue, Limit());

    private ulong Limit() => ContainerMemory.Limit(Encoding.UTF8.GetBytes(_root.FullName));

    private void Make(string? mounts, string? groups, params (string Name, string Text)[] files)
    {
        if (mounts is not null) Write("/proc/self/mountinfo", mounts);
        if (groups is not null) Write("/proc/self/cgroup", groups);
        foreach ((string name, string text) in files) Write(name, text);
    }

    private void Write(string name, string text)
    {
        string path = _root.FullName + name;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
