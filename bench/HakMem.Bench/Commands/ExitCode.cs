namespace HakMem.Bench.Commands;

internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A row is an error: an allocator failed its check, its proof or its run.</summary>
    public const int RowFailed = 1;

    /// <summary>The command line or an input file cannot be used.</summary>
    public const int BadInput = 2;
}
