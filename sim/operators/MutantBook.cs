using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TwoNodeHa.Operators;

/// <summary>Numbers mutants, and leaves out those that do not compile.</summary>
internal sealed partial class MutantBook
{
    private const int ShownText = 90;

    private readonly Dictionary<string, OperatorMutant> _known = new(StringComparer.Ordinal);
    private readonly HashSet<int> _dropped = [];
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    /// <summary>Those that are in the copy.</summary>
    public IEnumerable<OperatorMutant> Mutants => _known.Values.Where(mutant => !_dropped.Contains(mutant.Number)).OrderBy(mutant => mutant.Number);

    public bool Has(int number) => !_dropped.Contains(number);

    public int Dropped => _dropped.Count;

    /// <summary>The sources are written anew, without what was dropped.</summary>
    public void Again() => _seen.Clear();

    public void Drop(IEnumerable<int> numbers) => _dropped.UnionWith(numbers);

    /// <summary>The number of the mutant at this place; null when it was dropped.</summary>
    public int? Next(string file, SyntaxNode node, Change change)
    {
        var text = Space().Replace(node.WithoutTrivia().ToString(), " ");
        var shown = text.Length <= ShownText ? text : $"{text[..ShownText]}… {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..6]}";
        var id = $"{file} {Member(node)} {change}: {shown}";
        var time = _seen[id] = _seen.GetValueOrDefault(id) + 1;
        id = time == 1 ? id : $"{id} #{time}";
        if (!_known.TryGetValue(id, out var mutant))
        {
            mutant = new OperatorMutant(
                _known.Count + 1, id, node.GetLocation().GetLineSpan().StartLinePosition.Line + 1, change, Declared(node),
                node.DescendantNodesAndSelf().OfType<UnaryPatternSyntax>().Any());
            _known.Add(id, mutant);
        }

        return _dropped.Contains(mutant.Number) ? null : mutant.Number;
    }

    /// <summary>Names of the variables that this text declares by patterns and out arguments.</summary>
    public static IReadOnlyList<string> Declared(SyntaxNode node) =>
        [.. node.DescendantNodesAndSelf().OfType<SingleVariableDesignationSyntax>().Select(each => each.Identifier.Text)];

    public static string Member(SyntaxNode node) => node.AncestorsAndSelf().Select(each => each switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        ConstructorDeclarationSyntax => "new",
        OperatorDeclarationSyntax => "operator",
        IndexerDeclarationSyntax => "this",
        _ => null,
    }).FirstOrDefault(name => name is not null) ?? "-";

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
