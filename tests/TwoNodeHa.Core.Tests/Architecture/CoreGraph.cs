using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>A type of Core that names another one. Nested types count as their outermost one, comments do not count.</summary>
/// <param name="From">Full name of the type that names the other.</param>
/// <param name="To">Full name of the named type.</param>
internal readonly record struct Arrow(string From, string To)
{
    /// <summary>Room of a type: the part of its namespace below <c>TwoNodeHa.Core</c>.</summary>
    public static string Room(string type) => type.Split('.')[2];
}

/// <summary>Which type of Core names which, by the compiler's own understanding of the sources.</summary>
internal static class CoreGraph
{
    private const string Prefix = "TwoNodeHa.Core.";

    private const string GlobalUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly Lazy<HashSet<Arrow>> Built = new(Build);

    /// <summary>All arrows between two types.</summary>
    public static IReadOnlySet<Arrow> Arrows => Built.Value;

    private static HashSet<Arrow> Build()
    {
        var trees = CodeMetrics.Files(Repository.Folder("src/TwoNodeHa.Core"))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file))
            .Append(CSharpSyntaxTree.ParseText(GlobalUsings))
            .ToList();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("TwoNodeHa", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Core", trees, references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var arrows = new HashSet<Arrow>();
        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (Outermost(model.GetEnclosingSymbol(node.SpanStart)) is { } from && Outermost(model.GetSymbolInfo(node).Symbol) is { } to && from != to)
                {
                    arrows.Add(new Arrow(from, to));
                }
            }
        }

        return arrows;
    }

    /// <summary>Full name of the outermost type that a symbol belongs to; null when it is not one of Core.</summary>
    private static string? Outermost(ISymbol? symbol)
    {
        var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        while (type?.ContainingType is { } outer)
        {
            type = outer;
        }

        var name = type?.OriginalDefinition.ToDisplayString(SymbolDisplayFormat.CSharpErrorMessageFormat);
        return name is not null && name.StartsWith(Prefix, StringComparison.Ordinal) ? name : null;
    }
}
