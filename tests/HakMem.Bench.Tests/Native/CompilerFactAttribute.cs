using System;
using HakMem.Bench.Commands;
using HakMem.Bench.Native;
using Xunit;

namespace HakMem.Bench.Tests.Native;

/// <summary>A fact that is shown as skipped where there is no C compiler.</summary>
public sealed class CompilerFactAttribute : FactAttribute
{
    public CompilerFactAttribute()
    {
        try
        {
            NativeCompiler.Find(Environment.GetEnvironmentVariable("CC"), Environment.GetEnvironmentVariable("PATH") ?? "");
        }
        catch (BadInputException absence)
        {
            Skip = absence.Message;
        }
    }
}
