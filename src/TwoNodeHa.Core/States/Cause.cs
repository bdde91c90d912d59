namespace TwoNodeHa.Core.States;

/// <summary>Why a host changes its state. Each cause leads to one state; which states it may lead from is in the gate.</summary>
public enum Cause
{
    /// <summary>HA is disabled on both hosts.</summary>
    DisabledForBoth,

    /// <summary>The daemon started, HA was enabled or a takeover was abandoned, and nothing runs here.</summary>
    NothingRuns,

    /// <summary>The daemon started or HA was enabled, and guests run here.</summary>
    GuestsRun,

    /// <summary>The daemon started or HA was enabled while a promise not to take over stands.</summary>
    PromiseStands,

    /// <summary>The peer admits this host, and the own toolstack is ready.</summary>
    Admitted,

    /// <summary>The peer is heard again and bound by the same rules.</summary>
    PeerHeard,

    /// <summary>The peer is silent, the gateway answers.</summary>
    PeerSilent,

    /// <summary>Neither the peer nor the gateway answers.</summary>
    PeerAndGatewayLost,

    /// <summary>The peer is heard again, and does not pair: it is in maintenance, or waits.</summary>
    PeerHeardUnpaired,

    /// <summary>A takeover is due, but the peer may be alive.</summary>
    TakeoverInDoubt,

    /// <summary>One of T1 to T6 permits a takeover.</summary>
    PermitGranted,

    /// <summary>The journal says that a former daemon was taking over.</summary>
    TakeoverResumed,

    /// <summary>The takeover is done.</summary>
    TakeoverFinished,

    /// <summary>The permit no longer holds, and something may run here.</summary>
    TakeoverAbandoned,

    /// <summary>No right to run is left, or a yield, a conflict, an order.</summary>
    FenceDecided,

    /// <summary>The fence is verified: nothing runs here.</summary>
    FenceVerified,

    /// <summary>The host shuts down.</summary>
    HostShutsDown,

    /// <summary>The host did not go down after all.</summary>
    HostStays,

    /// <summary>The operator asked for maintenance.</summary>
    MaintenanceAsked,

    /// <summary>The peer released this host from its promise.</summary>
    Readmitted,
}
