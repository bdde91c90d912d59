using System.Collections.Immutable;

namespace TwoNodeHa.Core.Situation;

/// <content>Updates of the platform, and what others do to the hosts for them.</content>
public static partial class Deadlines
{
    /// <summary>
    /// A host that is disabled in XAPI and empty for this long is in somebody's maintenance. A start of its toolstack, or of its master's,
    /// leaves it disabled for 20 to 90 s.
    /// </summary>
    public static readonly TimeSpan EmptiedLasts = TimeSpan.FromMinutes(2);

    /// <summary>
    /// A peer that is too new to be this master's slave is given the mastership when it has said so for this long: XAPI asks its master
    /// again every minute, and an administrator may be at it.
    /// </summary>
    public static readonly TimeSpan TooNewLasts = TimeSpan.FromSeconds(30);

    /// <summary>A newer peer that cannot be given the mastership is named again after this.</summary>
    public static readonly TimeSpan TooNewToldAgain = TimeSpan.FromHours(1);

    /// <summary>An empty master whose toolstack does not come up attests again after this: its peer may have been waiting for it.</summary>
    public static readonly TimeSpan WordAgain = TimeSpan.FromMinutes(2);

    /// <summary>
    /// A VM that moved off a host which goes down is stopped by that host's order within this, and not by an administrator's: XAPI tries a call that
    /// meets a migration again for a while.
    /// </summary>
    public static readonly TimeSpan StopOfFormerHost = TimeSpan.FromSeconds(30);

    private static ImmutableArray<(TimeSpan Span, string What)> OfUpdates =>
    [
        (EmptiedLasts, "a host that somebody disabled in XAPI and emptied counts as in maintenance after this"),
        (TooNewToldAgain, "a newer host that cannot be made the master is named again after this"),
        (StopOfFormerHost, "a VM that moved off a host which goes down is stopped by that host within this, not by an administrator"),
        (WordAgain, "an empty master whose toolstack does not come up offers the mastership again after this"),
        (TooNewLasts, "a host that is too new to be a slave of its peer is made the master after this"),
    ];
}
