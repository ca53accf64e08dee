using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;
using Microsoft.CodeAnalysis;

namespace HakMem.Generators.Gather;

/// <summary>Joins a declaration, the contract and the build into what is written, finding what does not fit on the way.</summary>
internal sealed partial class Composer
{
    private readonly DeclarationModel _declaration;
    private readonly ContractModel _contract;
    private readonly BuildModel _build;
    private readonly List<ProblemModel> _problems;
    private readonly List<SlotModel> _slots = [];
    private readonly PresetModel[] _preset;
    private readonly List<BoxModel> _woven;
    private readonly HashSet<string> _unfit = [];

    private Composer(DeclarationModel declaration, ContractModel contract, BuildModel build)
    {
        _declaration = declaration;
        _contract = contract;
        _build = build;
        _problems = [.. declaration.Problems];
        _preset = [.. contract.Presets.Where(set => set.Preset == declaration.Preset)];
        if (!build.IsTold) { _problems.Add(ProblemModel.Create(Rules.FlavorNotTold, "", declaration.Name.TrimStart('@')) with { Stops = false }); }

        ChooseSlots();
        _woven = ChooseWoven();
        CheckPreset();
        CheckTraits();
        CheckStates();
        CheckJoinPoints();
        CheckMembers();
    }

    public static CompositionModel Compose(DeclarationModel declaration, ContractModel? contract, BuildModel build)
    {
        if (contract is not null) { return new Composer(declaration, contract, build).Build(); }

        ProblemModel problem = ProblemModel.Create(Rules.UnknownMember, "", ContractNames.ConfigInterface, "the referenced assemblies have no such interface");
        return new Composer(declaration, ContractModel.Missing, build).Build() with { Problems = new[] { problem }.ToEquatableArray() };
    }

    private CompositionModel Build() => new(
        _declaration,
        _build.Flavor,
        _slots.Select(static slot => new ChosenModel(slot.Slot, slot.Box.FullName)).ToEquatableArray(),
        _woven.Select(Woven).ToEquatableArray(),
        _contract.Members.Select(Compose).ToEquatableArray(),
        HeapLayout().ToEquatableArray(),
        SharedLayout().ToEquatableArray(),
        OwnCalls().ToEquatableArray(),
        _contract.Types,
        Causes().Distinct().ToEquatableArray());

    /// <summary>What a box lacks for its slot is told only where nothing else says that it is none for it: else one mistake is a page of messages.</summary>
    private IEnumerable<ProblemModel> Causes()
    {
        HashSet<string> wrong = [.. _unfit, .. _problems.Where(static problem => problem.Id == Rules.NotABox.Id).Select(static problem => problem.Argument)];
        return _problems.Where(problem => problem.Id != Rules.MissingMember.Id || !wrong.Contains(problem.Argument));
    }

    private void Report(DiagnosticDescriptor rule, string argument, params string[] parts) =>
        _problems.Add(ProblemModel.Create(rule, argument, parts));

    private void ChooseSlots()
    {
        foreach (SlotRuleModel standard in _contract.Defaults)
        {
            BoxModel box = _declaration.Boxes.FirstOrDefault(chosen => chosen.Slot == standard.Slot)?.Box
                ?? _preset.FirstOrDefault(set => set.Member == standard.Slot)?.Box
                ?? standard.Box;
            if (!box.IsStatic || box.Layer.Length == 0)
            {
                Report(Rules.NotABox, standard.Slot, box.DisplayName, standard.Slot, "it is not a static class marked [Box]");
            }
            else if (box.IsWoven)
            {
                Report(Rules.NotABox, standard.Slot, box.DisplayName, standard.Slot, "diagnostics and guards are woven in at join points and fill no slot");
            }

            _slots.Add(new SlotModel(standard.Slot, box));
        }
    }

    private List<BoxModel> ChooseWoven()
    {
        foreach (BoxModel box in _declaration.Woven.Where(static box => !box.IsStatic || !box.IsWoven))
        {
            Report(Rules.NotABox, ContractNames.Diagnostics, box.DisplayName, ContractNames.Diagnostics, "it is not a static class marked as a box of the layers Diagnostics or Guards");
        }

        return [.. _contract.Woven.Where(_build.Enables)
            .Concat(_preset.Where(static set => set.Member == ContractNames.Diagnostics).Select(static set => set.Box).OfType<BoxModel>().Where(static box => box.IsWoven))
            .Concat(_declaration.Woven.Where(static box => box.IsStatic && box.IsWoven))
            .GroupBy(static box => box.FullName)
            .Select(static group => group.First())
            .OrderBy(static box => box.Order)
            .ThenBy(static box => box.Name, StringComparer.Ordinal)
            .ThenBy(static box => box.FullName, StringComparer.Ordinal)];
    }

    private void CheckMembers()
    {
        string type = _declaration.Name.TrimStart('@');
        IEnumerable<string> written = WrittenMembers.Always
            .Concat(_declaration.Isolated ? [WrittenMembers.Reset] : [])
            .Concat(_woven.Select(Woven).Where(static woven => woven.IsRead).Select(static woven => WrittenMembers.ReadOf(woven.Name)));
        foreach (string why in written.Select(member => WrittenMembers.Clash(member, type, _declaration.Members)).OfType<string>().Distinct())
        {
            Report(Rules.NotStaticPartial, ProblemModel.OfClass, type, why);
        }
    }

    private BoxModel? BoxOf(string slot) => _slots.FirstOrDefault(candidate => candidate.Slot == slot)?.Box;

    private string NameOf(BoxModel box) =>
        _woven.Count(other => other.Name == box.Name) == 1 ? box.Name : box.DisplayName.Replace('.', '_');

    private WovenModel Woven(BoxModel box) => new(
        NameOf(box), box.FullName, box.IsPublic, box.HasHeapState, box.HasSharedState, box.NumbersType,
        box.HasHeapState
            ? Reading(box, "Accumulate", box.HeapStateType, withHeap: false) ?? Reading(box, "Accumulate", box.HeapStateType, withHeap: true)
            : null,
        box.HasSharedState && (box.HasTotals || box.HasHeapState) ? Reading(box, "AccumulateShared", box.SharedStateType, withHeap: false) : null);

    /// <summary>The call that adds a state of a box to what reading the box gives; null when the box has no such method.</summary>
    private static CallModel? Reading(BoxModel box, string name, string state, bool withHeap)
    {
        List<ParameterModel> parameters = [new("", box.NumbersType + "*", "into"), new("", state + "*", "from")];
        if (withHeap) { parameters.Add(new ParameterModel("", ContractNames.Heap, "heap")); }

        return box.Find(name, "void", parameters.ToEquatableArray()) is { } method
            ? new CallModel(box.FullName, method.Name, method.TypeParameters == 1, parameters.Select(static parameter => parameter.Name).ToEquatableArray())
            : null;
    }
}
