using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using HakMem.Preload.Tests.Programs;

namespace HakMem.Preload.Tests.Shape;

/// <summary>The machine code of the library's functions, by binutils.</summary>
internal static class Disassembly
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    /// <summary>One instruction: its mnemonic and operands, without address and comment.</summary>
    internal sealed record Instruction(string Mnemonic, string Operands)
    {
        public override string ToString() => $"{Mnemonic} {Operands}".TrimEnd();
    }

    /// <summary>The instructions of a hit: from the entry straight on to the return, no branch taken.</summary>
    public static IReadOnlyList<Instruction> HitPath(string symbol)
    {
        List<Instruction> path = [];
        foreach (Instruction instruction in From(symbol))
        {
            path.Add(instruction);
            if (instruction.Mnemonic is "ret" or "jmp") return path;
        }

        throw new InvalidOperationException($"{symbol} does not end.");
    }

    public static string Run(string tool, params string[] arguments)
    {
        NativeResult result = NativeProcess.Run(tool, arguments, [], s_patience);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{tool}: {result}");
    }

    private static IEnumerable<Instruction> From(string symbol)
    {
        string entry = Run("nm", LibraryUnderTest.Path).Split('\n').FirstOrDefault(line => line.EndsWith(' ' + symbol, StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"the library has no symbol {symbol}");
        ulong start = ulong.Parse(entry.Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        string[] range = [$"--start-address=0x{start:x}", $"--stop-address=0x{start + 512:x}"];
        foreach (string line in Run("objdump", ["-d", "--no-show-raw-insn", .. range, LibraryUnderTest.Path]).Split('\n'))
        {
            string[] parts = line.Split('\t');
            if (parts.Length < 2) continue;
            string text = parts[1].Split('#')[0].Trim();
            int blank = text.IndexOf(' ');
            yield return blank < 0 ? new Instruction(text, "") : new Instruction(text[..blank], text[blank..].Trim());
        }
    }
}
