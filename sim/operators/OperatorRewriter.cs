using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TwoNodeHa.Operators;

/// <summary>
/// Puts a switch for every mutant into one file. The switch is asked for only where it makes a difference: "always" where the condition does
/// not hold, "never" where it does, a bound where both sides are the same.
/// </summary>
/// <param name="book">Numbers and names of the mutants.</param>
/// <param name="file">Name of the file below the folder of the sources.</param>
/// <param name="isOn">The call that asks whether a mutant is on, with {0} for its number.</param>
internal sealed class OperatorRewriter(MutantBook book, string file, string isOn) : CSharpSyntaxRewriter
{
    /// <summary>Calls whose lambda is a condition.</summary>
    private static readonly HashSet<string> s_asking =
    [
        "Where", "Any", "All", "Exists", "Find", "FindAll", "Count", "First", "FirstOrDefault", "Last", "LastOrDefault", "Single", "SingleOrDefault",
        "TrueForAll", "RemoveAll", "SkipWhile", "TakeWhile",
    ];

    /// <summary>Calls that only tell somebody something: their words are not judged here.</summary>
    private static readonly HashSet<string> s_telling = ["Report", "Tell", "LogInformation", "LogWarning", "LogError", "LogDebug", "Information", "Warning", "Error", "Debug", "Verbose"];

    public override SyntaxNode? VisitAttributeList(AttributeListSyntax node) => node;

    public override SyntaxNode? VisitFieldDeclaration(FieldDeclarationSyntax node) => node;

    public override SyntaxNode? VisitParameter(ParameterSyntax node) => node;

    public override SyntaxNode? VisitEnumDeclaration(EnumDeclarationSyntax node) => node;

