using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using HakMem.Analyzers.Flow;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace HakMem.Analyzers;

/// <summary>HKM1001 to HKM1005: what becomes of the blocks that a method allocates or frees.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BlockLifetimeAnalyzer : DiagnosticAnalyzer
{
    private static readonly DiagnosticDescriptor Lost = new(
        RuleIdentifiers.LostBlock, "A block is not freed", "The block of '{0}' is {1}", RuleIdentifiers.Blocks, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor FreedTwice = new(
        RuleIdentifiers.FreedTwice, "A block is freed twice", "'{0}' {1}", RuleIdentifiers.Blocks, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor UsedAfterFree = new(
        RuleIdentifiers.UsedAfterFree, "A block is used after it was freed", "'{0}' is used, but was freed {1}", RuleIdentifiers.Blocks, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor WrongAllocator = new(
        RuleIdentifiers.WrongAllocator, "A block is freed by an allocator that it is not of", "'{0}' is a block of '{1}', which '{2}' cannot free", RuleIdentifiers.Blocks, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor NoBlock = new(
        RuleIdentifiers.NoBlock, "What is freed is no block", "'{0}' {1}; only what an allocation returned can be freed", RuleIdentifiers.Blocks, DiagnosticSeverity.Warning, isEnabledByDefault: true);

    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Lost, FreedTwice, UsedAfterFree, WrongAllocator, NoBlock];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (AllocatorTypes.Find(start.Compilation) is { } types) { start.RegisterOperationBlockAction(block => Check(block, types)); }
        });
    }

    private static void Check(OperationBlockAnalysisContext context, AllocatorTypes types)
    {
        foreach (IOperation body in context.OperationBlocks)
        {
            if (!Calls(body, types)) { continue; }

            HashSet<(BlockFault, SyntaxNode)> told = [];
            foreach (BlockFinding finding in Find(body, context, types))
            {
                if (!told.Add((finding.Fault, finding.At))) { continue; }

                Location[] others = finding.Other is { } other ? [other.GetLocation()] : [];
                context.ReportDiagnostic(Diagnostic.Create(RuleOf(finding.Fault), finding.At.GetLocation(), others, finding.Words));
            }
        }
    }

    private static ImmutableArray<BlockFinding> Find(IOperation body, OperationBlockAnalysisContext context, AllocatorTypes types)
    {
        try
        {
            return BlockFlow.Find(context.GetControlFlowGraph(body), body, types, context.OwningSymbol, context.CancellationToken);
        }
        catch (InsufficientExecutionStackException)
        {
            return [];   // an expression of ten thousand terms
        }
    }

    private static bool Calls(IOperation body, AllocatorTypes types)
    {
        foreach (IOperation operation in body.DescendantsAndSelf())
        {
            if (operation is IInvocationOperation invocation && types.Of(invocation.TargetMethod) is { Role: not CallRole.Borrow }) { return true; }
        }

        return false;
    }

    private static DiagnosticDescriptor RuleOf(BlockFault fault) => fault switch
    {
        BlockFault.FreedTwice => FreedTwice,
        BlockFault.UsedAfterFree => UsedAfterFree,
        BlockFault.WrongAllocator => WrongAllocator,
        BlockFault.NoBlock => NoBlock,
        _ => Lost,
    };
}
