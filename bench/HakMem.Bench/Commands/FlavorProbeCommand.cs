using System.CommandLine;
using System.IO;
using HakMem.Bench.Flavors;

namespace HakMem.Bench.Commands;

/// <summary>What a child process of <see cref="FlavorsCommand"/> does: one flavor's hot methods, until the JIT has its last word.</summary>
internal sealed class FlavorProbeCommand : Command
{
    public const string CommandName = "flavor-probe";

    private readonly Argument<string> _flavor = new("flavor");

    public FlavorProbeCommand()
        : base(CommandName, "Calls the hot methods of one flavor.")
    {
        Hidden = true;
        Add(_flavor);
        this.SetUnguardedAction(Execute);
    }

    private int Execute(ParseResult parsed, TextWriter output, TextWriter error)
    {
        string type = parsed.GetValue(_flavor)!;
        Flavor flavor = FlavorCatalog.Find(type) ?? throw new BadInputException($"There is no flavor '{type}'.");
        flavor.HeatUp();
        return ExitCode.Success;
    }
}
