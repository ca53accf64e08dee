namespace HakMem.Faults;

internal static class MemoryScenario
{
    public static int Run(string scenario, string allocator) => scenario.Length + allocator.Length;
}
