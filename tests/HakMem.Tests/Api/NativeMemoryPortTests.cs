using Xunit;
using NativeMemory = HakMem.HakMemory;

namespace HakMem.Tests.Api;

/// <summary>A program of NativeMemory's that changed one line: every member, with the arguments it had.</summary>
public sealed unsafe class NativeMemoryPortTests
{
    [Fact]
    public void EveryMemberOfNativeMemoryIsThere()
    {
        byte* block = (byte*)NativeMemory.Alloc(10);
        byte* elements = (byte*)NativeMemory.Alloc(10, sizeof(int));
        byte* zeroed = (byte*)NativeMemory.AllocZeroed(10);
        byte* zeroedElements = (byte*)NativeMemory.AllocZeroed(10, sizeof(int));
        byte* aligned = (byte*)NativeMemory.AlignedAlloc(10, 256);

        NativeMemory.Fill(block, 10, 0x11);
        NativeMemory.Copy(block, elements, 10);
        NativeMemory.Clear(block, 5);
        Assert.Equal(0, block[4]);
        Assert.Equal(0x11, block[5]);
        Assert.Equal(0x11, elements[0]);
        Assert.Equal(0, zeroed[9]);
        Assert.Equal(0, zeroedElements[39]);

        block = (byte*)NativeMemory.Realloc(block, 10_000);
        aligned = (byte*)NativeMemory.AlignedRealloc(aligned, 10_000, 512);
        Assert.Equal(0x11, block[9]);
        Assert.Equal(0u, (nuint)aligned & 511);

        NativeMemory.Free(block);
        NativeMemory.Free(elements);
        NativeMemory.Free(zeroed);
        NativeMemory.Free(zeroedElements);
        NativeMemory.AlignedFree(aligned);
        NativeMemory.Free(null);
        NativeMemory.AlignedFree(null);
    }
}
