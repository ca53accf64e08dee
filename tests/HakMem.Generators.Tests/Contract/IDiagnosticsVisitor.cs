namespace HakMem.Boxes;

public unsafe interface IDiagnosticsVisitor
{
    void Visit<TNumbers>(TNumbers* numbers) where TNumbers : unmanaged;
}
