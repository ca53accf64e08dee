using System.Linq;

namespace HakMem.Generators.Model;

/// <summary>A struct marked as pooled.</summary>
/// <param name="Namespace">The namespace; empty for the global one.</param>
/// <param name="Containers">The headers of the types around it and its own, from the outside in.</param>
/// <param name="Type">The struct as it is named inside itself, with its type parameters.</param>
/// <param name="FullName">Namespace, types around it and struct, with dots, for people.</param>
/// <param name="FileName">The name of the file that is written.</param>
/// <param name="Allocator">The allocator, with <c>global::</c>.</param>
/// <param name="Capacity">How many values a reservation makes room for; 0 when none was given.</param>
/// <param name="Zeroed">Whether values are zeroed.</param>
/// <param name="Alignment">The alignment in bytes.</param>
/// <param name="HiddenNames">Full type names whose simple names mean something else here.</param>
/// <param name="Problems">What keeps it from being written.</param>
internal sealed record PoolModel(
    string Namespace,
    EquatableArray<string> Containers,
    string Type,
    string FullName,
    string FileName,
    string Allocator,
    long Capacity,
    bool Zeroed,
    long Alignment,
    EquatableArray<string> HiddenNames,
    EquatableArray<ProblemModel> Problems)
{
    public bool CanBeWritten => !Problems.Any(static problem => problem.Stops);

    /// <summary>Whether the struct can have a second part with a pool in it at all.</summary>
    public bool CanBeDeclared => Problems.All(static problem => !problem.Stops || problem.Id == Rules.NoPoolAllocator.Id);
}

/// <summary>A pool with the places at which its problems are reported.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Places">The places.</param>
/// <param name="IsFirst">Whether no other part of the struct is marked before this one.</param>
internal sealed record GatheredPoolModel(PoolModel Pool, PlacesModel Places, bool IsFirst);
