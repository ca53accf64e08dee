using System;

namespace HakMem.Tests.Model;

/// <summary>The allocator did what the model does not allow.</summary>
public sealed class ModelViolationException(string message) : Exception(message);
