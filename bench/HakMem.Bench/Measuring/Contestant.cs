using System.Collections.Generic;
using System.Linq;
using HakMem.Bench.Allocators;

namespace HakMem.Bench.Measuring;

/// <summary>An allocator in a run. Named twice it is two contestants, whose difference is noise.</summary>
internal sealed record Contestant(string Label, AllocatorEntry Entry)
{
    public bool IsFloor => Entry.Name == AllocatorCatalog.FloorName;

    /// <summary>Labels repeated names <c>name#2</c>, <c>name#3</c> …, and adds the floor if it was not asked for.</summary>
    public static IReadOnlyList<Contestant> From(IEnumerable<AllocatorEntry> entries)
    {
        var contestants = new List<Contestant>();
        foreach (AllocatorEntry entry in entries)
        {
            int before = contestants.Count(contestant => contestant.Entry == entry);
            contestants.Add(new Contestant(before == 0 ? entry.Name : $"{entry.Name}#{before + 1}", entry));
        }

        if (!contestants.Any(contestant => contestant.IsFloor))
            contestants.Add(new Contestant(AllocatorCatalog.FloorName, AllocatorCatalog.Floor));
        return contestants;
    }
}
