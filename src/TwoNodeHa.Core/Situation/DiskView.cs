using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What the disk holds of the durable state, and what it is being given.</summary>
public sealed record DiskView
{
    /// <summary>Durable state as it is known to be on disk.</summary>
    public DurableState Confirmed { get; init; } = new();

    /// <summary>Newest version given to the disk.</summary>
    public long Writing { get; init; }

    /// <summary>When it was given to the disk.</summary>
    public Instant WritingSince { get; init; }

    /// <summary>What <see cref="Writing"/> holds.</summary>
    public DurableState BeingWritten { get; init; } = new();

    /// <summary>Why the last write failed, or that it is not answered; empty when all is well.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>Not before this time a failed write is tried again.</summary>
    public Instant RetryAt { get; init; }
}
