using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Xunit;
using Xunit.Abstractions;

namespace HakMem.Analyzers.Tests;

/// <summary>The rules about blocks against random methods whose ways are all walked. HAKMEMTEST_METHODS=n looks at more of them, from HAKMEMTEST_SEED on.</summary>
public class ModelTests(ITestOutputHelper output)
{
    private const int InOneFile = 50, Methods = 500;

    [Fact]
    public async Task WhatIsReportedIsSoOnTheWaysOfRandomMethods()
    {
        int methods = int.Parse(Environment.GetEnvironmentVariable("HAKMEMTEST_METHODS") ?? $"{Methods}"), first = int.Parse(Environment.GetEnvironmentVariable("HAKMEMTEST_SEED") ?? "1");
        int reports = 0, wrong = 0, losses = 0, told = 0;
        for (int seed = first; seed < first + methods; seed += InOneFile)
        {
            RandomMethod[] all = [.. Enumerable.Range(seed, InOneFile).Select(static one => new RandomMethod(one))];
            StringBuilder source = new("using HakMem;\nunsafe class User { static byte* s_kept; static bool Maybe() => s_kept == null;\n");
            List<int> begins = [];
            int line = 3;
            foreach (RandomMethod method in all)
            {
                begins.Add(line);
                line += method.Text.Count(static letter => letter == '\n');
                _ = source.Append(method.Text);
            }

            Diagnostic[] reported = await AnalyzerHarness.ReportWhole(new BlockLifetimeAnalyzer(), source.Append("}\n").ToString());
            ILookup<int, Diagnostic> byMethod = reported.ToLookup(diagnostic => begins.FindLastIndex(begin => begin <= LineOf(diagnostic)));
            for (int i = 0; i < all.Length; i++)
            {
                AllWays ways = AllWays.Of(all[i]);
                foreach (Diagnostic diagnostic in byMethod[i])
                {
                    reports++;
                    int at = LineOf(diagnostic) - begins[i] + 1;
                    if (ways.Confirms(diagnostic.Id, at, diagnostic.GetMessage().Contains("each round", StringComparison.Ordinal))) { continue; }

                    wrong++;
                    output.WriteLine($"line {at}: {diagnostic.Id} {diagnostic.GetMessage()}\n{string.Join('\n', all[i].Text.Split('\n').Select(static (text, number) => $"{number + 1,3} {text}"))}");
                }

                losses += ways.Lost.Count;
                told += ways.Lost.Count(lost => byMethod[i].Any(diagnostic => diagnostic.Id == "HKM1001" && LineOf(diagnostic) - begins[i] + 1 == lost));
            }
        }

        output.WriteLine($"{methods} methods, {reports} reports, {wrong} of them wrong; {losses} allocations are lost on a way, {told} of them told");
        Assert.Equal(0, wrong);
        Assert.InRange(reports, methods / 2, int.MaxValue);
        Assert.InRange(told * 2, losses, int.MaxValue);   // at least half
    }

    private static int LineOf(Diagnostic diagnostic) => diagnostic.Location.GetLineSpan().StartLinePosition.Line + 1;
}
