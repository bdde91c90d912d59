using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Everything the decision code knows, in slices. Immutable.</summary>
public sealed record HaState
{
    /// <summary>This incarnation.</summary>
    public Life Life { get; init; } = new();

    /// <summary>HA state.</summary>
    public HaStatus Status { get; init; }

    /// <summary>Durable state as it should be.</summary>
    public DurableState Durable { get; init; } = new();

    /// <summary>Durable state as it is on disk.</summary>
    public DiskView Disk { get; init; } = new();

    /// <summary>The watchdog.</summary>
    public WatchdogView Watchdog { get; init; } = new();

    /// <summary>The peer.</summary>
    public PeerView Peer { get; init; } = new();

    /// <summary>The gateway.</summary>
    public GatewayView Gateway { get; init; } = new();

    /// <summary>This host.</summary>
    public HostView Host { get; init; } = new();

    /// <summary>Arbiter, fence agent, operator.</summary>
    public ThirdPartyView ThirdParty { get; init; } = new();

    /// <summary>What is under way.</summary>
    public ProceduresView Procedures { get; init; } = new();

    /// <summary>What is due, and what was sent last.</summary>
    public Schedule Schedule { get; init; } = new();

    /// <summary>Commands whose answers are waited for.</summary>
    public PendingBook Pending { get; init; } = new();

    /// <summary>The state before <see cref="Observation.Started"/>.</summary>
    public static HaState Initial(LocalConfig config) => new()
    {
        Peer = new PeerView { LinkHeard = [.. new Instant?[config.Config.LinkCount]], LinkSequence = [.. new long[config.Config.LinkCount]] },
        Gateway = new GatewayView { Answered = [.. new Instant?[config.Config.Gateway.Addresses.Length]] },
    };
}
