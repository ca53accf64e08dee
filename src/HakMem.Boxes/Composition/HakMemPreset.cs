namespace HakMem.Boxes;

/// <summary>Sets of boxes and constants that go together, as <see cref="IAllocatorConfig"/> lists them; what a declaration sets itself overrides them.</summary>
public enum HakMemPreset
{
    /// <summary>The defaults: what most programs want, and what <c>HakMemory</c> is.</summary>
    Balanced,

    /// <summary>
    /// The least memory: short fronts, nothing kept near, unused memory given back after a tenth of a second. For many small processes or rarely used
    /// allocators; of eight allocations that were not freed just before, one goes to a slab.
    /// </summary>
    Minimal,

    /// <summary>
    /// Time before memory: larger batches, more slabs and mappings kept near, unused memory given back after ten seconds. For servers that have their machine to themselves.
    /// </summary>
    Fast,

    /// <summary>The defaults with the diagnostics woven in, whatever the build's flavor: counters, locks, sizes, warm slabs, first touches of pages, and checks of every block that moves.</summary>
    Research,
}
