using System.Threading;

namespace HakMem.Tests.Model;

/// <summary>Hands out the same memory twice: a block that is with a user once more, under an address inside it.</summary>
internal sealed unsafe class OverlappingSubject : ReferenceSubject
{
    private int _calls;
    private nint _outer;

    public override void* Alloc(nuint size)
    {
        nint outer = size <= 64 ? Interlocked.Exchange(ref _outer, 0) : 0;
        if (outer != 0)
        {
            Register((void*)(outer + 16), GoodSize(size), null);
            return (void*)(outer + 16);
        }

        void* block = base.Alloc(size);
        if (size >= 128 && Interlocked.Increment(ref _calls) % 64 == 0) Volatile.Write(ref _outer, (nint)block);
        return block;
    }

    public override void Free(void* block)
    {
        Interlocked.CompareExchange(ref _outer, 0, (nint)block);
        base.Free(block);
    }

    // Both users may write to it until the end.
    protected override void Unmap(nint mapped) => Bury(mapped);
}

/// <summary>Forgets to take one block in a hundred back.</summary>
internal sealed unsafe class LosingSubject : ReferenceSubject
{
    private int _calls;

    public override void Free(void* block)
    {
        if (Interlocked.Increment(ref _calls) % 100 != 0) base.Free(block);
    }
}

/// <summary>Returns used memory from one zeroed allocation in twenty.</summary>
internal sealed unsafe class UnzeroedSubject : ReferenceSubject
{
    private int _calls;

    public override void* AllocZeroed(nuint size)
        => Interlocked.Increment(ref _calls) % 20 == 0 ? AllocAligned(size, 16) : base.AllocZeroed(size);
}

/// <summary>Serves one aligned allocation in twenty at half of the alignment.</summary>
internal sealed unsafe class MisaligningSubject : ReferenceSubject
{
    private int _calls;

    public override void* AllocAligned(nuint size, nuint alignment)
    {
        byte* block = (byte*)base.AllocAligned(alignment > 16 ? size + alignment : size, alignment);
        if (alignment <= 16 || Interlocked.Increment(ref _calls) % 20 != 0) return block;
        Move(block, block + (alignment / 2), GoodSize(size));
        return block + (alignment / 2);
    }
}

/// <summary>Moves one block in twenty without its contents.</summary>
internal sealed unsafe class ForgetfulSubject : ReferenceSubject
{
    private int _calls;

    public override void* Realloc(void* block, nuint size)
    {
        if (Interlocked.Increment(ref _calls) % 20 != 0) return base.Realloc(block, size);
        Free(block);
        return Alloc(size);
    }
}

/// <summary>Writes into a block that is with a user.</summary>
internal sealed unsafe class ScribblingSubject : ReferenceSubject
{
    private readonly Lock _gate = new();   // the victim is freed after it was written to, or before and then not written to
    private int _calls;
    private nint _victim;

    public override void* Alloc(nuint size)
    {
        void* block = base.Alloc(size);
        lock (_gate)
        {
            if (_victim != 0) *(byte*)_victim ^= 0x55;
            _victim = size >= 16 && ++_calls % 20 == 0 ? (nint)block : 0;
        }

        return block;
    }

    public override void Free(void* block)
    {
        lock (_gate)
        {
            if (_victim == (nint)block) _victim = 0;
        }

        base.Free(block);
    }
}
