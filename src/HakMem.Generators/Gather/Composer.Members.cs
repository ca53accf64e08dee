using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Gather;

/// <summary>How each member of the configuration is answered.</summary>
internal sealed partial class Composer
{
    /// <summary>
    /// The slots whose states come last in a heap, so that all others share the pages of the heap's core: the front's, of which the beginning is touched with the first block and the rest late or never, and that of remote frees, which many
    /// threads never touch.
    /// </summary>
    private static readonly string[] LastStates = ["Front", "RemoteFree"];

    private ConfigMemberModel Compose(MemberModel member)
    {
        switch (member.Kind)
        {
            case MemberKind.Option:
                return Plain(member) with { Constant = ConstantOf(member, member.Option!) };
            case MemberKind.Bound:
                return Plain(member) with { Calls = BoundCall(member) };
            case MemberKind.HeapState or MemberKind.SharedState:
                return Plain(member) with { Offset = OffsetName(member) };
            case MemberKind.JoinPoint:
                return Plain(member) with { Calls = _woven.Select(box => WovenCall(member, box)).OfType<CallModel>().ToEquatableArray() };
            case MemberKind.Core:
                return Plain(member);
            default:
                Report(Rules.UnknownMember, "", member.Name, member.Problem);
                return Plain(member);
        }
    }

    private static ConfigMemberModel Plain(MemberModel member) => new(member, "", "", EquatableArray<CallModel>.Empty);

    private string ConstantOf(MemberModel member, OptionModel option)
    {
        ArgumentModel? declared = _declaration.Arguments.FirstOrDefault(argument => argument.Name == member.Name);
        ArgumentModel? given = declared
            ?? _preset.Where(set => set.Member == member.Name).Select(static set => new ArgumentModel(set.Member, set.Value)).FirstOrDefault()
            ?? _build.Numbers.FirstOrDefault(number => number.Name == option.Switch);
        long value = given?.Value ?? option.Default;
        if (!option.Accepts(value))
        {
            // The default is written instead, so that this finding comes alone.
            _problems.Add(ProblemModel.Create(Rules.OptionOutOfRange, member.Name, given?.Name ?? member.Name, value.ToString(), option.Range) with { Stops = false });
            value = option.Default;
        }

        return member.Type == "bool" ? (value != 0 ? "true" : "false") : value.ToString();
    }

    private EquatableArray<CallModel> BoundCall(MemberModel member)
    {
        if (BoxOf(member.Slot) is not { } box)
        {
            Report(Rules.UnknownMember, "", member.Name, $"there is no slot '{member.Slot}'");
            return EquatableArray<CallModel>.Empty;
        }

        if (box.Find(member.Method, member.Type, member.Parameters) is not { } method)
        {
            ReportMissing(box, member.Slot, member.Method, Signature(member.Method, member.Type, member.Parameters));
            return EquatableArray<CallModel>.Empty;
        }

        CallModel call = new(box.FullName, method.Name, method.TypeParameters == 1, member.Parameters.Select(static parameter => parameter.Argument).ToEquatableArray());
        return new[] { call }.ToEquatableArray();
    }

    /// <summary>The call of a box at a join point; null when the box has no method for it.</summary>
    private CallModel? WovenCall(MemberModel member, BoxModel box)
    {
        MethodModel? method = box.Methods.FirstOrDefault(candidate => candidate.Name == member.Name && candidate.TypeParameters <= 1);
        if (method is null) { return null; }

        List<string> arguments = [];
        string heap = member.Parameters.FirstOrDefault(static parameter => parameter.Type == ContractNames.Heap)?.Name ?? "";
        foreach (ParameterModel parameter in method.Parameters)
        {
            if (arguments.Count == 0 && heap.Length > 0 && box.HasHeapState && parameter.Type == box.HeapStateType + "*" && parameter.Modifier.Length == 0)
            {
                arguments.Add(CallModel.OwnState);
            }
            else if (arguments.All(static before => before == CallModel.OwnState) && box.HasSharedState && parameter.Type == box.SharedStateType + "*" && parameter.Modifier.Length == 0)
            {
                arguments.Add(CallModel.OwnShared);
            }
            else if (member.Parameters.Any(supplied => supplied.Name == parameter.Name && supplied.SameShape(parameter)))
            {
                arguments.Add(parameter.Name);
            }
            else
            {
                Report(Rules.MissingArgument, ContractNames.Diagnostics, box.DisplayName + "." + method.Name, member.Name, Readable(parameter.Declaration));
                return null;
            }
        }

        return new CallModel(box.FullName, method.Name, method.TypeParameters == 1, arguments.ToEquatableArray(), NameOf(box) + "Of", heap, NameOf(box) + "Shared");
    }

    private LayoutModel[] HeapLayout()
    {
        MemberModel[] states = [.. _contract.Members.Where(static member => member.Kind == MemberKind.HeapState)];
        return
        [
            .. states.Where(static state => !LastStates.Contains(state.Slot)).Select(state => Layout(state)),
            .. _woven.Where(static box => box.HasHeapState).Select(box => new LayoutModel(NameOf(box), box.HeapStateType)),
            .. LastStates.SelectMany(slot => states.Where(state => state.Slot == slot)).Select(state => Layout(state)),
        ];
    }

    private LayoutModel[] SharedLayout() =>
    [
        .. _contract.Members.Where(static member => member.Kind == MemberKind.SharedState).Select(state => Layout(state)),
        .. _woven.Where(static box => box.HasSharedState).Select(box => new LayoutModel(NameOf(box), box.SharedStateType)),
    ];

    /// <summary>The place of a slot's state: the chosen box's own struct, else the one the interface names; where that is <c>void</c>, the state is nothing.</summary>
    private LayoutModel Layout(MemberModel member)
    {
        bool ofHeap = member.Kind == MemberKind.HeapState;
        string type = BoxOf(member.Slot) switch
        {
            { HasHeapState: true } box when ofHeap => box.HeapStateType,
            { HasSharedState: true } box when !ofHeap => box.SharedStateType,
            _ => member.Type.TrimEnd('*'),
        };
        return new LayoutModel(OffsetName(member), type);
    }

    /// <summary>The slot names the offset; where a slot has several states, the member does.</summary>
    private string OffsetName(MemberModel member) =>
        _contract.Members.Count(other => other.Kind == member.Kind && other.Slot == member.Slot) == 1 ? member.Slot : member.Name;

    private void ReportMissing(BoxModel box, string slot, string method, string signature) => Report(
        Rules.MissingMember, slot, box.DisplayName, slot, signature,
        box.Uncallable.FirstOrDefault(other => other.Name == method) is { } hidden ? $"; its method '{method}' {hidden.Why}"
        : box.Named(method) is { } near ? $"; its '{Signature(near.Name, near.ReturnType, near.Parameters)}' has another shape" : "");

    private static string Signature(string name, string returnType, EquatableArray<ParameterModel> parameters) =>
        Readable($"{returnType} {name}({string.Join(", ", parameters.Select(static parameter => parameter.Declaration))})");

    private static string Readable(string code) => code.Replace(ContractNames.Qualifier, "").Replace("global::", "");
}
