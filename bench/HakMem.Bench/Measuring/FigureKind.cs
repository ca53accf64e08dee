namespace HakMem.Bench.Measuring;

/// <summary>A number of a memory study: its name in the JSON, where it is in plain units, and its column.</summary>
/// <param name="Name">Its name in the JSON; it ends in the unit.</param>
/// <param name="Header">The head of its column.</param>
/// <param name="ColumnScale">What the number is multiplied by for its column.</param>
internal sealed record FigureKind(string Name, string Header, double ColumnScale = 1)
{
    private const double Mebi = 1.0 / (1024 * 1024);

    public static FigureKind Mebibytes(string name, string header) => new(name, header + "\nMiB", Mebi);
}
