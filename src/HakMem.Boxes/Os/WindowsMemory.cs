using System.Threading;

namespace HakMem.Boxes;

/// <summary>
/// Box of layer Os for 64-bit Windows: <see cref="LinuxMemory"/>'s contract by the calls of kernel32. What Windows has no call for is made of others. A mapping is an allocation that reserves more addresses
/// than it commits, so that it can grow where it is; a part that is taken away is decommitted, and the allocation is released with the last part of it. Memory is given back by decommitting and committing it
/// again, since only that reads as zero. The end of a thread is told by fiber-local storage, whose destructor is a function of Windows.
/// Every committed page counts against the system's commit limit, touched or not; so the reserved range is kept in proportion to the machine (<see cref="AddressSpaceLimit"/>).
/// </summary>
[Box(BoxLayer.Os, Traits = BoxTraits.ConcurrencySafe | BoxTraits.ZeroedOutput)]
public static unsafe partial class WindowsMemory
{
    private const uint CommitPages = 0x1000, ReservePages = 0x2000, DecommitPages = 0x4000, ReleasePages = 0x8000;   // MEM_…
    private const uint NoAccess = 1, ReadOnly = 2, ReadWrite = 4;   // PAGE_…
    private const uint StandardError = unchecked((uint)-12);
    private const nuint ReservationAlignment = 2 << 20, GrowsFrom = 256 << 10;
    private const uint ReserveAttempts = 16, MaxReservations = 256;
    private const ulong LeastLimit = 1UL << 40;
    private const uint RecommitMilliseconds = 10_000;
    private const ulong SpareCommit = 64 << 20;   // what has to be left to commit when memory is given back

    private static int s_gate;   // between the looks at an allocation and what follows from them
    private static nint s_reservations;   // a page of them, made by the first
    private static uint s_reservationCount;   // under the gate

    // A range of addresses, never used for another one; 0 bytes when it is gone.
    private struct Reservation
    {
        public byte* Start;
        public nuint Bytes;
    }

    /// <inheritdoc cref="LinuxMemory.Prepare"/>
    public static void Prepare()
    {
        CheckSystem();
        byte* page = Map(4096);
        if (page == null) return;
        _ = Commit(page, 4096);
        _ = Purge(page, 4096);
        _ = Populate(page, 4096);
        _ = Remap(page, 4096, 8192, false);
        _ = Unmap(page, 4096);
        _ = AddressSpaceLimit();
        _ = Milliseconds();
        ulong never = ~0UL;
        _ = ThreadIsGone(ThreadId(), &never);
        _ = GetLastError();
        _ = SwitchToThread();
        Sleep(0);
        _ = TryRead(&never, out _);
    }

    /// <summary>Reserves an address range without access. Returns its start, aligned to 2 MiB so that callers who align need not take a part away at the front, or null. <see cref="Unmap"/> of its first page takes all of it away, of another part nothing but the memory.</summary>
    public static byte* Reserve(nuint bytes)
    {
        for (uint attempt = 0; attempt < ReserveAttempts; attempt++)
        {
            byte* found = VirtualAlloc(null, bytes + ReservationAlignment, ReservePages, NoAccess);
            if (found == null) return null;
            byte* start = (byte*)(((nuint)found + ReservationAlignment - 1) & ~(ReservationAlignment - 1));
            if (start != found)
            {
                _ = VirtualFree(found, 0, ReleasePages);
                start = VirtualAlloc(start, bytes, ReservePages, NoAccess);
            }

            if (start == null) continue;   // another thread was there first
            NoteReservation(start, bytes);
            return start;
        }

        return null;
    }

    /// <inheritdoc cref="LinuxMemory.Commit"/>
    public static bool Commit(byte* at, nuint bytes)
    {
        uint before;
        return VirtualAlloc(at, bytes, CommitPages, ReadWrite) != null && VirtualProtect(at, bytes, ReadWrite, &before) != 0;   // the second for what was exposed
    }

    /// <summary>Makes a part of a reserved range readable; it reads as zero and takes no memory, but counts as committed. False when the OS refuses.</summary>
    public static bool Expose(byte* at, nuint bytes) => VirtualAlloc(at, bytes, CommitPages, ReadOnly) != null;

