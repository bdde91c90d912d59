using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Attempts to start one VM.</summary>
public sealed record StartAttempt
{
    /// <summary>Starts ordered in a row.</summary>
    public int Tries { get; init; }

    /// <summary>Not before this time it is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>The next start is ordered on the peer: the newest one here failed.</summary>
    public bool OnPeer { get; init; }

    /// <summary>When the newest start was ordered; null before the first.</summary>
    public Instant? OrderedAt { get; init; }

    /// <summary>The newest start was ordered on the peer.</summary>
    public bool OrderedOnPeer { get; init; }

    /// <summary>When a hypervisor's list first showed the VM behind the newest order.</summary>
    public Instant? ShownAt { get; init; }

    /// <summary>Since when the outcome of the newest start is not known; null when it is.</summary>
    public Instant? UnknownSince { get; init; }

    /// <summary>Why the newest start failed.</summary>
    public StartTrouble Trouble { get; init; }

    /// <summary>Given up until something changes; the reason.</summary>
    public string GivenUp { get; init; } = "";

    /// <summary>How often it was given up in a row; the rest before the next try grows with it.</summary>
    public int GivenUpTimes { get; init; }

    /// <summary>A start succeeded; the hypervisor's list will show it.</summary>
    public Instant? SucceededAt { get; init; }
}
