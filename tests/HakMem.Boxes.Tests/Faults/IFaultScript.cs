namespace HakMem.Boxes.Tests;

/// <summary>A program that goes on when memory is refused.</summary>
internal interface IFaultScript
{
    /// <summary>How many requests were refused.</summary>
    int Refused { get; }

    /// <summary>Runs. What is wrong is thrown.</summary>
    void Run();

    /// <summary>Gives up whatever it still has.</summary>
    void FreeAll();
}
