using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>
/// The situation at one moment, to be asked and never changed: each answer is a pure function of (configuration, state, now).
/// Rules see nothing else.
/// </summary>
/// <param name="config">Configuration, seen from this host.</param>
/// <param name="state">State at that moment.</param>
/// <param name="now">That moment, on this host's monotonic clock.</param>
public readonly partial struct View(LocalConfig config, HaState state, Instant now)
{
    /// <summary>Configuration, seen from this host.</summary>
    public LocalConfig Config { get; } = config;

    /// <summary>State at that moment.</summary>
    public HaState State { get; } = state;

    /// <summary>That moment.</summary>
    public Instant Now { get; } = now;

    /// <summary>The site's timing.</summary>
    public TimingConfig Timing => Config.Timing;

    /// <summary>The site's policy.</summary>
    public PolicyConfig Policy => Config.Policy;

    /// <summary>Durable state as it should be.</summary>
    public DurableState Durable => State.Durable;

    /// <summary>Durable state as it is known to be on disk.</summary>
    public DurableState Confirmed => State.Disk.Confirmed;

    /// <summary>HA state.</summary>
    public HaStatus Status => State.Status;

    /// <summary>States in which a host promises to fence in time.</summary>
    public static bool IsMember(HaStatus status) => status is HaStatus.Paired or HaStatus.Suspecting or HaStatus.Holding
        or HaStatus.Isolated or HaStatus.TakingOver or HaStatus.Sole or HaStatus.Departing;

    /// <summary>The watchdog is usable, or the admin wrote that there is none.</summary>
    public bool WatchdogUsable => WatchdogTrouble is null;

    /// <summary>Why the watchdog cannot be counted on; null when it can, or the admin wrote that there is none.</summary>
    public string? WatchdogTrouble => Config.Config.Watchdog.Kind == WatchdogKind.None
        ? null : WatchdogRules.Trouble(Config.Timing, State.Watchdog.Facts);

    /// <summary>This host asks the peer to hold: its daemon is about to end, or the pair cannot work.</summary>
    public bool IsPausing => Durable.Disarm != 0 || Confirmed.Disarm != 0;

    /// <summary>The toolstack is held back by the boot guard: nobody else starts it or changes its role meanwhile.</summary>
    public bool GuardIsOpen => State.Procedures.Guard is { Said.Length: 0 };

    /// <summary>The mastership is on its way to the peer, by an order of this departing host.</summary>
    public bool HandingOver => State.Procedures.Departure is { } departure && Now < departure.HandOverUntil
        && (State.Pending.Has(Purpose.HandOver) || State.Peer.Beat is not { } beat
            || !beat.Has(Protocol.HeartbeatFlags.IsMaster | Protocol.HeartbeatFlags.ToolstackHealthy));
}
