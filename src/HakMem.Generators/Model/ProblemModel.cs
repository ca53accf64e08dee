using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace HakMem.Generators.Model;

/// <summary>A finding, without its place.</summary>
/// <param name="Id">The rule.</param>
/// <param name="Argument">The attribute's argument it is about; <see cref="OfClass"/> for the class, empty for the whole attribute.</param>
/// <param name="Parts">What the message is filled with.</param>
/// <param name="Stops">Whether nothing can be written.</param>
internal sealed record ProblemModel(string Id, string Argument, EquatableArray<string> Parts, bool Stops)
{
    public const string OfClass = "class";

    public static ProblemModel Create(DiagnosticDescriptor rule, string argument, params string[] parts) =>
        new(rule.Id, argument, parts.ToEquatableArray(), Stops: true);
}

/// <summary>A place in a source file that keeps no syntax tree alive.</summary>
/// <param name="Path">The file.</param>
/// <param name="Span">The characters.</param>
/// <param name="Lines">The lines and columns.</param>
internal sealed record PlaceModel(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static PlaceModel Of(Location location) =>
        new(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}

/// <summary>The place of an argument of the attribute.</summary>
/// <param name="Name">The argument.</param>
/// <param name="Place">Where it is.</param>
internal sealed record ArgumentPlaceModel(string Name, PlaceModel Place);

/// <summary>The places of a declaration.</summary>
/// <param name="Class">The name of the class.</param>
/// <param name="Attribute">The attribute.</param>
/// <param name="Arguments">The attribute's arguments.</param>
internal sealed record PlacesModel(PlaceModel Class, PlaceModel Attribute, EquatableArray<ArgumentPlaceModel> Arguments)
{
    public PlaceModel Of(string argument) => argument == ProblemModel.OfClass
        ? Class
        : Arguments.FirstOrDefault(candidate => candidate.Name == argument)?.Place ?? Attribute;
}

/// <summary>A finding with its place.</summary>
/// <param name="Problem">The finding.</param>
/// <param name="Place">The place.</param>
internal sealed record ReportModel(ProblemModel Problem, PlaceModel Place)
{
    public Diagnostic ToDiagnostic() =>
        Diagnostic.Create(Rules.Of(Problem.Id), Place.ToLocation(), [.. Problem.Parts.Cast<object>()]);
}