    /// <summary>
    /// Gives the memory behind a committed range back; it reads as zero afterwards. False when the OS refuses, or has so little left to commit that others might take it meanwhile: then the contents are as before. Until it returns the range cannot be read.
    /// When others have taken it all the same and Windows has nothing to commit for ten seconds, the process ends with one line.
    /// </summary>
    public static bool Purge(byte* at, nuint bytes)
    {
        if (bytes == 0) return true;   // which Windows takes for all of it
        if (IsReservation(at)) return TryPurge(at, bytes);
        bool purged = true;
        EnterGate();   // or who takes the rest of the mapping away would find it without memory
        while (purged && bytes != 0)
        {
            nuint part = PartOf(at, bytes);
            purged = part != 0 && TryPurge(at, part);
            at += part;
            bytes -= part;
        }

        ExitGate();
        return purged;
    }

    /// <summary>Gives back the promise of memory for a committed part of a range until <see cref="Recommit"/>: it does not count against the system's commit limit then. False when the OS refuses: then it stays committed.</summary>
    public static bool Decommit(byte* at, nuint bytes) => bytes == 0 || VirtualFree(at, bytes, DecommitPages) != 0;

    /// <inheritdoc cref="LinuxMemory.Recommit"/>
    public static bool Recommit(byte* at, nuint bytes) => VirtualAlloc(at, bytes, CommitPages, ReadWrite) != null;

    /// <summary>Reads a word of memory that was committed once. False where it is not now: another thread gives it back, or has.</summary>
    public static bool TryRead(void* at, out nint word)
    {
        nint read;
        bool there = ReadProcessMemory(-1, at, &read, (nuint)sizeof(nint), null) != 0;
        word = there ? read : 0;
        return there;
    }

    /// <inheritdoc cref="LinuxMemory.Map"/>
    public static byte* Map(nuint bytes)
    {
        nuint reserve = bytes < GrowsFrom ? bytes : bytes * 2;
        byte* at = VirtualAlloc(null, reserve, ReservePages, ReadWrite);
        if (at == null && reserve != bytes) at = VirtualAlloc(null, bytes, ReservePages, ReadWrite);
        if (at == null || VirtualAlloc(at, bytes, CommitPages, ReadWrite) != null) return at;
        _ = VirtualFree(at, 0, ReleasePages);
        return null;
    }

    /// <inheritdoc cref="LinuxMemory.Unmap"/>
    public static bool Unmap(byte* at, nuint bytes)
    {
        bool unmapped = true;
        EnterGate();
        while (unmapped && bytes != 0)
        {
            Region region;
            nuint part = Query(at, &region) ? PartOf(at, bytes) : 0;
            if (part == 0)
            {
                unmapped = false;
            }
            else if (region.AllocationProtect == NoAccess && at == region.Allocation)
            {
                ForgetReservation(at);
                unmapped = VirtualFree(at, 0, ReleasePages) != 0;
            }
            else
            {
                unmapped = VirtualFree(at, part, DecommitPages) != 0;
                if (unmapped && region.AllocationProtect != NoAccess && !HoldsMemory(region.Allocation)) _ = VirtualFree(region.Allocation, 0, ReleasePages);
            }

            at += part;
            bytes -= part;
        }

        ExitGate();
        return unmapped;
    }

    /// <summary>Changes the length of a mapping, contents kept; new memory reads as zero. Returns its start, or null and everything is as before: here a mapping never moves, and grows into what its allocation has reserved behind it.</summary>
    public static byte* Remap(byte* at, nuint oldBytes, nuint newBytes, bool mayMove)
    {
        _ = mayMove;
        if (newBytes <= oldBytes) return newBytes == oldBytes || Unmap(at + newBytes, oldBytes - newBytes) ? at : null;
        Region behind;
        EnterGate();
        bool grown = Query(at + oldBytes, &behind) && behind.State == ReservePages && behind.AllocationProtect == ReadWrite && behind.Allocation <= at
                     && behind.Bytes >= newBytes - oldBytes && VirtualAlloc(at + oldBytes, newBytes - oldBytes, CommitPages, ReadWrite) != null;
        ExitGate();
        return grown ? at : null;
    }

    /// <summary>Does nothing: huge pages need a privilege here, and are never swapped.</summary>
    public static bool AdviseHugePages(byte* at, nuint bytes, bool wanted)
    {
        _ = at;
        _ = bytes;
        _ = wanted;
        return false;
    }

    /// <summary>Backs a committed range with memory at once, by a write to each page that changes nothing.</summary>
    public static bool Populate(byte* at, nuint bytes)
    {
        for (nuint offset = 0; offset < bytes; offset += Chunk.OsPageBytes) _ = Interlocked.Add(ref *(int*)(at + offset), 0);
        return true;
    }

