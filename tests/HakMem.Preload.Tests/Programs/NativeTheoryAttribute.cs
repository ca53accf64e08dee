using Xunit;

namespace HakMem.Preload.Tests.Programs;

/// <summary>A theory that is shown as skipped where there is no library, no compiler or no tool.</summary>
public sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute(params NativeNeed[] needs) => Skip = NativeNeeds.Missing(needs);
}
