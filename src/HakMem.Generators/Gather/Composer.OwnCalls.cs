using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Gather;

/// <summary>The calls that the emitted methods make, each checked against the box chosen for its slot.</summary>
internal sealed partial class Composer
{
    private static readonly (string Slot, string Signature)[] Always =
    [
        ("AllocGate", "bool TryClassify(ThreadHeap* heap, nuint size, out uint sizeClass)"),
        ("AllocGate", "void* AllocSlow(ThreadHeap* heap, nuint size)"),
        ("AllocGate", "void* AllocZeroed(ThreadHeap* heap, nuint size)"),
        ("AllocGate", "void* AllocAligned(ThreadHeap* heap, nuint size, nuint alignment)"),
        ("AllocGate", "uint AllocBatch(ThreadHeap* heap, nuint size, void** blocks, uint count)"),
        ("Front", "bool TryPop(ThreadHeap* heap, uint sizeClass, out void* block)"),
        ("Front", "bool TryPush(ThreadHeap* heap, uint sizeClass, void* block)"),
        ("FreeGate", "bool TryOwn(ThreadHeap* heap, void* block, out uint sizeClass)"),
        ("FreeGate", "void FreeSlow(ThreadHeap* heap, void* block)"),
        ("FreeGate", "void FreeBatch(ThreadHeap* heap, void** blocks, uint count)"),
        ("FreeGate", "nuint UsableSize(void* block)"),
        ("RemoteFree", "bool TryCombine(ThreadHeap* heap, void* block)"),
        ("ReallocGate", "void* Realloc(ThreadHeap* heap, void* block, nuint size, nuint alignment)"),
        ("HeapRegistry", "ThreadHeap* Attach()"),
        ("HeapRegistry", "Composition* Open(SpaceState* space)"),
        ("HeapRegistry", "void Trim(ThreadHeap* heap)"),
        ("HeapRegistry", "void ReadStatistics(ThreadHeap* heap, AllocatorStatistics* statistics)"),
    ];

    private static readonly (string Slot, string Signature)[] WhenShared =
    [
        ("AddressSpace", "SpaceState* Open()"),
        ("ThreadStacks", "byte* Open(SpaceState* space)"),
        ("ThreadStacks", "bool TryFind(out ThreadHeap* heap)"),
        ("ThreadStacks", "void Enter(ThreadHeap* heap)"),
        ("ThreadStacks", "void Note(ThreadHeap* heap)"),
    ];

    private static readonly (string Slot, string Signature)[] WhenIsolated =
        [("AddressSpace", "SpaceState* Create()"), ("AddressSpace", "void Destroy(SpaceState* space)"), ("Host", "void Stop()")];

    private static readonly (string Slot, string Signature)[] WhenRead = [("HeapRegistry", "ThreadHeap* First()")];

    private OwnCallModel[] OwnCalls()
    {
        IEnumerable<(string Slot, string Signature)> needed = Always.Concat(_declaration.Isolated ? WhenIsolated : WhenShared);
        if (_woven.Any(static box => box.HasHeapState)) { needed = needed.Concat(WhenRead); }

        return [.. needed.Select(call => OwnCall(call.Slot, call.Signature)).OfType<OwnCallModel>()];
    }

    private OwnCallModel? OwnCall(string slot, string signature)
    {
        if (BoxOf(slot) is not { } box)
        {
            Report(Rules.UnknownMember, "", slot, "every composition needs this slot");
            return null;
        }

        int open = signature.IndexOf('(');
        (string returnType, string name) = Split(signature.Substring(0, open));
        EquatableArray<ParameterModel> parameters = signature.Substring(open + 1).TrimEnd(')')
            .Split([", "], System.StringSplitOptions.RemoveEmptyEntries)
            .Select(static parameter => Parameter(parameter))
            .ToEquatableArray();
        if (box.Find(name, Qualified(returnType), parameters) is not { } method)
        {
            ReportMissing(box, slot, name, signature);
            return null;
        }

        return new OwnCallModel(slot, new CallModel(box.FullName, name, method.TypeParameters == 1, EquatableArray<string>.Empty));
    }

    private static ParameterModel Parameter(string declaration)
    {
        (string type, string name) = Split(declaration);
        return type.StartsWith("out ", System.StringComparison.Ordinal)
            ? new ParameterModel("out ", Qualified(type.Substring(4)), name)
            : new ParameterModel("", Qualified(type), name);
    }

    private static (string Left, string Right) Split(string text)
    {
        int space = text.LastIndexOf(' ');
        return (text.Substring(0, space), text.Substring(space + 1));
    }

    /// <summary>The types of the contract begin with a capital, those of the language do not.</summary>
    private static string Qualified(string type) => char.IsUpper(type[0]) ? ContractNames.Qualifier + type : type;
}
