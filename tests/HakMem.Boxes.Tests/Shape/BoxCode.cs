using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;

namespace HakMem.Boxes.Tests;

/// <summary>One instruction of a method's IL with the member it names, if it names one.</summary>
internal readonly record struct Instruction(MethodBase Method, OpCode Code, MemberInfo? Member)
{
    public override string ToString() => $"{Method.DeclaringType?.Name}.{Method.Name}: {Code} {Member?.DeclaringType?.Name}.{Member?.Name}";
}

/// <summary>Reads the IL of boxes: every type with methods that is no attribute, interface or enum.</summary>
internal static class BoxCode
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<ushort, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => (ushort)code.Value);

    public static IEnumerable<Type> Types(Assembly assembly) =>
        assembly.GetTypes().Where(static type => !type.IsInterface && !type.IsEnum && !type.IsSubclassOf(typeof(Attribute)) && type.Namespace == typeof(Slab).Namespace);

    public static IEnumerable<Instruction> Of(Type type) => type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)).SelectMany(Of);

    /// <summary>The box that a member belongs to, a nested type's included; null when it is none.</summary>
    public static Type? BoxOf(Type? type)
    {
        for (; type != null; type = type.DeclaringType)
        {
            if (type.GetCustomAttribute<BoxAttribute>() != null) return type;
        }

        return null;
    }

    private static IEnumerable<Instruction> Of(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < il.Length;)
        {
            ushort value = il[at++];
            if (value == 0xFE) value = (ushort)((value << 8) | il[at++]);
            OpCode code = s_codes[value];
            MemberInfo? member = null;
            switch (code.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    member = Resolve(method, BitConverter.ToInt32(il, at));
                    break;
                case OperandType.InlineSwitch:
                    at += 4 * BitConverter.ToInt32(il, at);
                    break;
            }

            at += SizeOf(code.OperandType);
            yield return new Instruction(method, code, member);
        }
    }

    private static MemberInfo? Resolve(MethodBase method, int token) => method.Module.ResolveMember(
        token,
        method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null,
        method.IsGenericMethod ? method.GetGenericArguments() : null);

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
