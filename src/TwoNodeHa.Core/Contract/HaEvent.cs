namespace TwoNodeHa.Core.Contract;

/// <summary>Severity, as the journal knows it (sd-daemon(3)).</summary>
public enum Severity
{
    /// <summary>Detail.</summary>
    Debug = 7,

    /// <summary>Normal.</summary>
    Info = 6,

    /// <summary>Normal but significant: a state change.</summary>
    Notice = 5,

    /// <summary>Something is wrong and is being lived with.</summary>
    Warning = 4,

    /// <summary>Something failed.</summary>
    Error = 3,

    /// <summary>VMs are stopped, not protected, or a person is needed.</summary>
    Critical = 2,
}

/// <summary>Stable ids of events; a number never changes its meaning.</summary>
public enum HaEventId
{
    /// <summary>The daemon started.</summary>
    Started = 1,

    /// <summary>The HA state changed.</summary>
    StateChanged = 2,

    /// <summary>The daemon ends.</summary>
    Stopping = 3,

    /// <summary>A fence was decided.</summary>
    FenceDecided = 10,

    /// <summary>Nothing runs here, verified.</summary>
    FenceVerified = 11,

    /// <summary>A fence could not be verified in time: the host resets itself.</summary>
    FenceReset = 12,

    /// <summary>A takeover was decided.</summary>
    TakeoverDecided = 20,

    /// <summary>A step of a takeover was reached.</summary>
    TakeoverStep = 21,

    /// <summary>A takeover was finished.</summary>
    TakeoverDone = 22,

    /// <summary>A takeover was abandoned.</summary>
    TakeoverAbandoned = 23,

    /// <summary>A takeover is refused or held back.</summary>
    TakeoverRefused = 24,

    /// <summary>A VM start was ordered.</summary>
    VmStartOrdered = 30,

    /// <summary>A protected VM runs.</summary>
    VmStarted = 31,

    /// <summary>A start failed.</summary>
    VmStartFailed = 32,

    /// <summary>A start was given up.</summary>
    VmGivenUp = 33,

    /// <summary>The peer was heard, lost or changed.</summary>
    PeerChanged = 40,

    /// <summary>The gateway verdict changed.</summary>
    GatewayChanged = 41,

    /// <summary>The toolstack's health or role changed.</summary>
    ToolstackChanged = 42,

    /// <summary>Storage health changed.</summary>
    StorageChanged = 43,

    /// <summary>The boot guard decided about the toolstack's role.</summary>
    BootGuard = 44,

    /// <summary>A link fell silent beside others that are heard, or is heard again.</summary>
    LinkChanged = 45,

    /// <summary>The peer's configuration, key or version is another one, or agrees again.</summary>
    SetupDiffers = 46,

    /// <summary>A fence agent or the arbiter works, or does not.</summary>
    ThirdPartyChanged = 47,

    /// <summary>HA was enabled or disabled, or the switch is pending.</summary>
    SwitchChanged = 50,

    /// <summary>Promise, readmission, pause.</summary>
    Handshake = 51,

    /// <summary>An operator asked for something, and who it was.</summary>
    OperatorAsked = 52,

    /// <summary>A maintenance began, ended, was given up, or a VM was moved for it.</summary>
    Maintenance = 54,

    /// <summary>An alert that a person should read.</summary>
    Alert = 60,

    /// <summary>Whether the VMs of either host would come back after its failure: that answer turned.</summary>
    CoverageChanged = 70,

    /// <summary>The durable state could not be read or written.</summary>
    DurableTrouble = 61,

    /// <summary>An action failed or its outcome is unknown.</summary>
    ActionTrouble = 62,

    /// <summary>Two masters met, or the same VM was seen on both hosts.</summary>
    Conflict = 63,

    /// <summary>The loop was late by more than its limit: the host is starved.</summary>
    LoopLate = 64,

    /// <summary>The kernel refused real-time scheduling, locked memory or protection from the OOM killer.</summary>
    RealTimeRefused = 65,
}

/// <summary>One decision or fact worth a line: an id, a severity and one sentence that says why.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Severity">Severity.</param>
/// <param name="Sentence">One sentence in plain words, with the rule where there is one.</param>
public sealed record HaEvent(HaEventId Id, Severity Severity, string Sentence)
{
    /// <summary>VM.uuid of the VM that it is about; empty when it is about none, or about several.</summary>
    public Guid Vm { get; init; }
}
