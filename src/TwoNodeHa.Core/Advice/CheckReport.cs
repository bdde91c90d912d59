using System.Collections.Immutable;

namespace TwoNodeHa.Core.Advice;

/// <summary>Result of one check.</summary>
public enum CheckGrade
{
    /// <summary>Could not be found out; the zero value.</summary>
    Unknown = 0,

    /// <summary>As it should be.</summary>
    Ok = 1,

    /// <summary>Works, at a price that the admin should know.</summary>
    Warning = 2,

    /// <summary>Protection does not work, or not safely.</summary>
    Problem = 3,

    /// <summary>As the admin has set it, and worth knowing: no finding.</summary>
    Note = 4,
}

/// <summary>One check.</summary>
/// <param name="Name">Short stable name, for example <c>key file</c>.</param>
/// <param name="Grade">Result.</param>
/// <param name="Sentence">What was found.</param>
/// <param name="Advice">What to do; empty when nothing.</param>
public sealed record CheckItem(string Name, CheckGrade Grade, string Sentence, string Advice = "");

/// <summary>All checks of one run, in the order in which they are shown.</summary>
/// <param name="Items">The checks.</param>
public sealed record CheckReport(ImmutableArray<CheckItem> Items)
{
    /// <summary>There is at least one warning or problem.</summary>
    public bool HasFindings => Count(CheckGrade.Warning) + Count(CheckGrade.Problem) > 0;

    /// <summary>Number of checks with one result.</summary>
    public int Count(CheckGrade grade)
    {
        var count = 0;
        foreach (var item in Items)
        {
            count += item.Grade == grade ? 1 : 0;
        }

        return count;
    }
}
