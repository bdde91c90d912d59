using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>The wish that the emptier host be master.</summary>
public sealed record PreferenceView
{
    /// <summary>Since when the peer would be the better master, without a break; null when it is not.</summary>
    public Instant? Since { get; init; }

    /// <summary>When the mastership was last offered to the peer; null when never in this incarnation.</summary>
    public Instant? OfferedAt { get; init; }
}
