using HakMem.Bench.Measuring;

namespace HakMem.Bench.Scenarios;

/// <summary>A scenario that is not timed: it runs once in a process of its own and looks at that process's memory.</summary>
internal abstract class MemoryStudyScenario(ScenarioDefinition definition, string variant, ScenarioParameters parameters)
    : ThreadedScenario(definition, variant, parameters)
{
    public override PassCost TimedPass<T>()
    {
        PassMeter meter = PassMeter.Start();
        _ = Study<T>();
        return meter.Stop();
    }
}
