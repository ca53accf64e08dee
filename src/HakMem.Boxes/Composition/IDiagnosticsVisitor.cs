namespace HakMem.Boxes;

/// <summary>Receives the numbers of the diagnostics boxes that a composition has.</summary>
public unsafe interface IDiagnosticsVisitor
{
    /// <summary>The numbers of one box.</summary>
    /// <typeparam name="TNumbers">The box's totals, or the sum of its states in all heaps when it has no totals.</typeparam>
    /// <param name="numbers">The numbers; valid during the call.</param>
    void Visit<TNumbers>(TNumbers* numbers)
        where TNumbers : unmanaged;
}
