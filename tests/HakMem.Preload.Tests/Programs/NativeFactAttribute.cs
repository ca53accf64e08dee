using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>A fact that is shown as skipped where there is no library, no compiler or no tool.</summary>
public sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute(params NativeNeed[] needs) => Skip = NativeNeeds.Missing(needs);
}
