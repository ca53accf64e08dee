using System;

namespace HakMem.Bench.Commands;

/// <summary>What the user asked for cannot be done; the message says what would be possible.</summary>
internal sealed class BadInputException(string message) : Exception(message);
