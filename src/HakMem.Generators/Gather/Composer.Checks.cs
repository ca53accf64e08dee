using System;
using System.Collections.Generic;
using System.Linq;
using HakMem.Generators.Model;

namespace HakMem.Generators.Gather;

/// <summary>Whether the chosen boxes go with their slots and with each other.</summary>
internal sealed partial class Composer
{
    /// <summary>A preset that names nothing known is the contract's fault, not the declaration's.</summary>
    private void CheckPreset()
    {
        foreach (PresetModel set in _preset)
        {
            bool known = set.Box is null
                ? _contract.Members.Any(member => member.Kind == MemberKind.Option && member.Name == set.Member)
                : set.Member == ContractNames.Diagnostics || _contract.Defaults.Any(slot => slot.Slot == set.Member);
            if (!known) { Report(Rules.UnknownMember, ContractNames.Preset, set.Member, $"the preset '{set.Preset}' sets it, and there is no such option or slot"); }
        }
    }

    private void CheckTraits()
    {
        foreach (SlotRuleModel rule in _contract.Defaults)
        {
            if (BoxOf(rule.Slot) is not { Layer.Length: > 0, IsStatic: true, IsWoven: false } box) { continue; }

            if (box.Height > rule.Box.Height) { Unfit(box, rule.Slot, $"it is of the layer {box.Layer}, and the slot is called from {rule.Box.Layer} upwards"); }

            foreach (string trait in rule.Requires.Where(trait => !box.Traits.Contains(trait))) { Unfit(box, rule.Slot, $"the slot requires {trait}, which the box does not publish"); }

            foreach (string trait in rule.Excludes.Where(trait => box.Traits.Contains(trait))) { Unfit(box, rule.Slot, $"the slot excludes {trait}, which the box publishes"); }
        }

        CheckPairs();
    }

    private void CheckPairs()
    {
        List<SlotModel> all = [.. _slots, .. _woven.Select(static box => new SlotModel(ContractNames.Diagnostics, box))];
        foreach (SlotModel wary in all.Where(static member => member.Box.Excludes.Count > 0))
        {
            foreach (SlotModel other in all.Where(other => other.Box != wary.Box))
            {
                foreach (string trait in wary.Box.Excludes.Where(trait => other.Box.Traits.Contains(trait)))
                {
                    // At the choice that the user made: the other box's slot, unless it is as the contract has it.
                    bool chosen = _declaration.Boxes.Any(box => box.Slot == other.Slot);
                    Report(Rules.UnfitBox, chosen ? other.Slot : wary.Slot, other.Box.DisplayName, other.Slot, $"'{wary.Box.DisplayName}' excludes {trait}, which the box publishes");
                }
            }
        }
    }

    /// <summary>A state that the contract gives a type is read by other boxes; only one behind <c>void*</c> is the box's own affair.</summary>
    private void CheckStates()
    {
        foreach (SlotModel chosen in _slots.Concat(_woven.Select(static box => new SlotModel(ContractNames.Diagnostics, box))))
        {
            foreach (UnusableModel state in chosen.Box.BadStates)
            {
                Report(Rules.BadState, chosen.Slot, chosen.Box.DisplayName + "." + state.Name, state.Why);
                _ = _unfit.Add(chosen.Slot);
            }
        }

        foreach (MemberModel state in _contract.Members.Where(static member => member.Kind is MemberKind.HeapState or MemberKind.SharedState && member.Type != "void*"))
        {
            if (BoxOf(state.Slot) is not { } box) { continue; }

            string nested = state.Kind == MemberKind.HeapState ? ContractNames.HeapState : ContractNames.SharedState;
            bool has = state.Kind == MemberKind.HeapState ? box.HasHeapState : box.HasSharedState;
            if (has && state.Type != $"{box.FullName}.{nested}*" && _contract.Defaults.First(slot => slot.Slot == state.Slot).Box != box)
            {
                Report(Rules.ForeignState, state.Slot, box.DisplayName, state.Slot, nested, state.Name, Readable(state.Type));
            }
        }
    }

    private void Unfit(BoxModel box, string slot, string why)
    {
        Report(Rules.UnfitBox, slot, box.DisplayName, slot, why);
        _ = _unfit.Add(slot);
    }

    /// <summary>A method that nobody calls gives no sign of it: its numbers stay 0.</summary>
    private void CheckJoinPoints()
    {
        string[] known = [.. _contract.Members.Where(static member => member.Kind == MemberKind.JoinPoint).Select(static member => member.Name)];
        foreach (BoxModel box in _woven)
        {
            bool told = false;
            foreach (string name in box.Methods.Select(static method => method.Name).Distinct().Where(static name => name.Length > 2 && name.StartsWith("On", StringComparison.Ordinal) && char.IsUpper(name[2])))
            {
                if (known.Contains(name)) { continue; }

                string near = known.OrderBy(other => Distance(name, other)).FirstOrDefault(other => Distance(name, other) <= 3) is { } meant ? $"; did you mean '{meant}'?" : "";
                NeverCalled(box.DisplayName + "." + name, $"there is no join point '{name}'{near}");
                told = true;
            }

            bool called = box.Methods.Any(method => method.TypeParameters <= 1 && known.Contains(method.Name));
            foreach (UnusableModel method in box.Uncallable.Where(method => known.Contains(method.Name) && !box.Methods.Any(other => other.TypeParameters <= 1 && other.Name == method.Name)))
            {
                NeverCalled(box.DisplayName + "." + method.Name, $"it {method.Why}");
                told = true;
            }

            if (!called && !told) { NeverCalled(box.DisplayName, "it has no method for any join point"); }
        }
    }

    private void NeverCalled(string what, string why) =>
        _problems.Add(ProblemModel.Create(Rules.NoJoinPoint, ContractNames.Diagnostics, what, why) with { Stops = false });

    /// <summary>How many letters are to be changed, added or taken away to come from one name to the other (Levenshtein), in either case.</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int same = diagonal + (char.ToUpperInvariant(from[i - 1]) == char.ToUpperInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(same, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[to.Length];
    }
}
