using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>When a question is to be asked again. A time that has passed asks for nothing.</summary>
internal static class Again
{
    /// <summary>Not before something is heard.</summary>
    public static readonly Instant Never = new(long.MaxValue / 4);

    /// <summary>At a time; never when it has passed.</summary>
    public static Instant At(View view, Instant at) => at > view.Now ? at : Never;

    /// <summary>When a closed window ends, one tick later; never when it has, or has not begun.</summary>
    public static Instant After(View view, Instant? since, TimeSpan span) =>
        since is { } instant ? At(view, instant + span + TimeSpan.FromTicks(1)) : Never;

    /// <summary>The earliest of several.</summary>
    public static Instant First(params ReadOnlySpan<Instant> times)
    {
        var first = Never;
        foreach (var at in times)
        {
            first = Instant.Min(first, at);
        }

        return first;
    }
}
