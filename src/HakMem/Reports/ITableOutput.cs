using System;

namespace HakMem;

/// <summary>Where lines of tables go.</summary>
internal interface ITableOutput
{
    /// <summary>Writes a line.</summary>
    /// <param name="text">UTF-8, without a line's end; valid during the call.</param>
    void WriteLine(ReadOnlySpan<byte> text);
}
