namespace HakMem.Generators;

/// <summary>The names of the pipeline's steps, by which the tests ask why each one ran.</summary>
internal static class TrackingNames
{
    /// <summary>Every declaration with the places of its attribute.</summary>
    public const string Gathered = nameof(Gathered);

    /// <summary>Every declaration without places: unchanged when the code around it moves.</summary>
    public const string Declarations = nameof(Declarations);

    /// <summary>The names of files that differ only in case.</summary>
    public const string Alike = nameof(Alike);

    /// <summary>The configuration interface and the boxes it names.</summary>
    public const string Contract = nameof(Contract);

    /// <summary>The flavor and the single switches of the build.</summary>
    public const string Build = nameof(Build);

    /// <summary>What is written for each declaration.</summary>
    public const string Compositions = nameof(Compositions);

    /// <summary>What is reported for each declaration.</summary>
    public const string Problems = nameof(Problems);

    /// <summary>Every pool with the places of its attribute.</summary>
    public const string GatheredPools = nameof(GatheredPools);

    /// <summary>Every pool without places.</summary>
    public const string Pools = nameof(Pools);

    /// <summary>The names of pools' files that differ only in case.</summary>
    public const string AlikePools = nameof(AlikePools);

    /// <summary>What is reported for each pool.</summary>
    public const string PoolProblems = nameof(PoolProblems);
}
