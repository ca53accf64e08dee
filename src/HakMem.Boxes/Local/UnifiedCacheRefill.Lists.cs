namespace HakMem.Boxes;

/// <content>The lists of a bin's slabs, linked through their headers. Under the heap's lock.</content>
public static unsafe partial class UnifiedCacheRefill
{
    private static void Link(Bin* bin, Slab* slab, SlabPlace place)
    {
        slab->Place = place;
        slab->Hint = 0;   // where it is set again is looked at only in a current slab
        Push(Head(bin, place), slab);
    }

    private static void Push(Slab** head, Slab* slab)
    {
        slab->Previous = null;
        slab->Next = *head;
        if (*head != null) (*head)->Previous = slab;
        *head = slab;
    }

    private static void Remove(Slab** head, Slab* slab)
    {
        if (slab->Previous != null) slab->Previous->Next = slab->Next;
        else *head = slab->Next;
        if (slab->Next != null) slab->Next->Previous = slab->Previous;
    }

    private static void Relink(Bin* bin, Slab* slab, SlabPlace place)
    {
        Unlink(bin, slab);
        Link(bin, slab, place);
    }

    private static void Unlink(Bin* bin, Slab* slab)
    {
        if (bin->Empty == slab) bin->Empty = null;
        if (slab->Place == SlabPlace.Current)
        {
            bin->Current = null;
        }
        else if (slab->Place is SlabPlace.Partial or SlabPlace.Sparse)
        {
            Remove(Head(bin, slab->Place), slab);
        }

        slab->Place = SlabPlace.Adrift;
    }

    private static Slab** Head(Bin* bin, SlabPlace place) => place == SlabPlace.Partial ? &bin->Partial : &bin->Sparse;
}
