using System.Numerics;
using Xunit;

namespace HakMem.Boxes.Tests;

public unsafe class SizeClassesTests
{
    [Fact]
    public void Every_size_fits_its_class_and_wastes_little()
    {
        for (nuint size = 0; size <= SizeClasses.MaxBytes; size++)
        {
            uint sizeClass = SizeClasses.ClassOf(size);
            nuint block = SizeClasses.SizeOf(sizeClass);
            Assert.InRange(sizeClass, 1u, SizeClasses.Count - 1);
            Assert.True(block >= size && block % 16 == 0, $"{size} in {block}");
            if (size > 128) Assert.True((block - size) * 8 <= block, $"{size} wastes {block - size} of {block}");
            if (sizeClass > 1 && size != 0) Assert.True(SizeClasses.SizeOf(sizeClass - 1) < size, $"{size} fits a smaller class");
            Assert.Equal(block, SizeClasses.GoodSize(size));
            if (size > 128) Assert.Equal(sizeClass, SizeClasses.ClassAbove128(size));
        }
    }

    [Fact]
    public void The_table_agrees_with_the_arithmetic()
    {
        byte* table = stackalloc byte[65];
        SizeClasses.FillTable(table);
        for (nuint size = 0; size <= SizeClasses.MaxTableBytes; size++)
        {
            Assert.Equal(SizeClasses.ClassOf(size), table[(size + 15) >> 4]);
            Assert.Equal(SizeClasses.ClassOf(size), SizeClasses.ClassOfTiny(size));
        }
    }

    [Fact]
    public void The_first_class_above_a_page_is_the_first()
        => Assert.True(SizeClasses.SizeOf(SizeClasses.FirstAbovePage) > Chunk.PageBytes && SizeClasses.SizeOf(SizeClasses.FirstAbovePage - 1) <= Chunk.PageBytes);

    /// <summary>A page, or another power of two, with what databases and buffers keep with it.</summary>
    [Fact]
    public void A_little_more_than_a_power_of_two_gets_a_little_more()
    {
        SizeClass* classes = stackalloc SizeClass[(int)SizeClasses.Count];
        SizeClasses.FillClasses(classes);
        for (uint power = 4096; power < SizeClasses.MaxBytes; power *= 2)
        {
            uint more = power / 4096 * 272;
            Assert.Equal((power + more, power + (power / 8)), (SizeClasses.GoodSize(power + 1), SizeClasses.GoodSize(power + more + 1)));
            SizeClass* info = classes + SizeClasses.ClassOf(power + more);
            Assert.Equal((15u, info->Chunks * (uint)Chunk.Bytes / 4096), (info->Blocks, (info->Blocks * info->SizeBytes + 4095) / 4096));   // to its last page
        }
    }

    [Fact]
    public void A_size_that_keeps_its_alignment_is_of_a_class_that_does()
    {
        for (nuint alignment = 16; alignment <= 4096; alignment *= 2)
        {
            for (nuint size = alignment; size <= SizeClasses.MaxBytes + alignment; size += alignment)
            {
                nuint kept = SizeClasses.KeepAlignment(size);
                Assert.True(kept >= size && kept * 8 <= size * 9, $"{size} to {kept}");
                if (size > SizeClasses.MaxBytes) Assert.Equal(size, kept);
                else Assert.True(SizeClasses.SizeOf(SizeClasses.ClassOf(kept)) % alignment == 0, $"{size} at {alignment}: {kept}");
            }
        }
    }

    [Fact]
    public void Powers_of_two_are_naturally_aligned()
    {
        for (nuint size = 16; size <= SizeClasses.MaxBytes; size *= 2)
        {
            Assert.Equal(size, (nuint)SizeClasses.SizeOf(SizeClasses.ClassOf(size)));
            Assert.Equal((nuint)0, Chunk.Bytes % size);
        }
    }

    [Fact]
    public void An_aligned_class_is_the_smallest_that_serves()
    {
        for (nuint alignment = 1; alignment <= 65536; alignment *= 2)
        {
            for (nuint size = 0; size <= SizeClasses.MaxBytes + 1; size += size < 2048 ? 1u : 37u)
            {
                uint found = SizeClasses.ClassOfAligned(size, alignment);
                uint wanted = 0;
                for (uint sizeClass = 1; sizeClass < SizeClasses.Count && wanted == 0; sizeClass++)
                {
                    uint block = SizeClasses.SizeOf(sizeClass);
                    if (block >= size && block >= alignment && block % alignment == 0) wanted = sizeClass;
                }

                Assert.Equal(wanted, found);
            }
        }
    }

    [Fact]
    public void The_index_is_exact_for_every_offset_of_every_slab()
    {
        SizeClass* classes = stackalloc SizeClass[(int)SizeClasses.Count];
        SizeClasses.FillClasses(classes);
        for (uint sizeClass = 1; sizeClass < SizeClasses.Count; sizeClass++)
        {
            SizeClass* info = classes + sizeClass;
            Assert.Equal(info->SizeBytes, SizeClasses.SizeOf(sizeClass));
            Assert.True(BitOperations.IsPow2(info->Chunks) && info->Blocks >= 8 && info->Words * 64 >= info->Blocks && info->ListAt >= 1);
            uint home = classes[info->Home].SizeBytes;
            Assert.True(home >= info->SizeBytes && (BitOperations.IsPow2(home) || (sizeClass >= SizeClasses.FirstAbovePage && home % 3 == 0 && BitOperations.IsPow2(home / 3))));
            Assert.Equal(info->Home, classes[info->Home].Home);
            Assert.Equal(info->Home == sizeClass, info->Lent == 0);
            if (sizeClass < SizeClasses.FirstAbovePage) Assert.True(info->Lent is 0 or 32);
            else Assert.True(info->Lent <= 1 || info->Lent * (home - info->SizeBytes) <= 4096);
            Assert.True(classes[info->Home].SizeBytes >= info->SizeBytes);
            uint index = 0, rest = 0;
            for (nuint offset = 0; offset < info->Chunks * Chunk.Bytes; offset++)
            {
                bool start = Slab.IndexOf(info, offset, out uint found);
                if (start != (rest == 0) || found != index) Assert.Fail($"class {sizeClass}, offset {offset}: {found}, {start}");
                if (++rest == info->SizeBytes) (rest, index) = (0, index + 1);
            }
        }
    }

    [Fact]
    public void A_good_size_beyond_the_classes_is_whole_chunks_then_whole_pages()
    {
        Assert.Equal(Chunk.Bytes, SizeClasses.GoodSize(SizeClasses.MaxBytes + 1));
        Assert.Equal(Chunk.SuperSlabBytes, SizeClasses.GoodSize(Chunk.SuperSlabBytes));
        Assert.Equal(Chunk.SuperSlabBytes + Chunk.OsPageBytes, SizeClasses.GoodSize(Chunk.SuperSlabBytes + 1));
        Assert.Equal(nuint.MaxValue, SizeClasses.GoodSize(nuint.MaxValue));
    }
}