    public override SyntaxNode? VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node) => node;

    public override SyntaxNode? VisitThrowStatement(ThrowStatementSyntax node) => node;

    public override SyntaxNode? VisitThrowExpression(ThrowExpressionSyntax node) => node;

    public override SyntaxNode? VisitEqualsValueClause(EqualsValueClauseSyntax node) => node.Parent is PropertyDeclarationSyntax ? node : base.VisitEqualsValueClause(node);

    public override SyntaxNode? VisitConstructorDeclaration(ConstructorDeclarationSyntax node) =>
        node.Modifiers.Any(SyntaxKind.StaticKeyword) ? node : base.VisitConstructorDeclaration(node);

    public override SyntaxNode? VisitMethodDeclaration(MethodDeclarationSyntax node) =>
        node.Identifier.Text is "ToString" or "Describe" ? node : base.VisitMethodDeclaration(node);

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node) => node
        .WithCondition(Condition(node.Condition))
        .WithStatement((StatementSyntax)Visit(node.Statement)!)
        .WithElse((ElseClauseSyntax?)Visit(node.Else));

    public override SyntaxNode? VisitWhileStatement(WhileStatementSyntax node) => node
        .WithCondition(Condition(node.Condition))
        .WithStatement((StatementSyntax)Visit(node.Statement)!);

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node) => node
        .WithCondition(Condition(node.Condition))
        .WithWhenTrue((ExpressionSyntax)Visit(node.WhenTrue)!)
        .WithWhenFalse((ExpressionSyntax)Visit(node.WhenFalse)!);

    public override SyntaxNode? VisitWhenClause(WhenClauseSyntax node) => node.WithCondition(Condition(node.Condition));

    public override SyntaxNode? VisitArrowExpressionClause(ArrowExpressionClauseSyntax node) =>
        IsBool(node.Parent) ? node.WithExpression(Condition(node.Expression)) : base.VisitArrowExpressionClause(node);

    public override SyntaxNode? VisitReturnStatement(ReturnStatementSyntax node) =>
        node.Expression is { } value && IsBool(node.Ancestors().FirstOrDefault(each => each is MethodDeclarationSyntax or LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax or AccessorDeclarationSyntax))
            ? node.WithExpression(Condition(value)) : base.VisitReturnStatement(node);

    public override SyntaxNode? VisitSimpleLambdaExpression(SimpleLambdaExpressionSyntax node) =>
        node.ExpressionBody is { } body && IsAsked(node) ? node.WithExpressionBody(Condition(body)) : base.VisitSimpleLambdaExpression(node);

    public override SyntaxNode? VisitParenthesizedLambdaExpression(ParenthesizedLambdaExpressionSyntax node) =>
        node.ExpressionBody is { } body && IsAsked(node) ? node.WithExpressionBody(Condition(body)) : base.VisitParenthesizedLambdaExpression(node);

    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        switch (node.Kind())
        {
            case SyntaxKind.LogicalAndExpression:
                return node.WithLeft(Operand(node.Left, Change.Always)).WithRight(Operand(node.Right, Change.Always));
            case SyntaxKind.LogicalOrExpression:
                return node.WithLeft(Operand(node.Left, Change.Never)).WithRight(Operand(node.Right, Change.Never));
            case SyntaxKind.LessThanExpression:
                return Inside(node, "<=");
            case SyntaxKind.LessThanOrEqualExpression:
                return Outside(node, "<");
            case SyntaxKind.GreaterThanExpression:
                return Inside(node, ">=");
            case SyntaxKind.GreaterThanOrEqualExpression:
                return Outside(node, ">");
            case SyntaxKind.AddExpression when !IsText(node):
                return Other(node, "-");
            case SyntaxKind.SubtractExpression:
                return Other(node, "+");
            default:
                return base.VisitBinaryExpression(node);
        }
    }

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (Called(node) is { } name && s_telling.Contains(name))
        {
            return node;
        }

        var inner = (InvocationExpressionSyntax)base.VisitInvocationExpression(node)!;
        if (node.Expression is not MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Instant" or "Math" or "TimeSpan" } type, Name.Identifier.Text: "Min" or "Max" } call)
        {
            return inner;
        }

        var other = $"{type}.{(call.Name.Identifier.Text == "Min" ? "Max" : "Min")}{node.ArgumentList}";
        return Choose(node, Change.Sign, number => $"({On(number)} ? {other} : {inner.WithoutTrivia()})", inner);
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        if (node.Expression is InvocationExpressionSyntax call && Called(call) is { } name && s_telling.Contains(name))
        {
            return node;
        }

        var inner = (ExpressionStatementSyntax)base.VisitExpressionStatement(node)!;
        return book.Next(file, node, Change.Without) is { } number
            ? SyntaxFactory.ParseStatement($"if (!{On(number)}) {{ {inner.ToFullString()} }}\n")
            : inner;
    }

    public override SyntaxNode? VisitWithExpression(WithExpressionSyntax node)
    {
        var inner = (WithExpressionSyntax)base.VisitWithExpression(node)!;
        if (node.Expression is not (IdentifierNameSyntax or MemberAccessExpressionSyntax))
        {
            return inner;
        }

        var values = inner.Initializer.Expressions;
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is AssignmentExpressionSyntax { Left: IdentifierNameSyntax property } set && book.Next(file, node.Initializer.Expressions[i], Change.Kept) is { } number)
            {
                var kept = SyntaxFactory.ParseExpression($"({On(number)} ? {node.Expression.WithoutTrivia()}.{property.Identifier.Text} : {Wrapped(set.Right)})");
                values = values.Replace(values[i], set.WithRight(kept.WithTriviaFrom(set.Right)));
            }
        }

        return inner.WithInitializer(inner.Initializer.WithExpressions(values));
    }

    public override SyntaxNode? VisitSwitchExpressionArm(SwitchExpressionArmSyntax node)
    {
        var inner = (SwitchExpressionArmSyntax)base.VisitSwitchExpressionArm(node)!;
        if (node.WhenClause is not null || node.Pattern is DiscardPatternSyntax || IsText(node.Expression) || book.Next(file, node, Change.Never) is not { } number)
        {
            return inner;
        }

        return inner.WithPattern(inner.Pattern.WithTrailingTrivia(SyntaxFactory.Space))
            .WithWhenClause(SyntaxFactory.WhenClause(SyntaxFactory.ParseExpression($" !{On(number)} ")));
    }

    private string On(int number) => string.Format(System.Globalization.CultureInfo.InvariantCulture, isOn, number);

    /// <summary>A text that holds a comment to the end of its line must not swallow what follows.</summary>
    private static string Wrapped(SyntaxNode node) => $"({node.ToFullString().Trim()}\n)";

    /// <summary>A whole condition: an "and" that never holds, an "or" that always does, anything else both.</summary>
    private ExpressionSyntax Condition(ExpressionSyntax node)
    {
        var bare = Bare(node);
        var result = (ExpressionSyntax)Visit(node)!;
        if (!bare.IsKind(SyntaxKind.LogicalOrExpression))
        {
            result = Choose(node, Change.Never, number => $"({Wrapped(result)} && !{On(number)})", result);
        }

        var first = result;
        return bare.IsKind(SyntaxKind.LogicalAndExpression)
            ? first : Choose(node, Change.Always, number => $"({Wrapped(first)} || {On(number)})", first);
    }

    private ExpressionSyntax Operand(ExpressionSyntax node, Change change)
    {
        var inner = (ExpressionSyntax)Visit(node)!;
        var bare = Bare(node);

        // The parts of a chain of the same operator are changed one by one.
        if (bare.IsKind(change == Change.Always ? SyntaxKind.LogicalAndExpression : SyntaxKind.LogicalOrExpression))
        {
            return inner;
        }

        return change == Change.Always
            ? Choose(node, change, number => $"({Wrapped(inner)} || {On(number)})", inner)
            : Choose(node, change, number => $"({Wrapped(inner)} && !{On(number)})", inner);
    }

    private SyntaxNode Other(BinaryExpressionSyntax node, string sign) => Changed(
        node, Change.Sign, (number, inner) => $"({On(number)} ? {Wrapped(node.Left)} {sign} {Wrapped(node.Right)} : {inner})");

    /// <summary>The bound counts too.</summary>
    private SyntaxNode Inside(BinaryExpressionSyntax node, string sign) => Changed(
        node, Change.Bound, (number, inner) => $"({inner} || ({Wrapped(node.Left)} {sign} {Wrapped(node.Right)} && {On(number)}))");

    /// <summary>The bound counts no longer.</summary>
    private SyntaxNode Outside(BinaryExpressionSyntax node, string sign) => Changed(
        node, Change.Bound, (number, inner) => $"({inner} && ({Wrapped(node.Left)} {sign} {Wrapped(node.Right)} || !{On(number)}))");

    private SyntaxNode Changed(BinaryExpressionSyntax node, Change change, Func<int, string, string> text)
    {
        var inner = (ExpressionSyntax)base.VisitBinaryExpression(node)!;
        return MutantBook.Declared(node).Count > 0 ? inner : Choose(node, change, number => text(number, Wrapped(inner)), inner);
    }

    private ExpressionSyntax Choose(ExpressionSyntax node, Change change, Func<int, string> text, ExpressionSyntax otherwise) =>
        book.Next(file, node, change) is { } number
            ? SyntaxFactory.ParseExpression(text(number)).WithLeadingTrivia(otherwise.GetLeadingTrivia()).WithTrailingTrivia(otherwise.GetTrailingTrivia())
            : otherwise;

    private static ExpressionSyntax Bare(ExpressionSyntax node) => node is ParenthesizedExpressionSyntax inner ? Bare(inner.Expression) : node;

    private static string? Called(InvocationExpressionSyntax node) => node.Expression switch
    {
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
        IdentifierNameSyntax name => name.Identifier.Text,
        _ => null,
    };

    private static bool IsAsked(SyntaxNode lambda) =>
        lambda.Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } && Called(call) is { } name && s_asking.Contains(name);

    private static bool IsBool(SyntaxNode? member) => (member switch
    {
        MethodDeclarationSyntax method => method.ReturnType,
        LocalFunctionStatementSyntax function => function.ReturnType,
        PropertyDeclarationSyntax property => property.Type,
        AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax owner } => owner.Type,
        _ => null,
    })?.ToString() == "bool";

    private static bool IsText(SyntaxNode node) => node.DescendantNodesAndSelf().Any(each =>
        each is InterpolatedStringExpressionSyntax || each.IsKind(SyntaxKind.StringLiteralExpression));
}
