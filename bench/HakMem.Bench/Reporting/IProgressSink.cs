namespace HakMem.Bench.Reporting;

/// <summary>Where long work says how far it is. Calls come between timed passes, never during one.</summary>
internal interface IProgressSink
{
    void Begin(string title, int steps);

    void Step(string what);

    void End();
}
