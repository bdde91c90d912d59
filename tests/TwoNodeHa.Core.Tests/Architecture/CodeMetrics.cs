using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>One method, accessor or constructor with its measures.</summary>
/// <param name="Name">Type and member.</param>
/// <param name="Lines">From the signature to the end.</param>
/// <param name="Complexity">Cyclomatic complexity; patterns joined by and / or count as branches.</param>
/// <param name="Rest">The same without the arms of its largest switch.</param>
internal sealed record MethodMeasure(string Name, int Lines, int Complexity, int Rest)
{
    /// <summary>One switch that only says what goes where.</summary>
    public bool IsFlatSwitch => Rest <= 3;
}

/// <summary>Measures of C# sources, from their syntax alone.</summary>
internal static class CodeMetrics
{
    /// <summary>All methods below a folder.</summary>
    public static List<MethodMeasure> Methods(string folder) => [.. Files(folder)
        .SelectMany(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file).GetRoot().DescendantNodes())
        .Where(IsMethod)
        .Select(Measure)];

    /// <summary>Sources below a folder, without what a build made.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>The smallest value that is not exceeded by the given share.</summary>
    public static int Percentile(IEnumerable<int> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }

    private static bool IsMethod(SyntaxNode node) => node switch
    {
        BaseMethodDeclarationSyntax method => method.Body is not null || method.ExpressionBody is not null,
        AccessorDeclarationSyntax accessor => accessor.Body is not null || accessor.ExpressionBody is not null,
        PropertyDeclarationSyntax property => property.ExpressionBody is not null,
        _ => false,
    };

    private static MethodMeasure Measure(SyntaxNode node)
    {
        var complexity = 1 + node.DescendantNodes().Sum(Branches);
        var arms = node.DescendantNodes().Select(Arms).DefaultIfEmpty().Max();
        var span = node.GetLocation().GetLineSpan();
        return new MethodMeasure(Name(node), span.EndLinePosition.Line - span.StartLinePosition.Line + 1, complexity, complexity - arms);
    }

    private static int Branches(SyntaxNode node) => node switch
    {
        IfStatementSyntax or WhileStatementSyntax or DoStatementSyntax or ForStatementSyntax or CommonForEachStatementSyntax
            or ConditionalExpressionSyntax or CatchClauseSyntax or WhenClauseSyntax or CaseSwitchLabelSyntax
            or CasePatternSwitchLabelSyntax => 1,
        SwitchExpressionArmSyntax arm => arm.Pattern is DiscardPatternSyntax ? 0 : 1,
        BinaryPatternSyntax => 1,
        BinaryExpressionSyntax binary => binary.Kind()
            is SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression or SyntaxKind.CoalesceExpression ? 1 : 0,
        _ => 0,
    };

    private static int Arms(SyntaxNode node) => node switch
    {
        SwitchStatementSyntax statement => statement.Sections.Sum(section => section.Labels.Sum(Branches)),
        SwitchExpressionSyntax expression => expression.Arms.Sum(Branches),
        _ => 0,
    };

    private static string Name(SyntaxNode node)
    {
        var type = node.FirstAncestorOrSelf<BaseTypeDeclarationSyntax>()?.Identifier.Text;
        var member = node switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            AccessorDeclarationSyntax accessor => (accessor.FirstAncestorOrSelf<PropertyDeclarationSyntax>()?.Identifier.Text ?? "this") + "." + accessor.Keyword.Text,
            ConstructorDeclarationSyntax => "constructor",
            _ => "operator",
        };
        return $"{type}.{member}";
    }
}
