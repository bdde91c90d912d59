namespace TwoNodeHa.Operators;

/// <summary>How one place of the sources is changed.</summary>
internal enum Change
{
    /// <summary>A condition, or one part of an "or", never holds.</summary>
    Never,

    /// <summary>A condition, or one part of an "and", always holds.</summary>
    Always,

    /// <summary>A bound counts as inside where it was outside, or the other way: &lt; and &lt;=, &gt; and &gt;=.</summary>
    Bound,

    /// <summary>+ and -, Min and Max.</summary>
    Sign,

    /// <summary>A statement is left out.</summary>
    Without,

    /// <summary>A property keeps its former value in a "with".</summary>
    Kept,
}

/// <summary>One mutant that was made by an operator.</summary>
/// <param name="Number">What switches it on, from 1.</param>
/// <param name="Id">File, member, change and text, the same as long as these are; a number behind it where they occur twice.</param>
/// <param name="Line">Line in the source, from 1.</param>
/// <param name="Change">The change.</param>
/// <param name="Declares">Names of variables that the changed text declares.</param>
/// <param name="DeclaresWhenFalse">They are assigned when the text does not hold ("is not { } x").</param>
internal sealed record OperatorMutant(int Number, string Id, int Line, Change Change, IReadOnlyList<string> Declares, bool DeclaresWhenFalse);
