namespace HakMem.Preload.Tests.Programs;

/// <summary>How a native program ended. A signal is 128 + its number, as in a shell.</summary>
internal sealed record NativeResult(int ExitCode, string Output, string Error)
{
    public const int Aborted = 128 + 6;

    public override string ToString() => $"exit code {ExitCode}\n{Output}{Error}";
}
