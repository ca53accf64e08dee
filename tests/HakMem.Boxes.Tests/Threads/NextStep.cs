using System;

namespace HakMem.Boxes.Tests;

/// <summary>A diagnostics box that does something of a test's at the calling thread's next step of a protocol: what another thread might do there.</summary>
[Box(BoxLayer.Diagnostics)]
internal static unsafe class NextStep
{
    [ThreadStatic] private static Action? t_action;

    /// <summary>Does this at the next step, once.</summary>
    public static void Do(Action action) => t_action = action;

    public static void OnSharedStep()
    {
        Action? action = t_action;
        t_action = null;
        action?.Invoke();
    }
}
