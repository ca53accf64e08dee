using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Emit;

/// <summary>Where the states lie, and the configuration that the boxes see.</summary>
internal sealed partial class CompositionWriter
{
    private void WriteLayout()
    {
        WriteLayout("/// <summary>Where the boxes' states lie in a heap: each begins a cache line.</summary>\nprivate static class HeapLayout",
            ContractNames.Heap.TrimEnd('*'), _composition.HeapLayout);
        WriteLayout("/// <summary>Where the boxes' states lie in the composition's own block.</summary>\nprivate static class SharedLayout",
            CompositionState.TrimEnd('*'), _composition.SharedLayout);
    }

    private void WriteLayout(string head, string first, EquatableArray<LayoutModel> states)
    {
        _code.Open(head);
        string end = Lines(first);
        foreach (LayoutModel state in states)
        {
            WriteOffset(state.Name, end);
            end = state.Type == "void" ? state.Name : $"{state.Name} + {Lines(state.Type)}";
        }

        WriteOffset("End", end);
        _code.Member($"{Inline}\nprivate static nuint Lines(nuint bytes) => (bytes + 63) & ~(nuint)63;");
        _code.Close();
    }

    private static string Lines(string type) => $"Lines((nuint)sizeof({type}))";

    private void WriteOffset(string name, string value) => _code.Member($$"""
        internal static nuint {{name}}
        {
            {{Inline}}
            get => {{value}};
        }
        """);

    private void WriteConfig()
    {
        _code.Open($"/// <summary>What the boxes see of this composition.</summary>\ninternal readonly struct Config : {ContractNames.Qualifier}IAllocatorConfig");
        WriteGroup(MemberKind.Option, member => $"public static {member.Member.Type} {member.Member.Name} => {member.Constant};");
        WriteGroup(MemberKind.Core, member => $"public static {member.Member.Type} {member.Member.Name} => {CoreValue(member.Member.Name)};");
        foreach (ConfigMemberModel member in Of(MemberKind.HeapState)) { WriteHeapState(member.Member.Type, member.Member.Name, member.Member.Parameters[0].Name, member.Offset); }

        foreach (WovenModel woven in _composition.Woven.Where(static woven => woven.HasState))
        {
            WriteHeapState($"{woven.Box}.{ContractNames.HeapState}*", woven.Name + "Of", "heap", woven.Name);
        }

        foreach (ConfigMemberModel member in Of(MemberKind.SharedState)) { WriteSharedState(member.Member.Type, member.Member.Name, member.Offset); }

        foreach (WovenModel woven in _composition.Woven.Where(static woven => woven.HasShared))
        {
            WriteSharedState($"{woven.Box}.{ContractNames.SharedState}*", woven.Name + "Shared", woven.Name);
        }

        foreach (ConfigMemberModel member in Of(MemberKind.Bound))
        {
            _code.Member($"{Inline}\n{Head(member.Member)} => {Statement(member.Calls[0])};");
        }

        foreach (ConfigMemberModel member in Of(MemberKind.JoinPoint).Where(static member => member.Calls.Count > 0)) { WriteJoinPoint(member); }

        WriteGroup(MemberKind.JoinPoint, member => member.Calls.Count == 0 ? $"{Head(member.Member)} {{ }}" : "");
        _code.Close();
    }

    private IEnumerable<ConfigMemberModel> Of(MemberKind kind) => _composition.Members.Where(member => member.Member.Kind == kind);

    /// <summary>Writes members of one kind on a line each.</summary>
    private void WriteGroup(MemberKind kind, System.Func<ConfigMemberModel, string> write)
    {
        string[] lines = [.. Of(kind).Select(write).Where(static line => line.Length > 0)];
        if (lines.Length > 0) { _code.Member(string.Join("\n", lines)); }
    }

    private void WriteHeapState(string type, string name, string heap, string offset) =>
        _code.Member($"{Inline}\npublic static {type} {name}({Heap} {heap}) => ({type})((byte*){heap} + HeapLayout.{offset});");

    private void WriteSharedState(string type, string name, string offset) => _code.Member($$"""
        public static {{type}} {{name}}
        {
            {{Inline}}
            get => ({{type}})((byte*)State.Composition + SharedLayout.{{offset}});
        }
        """);

    private void WriteJoinPoint(ConfigMemberModel member)
    {
        if (member.Calls.Count == 1)
        {
            _code.Member($"{Inline}\n{Head(member.Member)} => {Statement(member.Calls[0])};");
            return;
        }

        _code.Member($$"""
            {{Inline}}
            {{Head(member.Member)}}
            {
            {{string.Join("\n", member.Calls.Select(static call => $"    {Statement(call)};"))}}
            }
            """);
    }

    private static string Head(MemberModel member) =>
        $"public static {member.Type} {member.Name}({string.Join(", ", member.Parameters.Select(static parameter => parameter.Declaration))})";

    private static string Statement(CallModel call) => $"{Target(call)}({string.Join(", ", call.Arguments.Select(argument => Argument(call, argument)))})";

    private static string Argument(CallModel call, string argument) => argument switch
    {
        CallModel.OwnState => $"{call.StateOf}({call.HeapArgument})",
        CallModel.OwnShared => call.Shared,
        _ => argument,
    };

    private static string CoreValue(string member) => member switch
    {
        "HeapBytes" => "HeapLayout.End",
        "CompositionBytes" => "SharedLayout.End",
        _ => "State." + member,
    };
}