    /// <summary>
    /// The process's address space in bytes, but no more than eight times the machine's memory or 1 TiB: of the range that is reserved, a quarter of this, the page map counts as committed, 64 bytes for each MiB.
    /// </summary>
    public static nuint AddressSpaceLimit()
    {
        MemoryStatus status;
        status.Length = (uint)sizeof(MemoryStatus);
        ulong limit = LeastLimit;
        if (GlobalMemoryStatusEx(&status) != 0)
        {
            if (limit < status.Physical * 8) limit = status.Physical * 8;
            if (limit > status.Virtual) limit = status.Virtual;
        }

        return (nuint)limit;
    }

    /// <summary>A monotonic clock in milliseconds, 10 to 16 of them coarse.</summary>
    public static ulong Milliseconds() => GetTickCount64();

    /// <summary>Writes bytes to standard error; nowhere in a program that has none, as those with windows.</summary>
    public static void WriteError(byte* text, nuint bytes)
    {
        nint file = GetStdHandle(StandardError);
        uint written;
        if (file is not (0 or -1) && bytes != 0) _ = WriteFile(file, text, (uint)bytes, &written, null);
    }

    /// <summary>Ends the process at once as a failure that Windows Error Reporting sees (0xC0000602).</summary>
    public static void Abort()
    {
        RaiseFailFastException(null, null, 1);
        _ = TerminateProcess(-1, 3);   // should it ever return
    }

    static partial void CheckSystem();

    // The memory was there a moment ago; who else has taken it may give it back.
    private static bool TryPurge(byte* at, nuint bytes)
    {
        MemoryStatus status;
        status.Length = (uint)sizeof(MemoryStatus);
        if (GlobalMemoryStatusEx(&status) != 0 && status.Committable < bytes + SpareCommit) return false;
        if (VirtualFree(at, bytes, DecommitPages) == 0) return false;
        ulong start = 0;
        while (VirtualAlloc(at, bytes, CommitPages, ReadWrite) == null)
        {
            ulong time = Milliseconds();
            if (start == 0)
            {
                start = time;
            }
            else if (time - start > RecommitMilliseconds)
            {
                System.ReadOnlySpan<byte> line = "hakmem: out of memory: Windows has nothing to commit for memory that was given back\n"u8;
                fixed (byte* text = line) WriteError(text, (nuint)line.Length);
                Abort();
            }

            Sleep(1);
        }

        return true;
    }

    private static bool Query(byte* at, Region* region) => VirtualQuery(at, region, (nuint)sizeof(Region)) != 0 && region->Allocation != null;

    // How much of a range lies in the allocation that it begins in.
    private static nuint PartOf(byte* at, nuint bytes)
    {
        Region region;
        byte* allocation = null, place = at, end = at + bytes;
        while (place < end && Query(place, &region) && (allocation == null || region.Allocation == allocation))
        {
            allocation = region.Allocation;
            place = region.Start + region.Bytes;
        }

        return place < end ? (nuint)(place - at) : bytes;
    }

    // Under the gate.
    private static bool HoldsMemory(byte* allocation)
    {
        Region region;
        for (byte* place = allocation; Query(place, &region) && region.Allocation == allocation; place = region.Start + region.Bytes)
        {
            if (region.State == CommitPages) return true;
        }

        return false;
    }

    // Whether it lies in a range that Reserve made. Those beyond a page of them are taken for mappings, which costs the gate.
    private static bool IsReservation(byte* at)
    {
        Reservation* reservations = (Reservation*)Volatile.Read(ref s_reservations);
        if (reservations == null) return false;
        for (uint i = 0; i < MaxReservations && reservations[i].Start != null; i++)
        {
            if ((nuint)(at - reservations[i].Start) < Volatile.Read(ref reservations[i].Bytes)) return true;
        }

        return false;
    }

    private static void NoteReservation(byte* at, nuint bytes)
    {
        EnterGate();
        if (s_reservations == 0) Volatile.Write(ref s_reservations, (nint)Map(Chunk.OsPageBytes));
        if (s_reservations != 0 && s_reservationCount < MaxReservations)
        {
            Reservation* reservation = (Reservation*)s_reservations + s_reservationCount++;
            reservation->Bytes = bytes;
            reservation->Start = at;
        }

        ExitGate();
    }

    // Under the gate.
    private static void ForgetReservation(byte* at)
    {
        Reservation* reservations = (Reservation*)s_reservations;
        for (uint i = 0; i < s_reservationCount; i++)
        {
            if (reservations[i].Start == at) Volatile.Write(ref reservations[i].Bytes, 0);
        }
    }

    private static void EnterGate()
    {
        for (uint attempt = 0; Volatile.Read(ref s_gate) != 0 || Interlocked.CompareExchange(ref s_gate, 1, 0) != 0; attempt++) Wait(attempt);
    }

    private static void ExitGate() => Volatile.Write(ref s_gate, 0);
}
