using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>Failures after which the other host takes over.</summary>
internal sealed class LossStories(HaConfig config)
{
    private readonly StoryTimes _times = new(config);
    private readonly SilencePermit _permit = SilencePermit.Of(config);

    private bool HasWatchdog => config.Watchdog.Kind != WatchdogKind.None;

    public TimelineStory PowerLossOfSlave() => new()
    {
        Id = "power-loss-slave",
        Title = "The slave loses power",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "slave: power is gone, its VMs stop"),
            Row(_times.LeaseEnd, "master: heartbeats are no longer acknowledged; " + _permit.Meanwhile),
            Row(_permit.OfSlave, $"master: {_permit.By}; it keeps the role, so no promotion is needed"),
        ],
        Takeover = _permit.OfSlave,
        Outcome = "The master starts the slave's VMs at once" + ConnectReservation(),
    };

    public TimelineStory PowerLossOfMaster() => new()
    {
        Id = "power-loss-master",
        Title = "The master loses power",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "master: power is gone, its VMs stop"),
            Row(_times.LeaseEnd, "slave: heartbeats are no longer acknowledged; " + _permit.Meanwhile),
            Row(_permit.OfMaster, $"slave: {_permit.By} and becomes master"),
            Row(AfterPromotion(_permit.OfMaster), "new master: its toolstack is ready (typical), the VMs are started"),
        ],
        Takeover = _permit.OfMaster,
        Toolstack = StoryTimes.Promotion,
        Outcome = "The slave becomes master and starts the VMs; XAPI's database may be five minutes old, so HA's "
            + "own record says which",
    };

    public TimelineStory OnlyNetworkLost() => new()
    {
        Id = "network-lost",
        Title = config.LinkCount == 1
            ? "The management cable of one host is pulled, and it is the only link"
            : "All cables of one host are pulled",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "cut-off host: hears neither peer nor gateway (Isolated); its VMs still run"),
            Row(_times.RightEnd, "cut-off host: its right to run ends, it destroys its VMs"),
            Row(_times.Dead, HasWatchdog
                ? "cut-off host: nothing runs there, verified; else it was reset by the watchdog"
                : "cut-off host: nothing runs there, verified; else it resets itself, with no watchdog behind it"),
            .. config.Policy.UsesFenceAgent ? [Row(_times.LeaseEnd, "other host: " + _permit.Meanwhile)] : (TimelineRow[])[],
            Row(_permit.OfEither, "other host: " + _permit.By),
            Row(AfterPromotion(_permit.OfEither), "other host, if it had to become master: toolstack ready (typical)"),
        ],
        Takeover = _permit.OfEither,
        Toolstack = StoryTimes.Promotion,
        Outcome = "The other host starts the VMs; the cut-off host rejoins as slave when its network is back",
    };

    public TimelineStory ManagementLostSecondLinkAlive()
    {
        var hypothetical = !SafetyClass.HasIndependentLinks(config);
        return config.Policy.OnGatewayLoss == OnGatewayLoss.Stay
            ? ManagementLostStay(hypothetical)
            : ManagementLostYield(hypothetical);
    }

    public TimelineStory StorageLost()
    {
        var storage = config.Storage;
        var lost = new TimeRange(storage.ProbeTimeout - storage.ProbeInterval, storage.ProbeTimeout);
        var begin = new List<TimelineRow>
        {
            Row(TimeRange.At(TimeSpan.Zero), "host: its VMs wait for their disks; network and peer are healthy"),
            Row(new TimeRange(TimeSpan.Zero, 2 * storage.ProbeInterval), "host: a probe fails or hangs, the storage is doubtful"),
        };
        return storage.OnLoss == OnStorageLoss.Fence ? StorageLostFence(begin, lost) : StorageLostAlert(begin, lost);
    }

    public TimelineStory DaemonKilled() => new()
    {
        Id = "daemon-killed",
        Title = "The daemon of one host is killed",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "host: the daemon is gone, systemd starts it again; its VMs run on"),
            Row(_times.LeaseEnd, "peer: begins to count if the new daemon is not heard by then; a sign of life "
                + "holds it back"),
            Row(_times.Dead, HasWatchdog
                ? "host: reset by the watchdog if no new daemon feeds it by then, and on as in daemon-frozen"
                : "host: nothing happens, there is no watchdog; on as in daemon-frozen"),
        ],
        Outcome = "Nothing is stopped when the daemon is back in time, which is the normal case",
    };

    public TimelineStory DaemonFrozen() => HasWatchdog ? FrozenWithWatchdog() : FrozenWithoutWatchdog();

    public TimelineStory RebootFromShell()
    {
        var heard = _times.Heard(TimeRange.At(TimeSpan.Zero));
        return new TimelineStory
        {
            Id = "reboot-from-shell",
            Title = "The master is rebooted from its shell, HA not disabled before",
            Rows =
            [
                Row(TimeRange.At(TimeSpan.Zero), "master: the daemon hears of the shutdown before the toolstack "
                    + "stops (Departing)"),
                Row(heard, "slave: knows that the master departs; it starts nothing yet"),
                Row(TimeRange.At(TimeSpan.Zero), "master: its VMs stop in order; that takes the time the guests need"),
                Row(heard, "… after the last VM has stopped: the master attests it, the slave takes over at once (T1)"),
                Row(AfterPromotion(heard), "… slave: starts the VMs; where the mastership could not be handed over before they stopped, as soon as its toolstack is ready (typical)"),
            ],
            Takeover = heard,
            Toolstack = StoryTimes.Promotion,
            Outcome = "The times count from the stop of the last VM; the rebooted host comes back as slave",
        };
    }

    private TimelineStory ManagementLostYield(bool hypothetical)
    {
        var fenced = _times.YieldEnd.Plus(TimeSpan.Zero, config.Timing.KillBound);
        var heard = _times.Heard(fenced);
        return new TimelineStory
        {
            Id = "management-lost-second-link",
            Title = "The management cable of one host is pulled, another link lives",
            Hypothetical = hypothetical,
            Rows =
            [
                Row(TimeRange.At(TimeSpan.Zero), "cut-off host: no gateway; it still hears its peer on the other link"),
                Row(_times.YieldEnd, "cut-off host: yield_after is over, the peer had a gateway all the time and is fit, so it yields and "
                    + "destroys its VMs"),
                Row(fenced, "cut-off host: nothing runs there, verified; it attests that on the other link"),
                Row(heard, "other host: takes over at once (T1), without any wait for silence"),
                Row(AfterPromotion(heard), "other host, if it had to become master: toolstack ready (typical)"),
            ],
            Takeover = heard,
            Toolstack = StoryTimes.Promotion,
            Outcome = "The other host starts the VMs; no waiting time, only the time the kill really takes",
        };
    }

    private TimelineStory ManagementLostStay(bool hypothetical) => new()
    {
        Id = "management-lost-second-link",
        Title = "The management cable of one host is pulled, another link lives",
        Hypothetical = hypothetical,
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "cut-off host: no gateway; it still hears its peer on the other link"),
            Row(_times.GatewayEnd, "cut-off host: on_gateway_loss = stay, so it keeps its VMs and raises an alert"),
        ],
        Outcome = "The VMs run on without the management network until a person acts",
        EndsWell = false,
    };

    private TimelineStory StorageLostFence(List<TimelineRow> rows, TimeRange lost)
    {
        var fenced = lost.Plus(TimeSpan.Zero, config.Timing.KillBound);
        var heard = _times.Heard(fenced);
        var silence = fenced.Plus(_permit.OfEither.From, _permit.OfEither.To);
        rows.Add(Row(lost, "host: not readable for the whole probe_timeout; the peer reads it and is fit, so it destroys its VMs"));
        rows.Add(Row(fenced, "host: nothing runs there, verified, and it attests that; a disk back-end that hangs in the lost "
            + "storage cannot be verified: then it is reset"));
        rows.Add(Row(heard, "peer: takes over at once (T1)"));
        rows.Add(Row(silence, "peer, if the host had to be reset: " + _permit.By));
        return new TimelineStory
        {
            Id = "storage-lost",
            Title = "One host loses the storage of its VMs, the other one still reads it",
            Hypothetical = config.Storage.Probes.IsEmpty,
            Rows = [.. rows],
            Takeover = new TimeRange(heard.From, silence.To),
            Toolstack = StoryTimes.Promotion,
            Outcome = "The peer starts the VMs; the host rejoins as slave when it reads the storage again. Lost for both: alert, "
                + "nobody fences",
        };
    }

    private TimelineStory StorageLostAlert(List<TimelineRow> rows, TimeRange lost)
    {
        rows.Add(Row(lost, "host: not readable for the whole probe_timeout: alert; it could not take over any more"));
        return new TimelineStory
        {
            Id = "storage-lost",
            Title = "One host loses the storage of its VMs, the other one still reads it",
            Hypothetical = config.Storage.Probes.IsEmpty,
            Rows = [.. rows],
            Outcome = "on_storage_loss = alert: the VMs wait on this host until the storage is back or a person acts",
            EndsWell = false,
        };
    }

    private TimelineStory FrozenWithWatchdog() => new()
    {
        Id = "daemon-frozen",
        Title = "The daemon of one host is frozen, or all of its dom0",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "host: the watchdog is not fed any more; its VMs still run"),
            Row(_times.LeaseEnd, config.Policy.HasThirdParty ? "peer: silence; " + _permit.Meanwhile
                : "peer: silence; while the host answers on any network, that sign of life holds a takeover back"),
            Row(_times.Dead, "host: reset by the watchdog, which was armed for the rest of its right to run plus "
                + "the kill"),
            Row(_permit.OfEither, "peer: " + _permit.By),
            Row(AfterPromotion(_permit.OfEither), "peer, if it had to become master: toolstack ready (typical)"),
        ],
        Takeover = _permit.OfEither,
        Toolstack = StoryTimes.Promotion,
        Outcome = "The peer starts the VMs; the reset host comes back as slave",
    };

    private TimelineStory FrozenWithoutWatchdog() => new()
    {
        Id = "daemon-frozen",
        Title = "The daemon of one host is frozen, or all of its dom0",
        Rows =
        [
            Row(TimeRange.At(TimeSpan.Zero), "host: nothing supervises it any more; its VMs run on"),
            Row(_times.Silence, "peer: while the host answers on any network it holds and asks; if nothing answers, "
                + "it takes over"),
        ],
        Outcome = "There is no watchdog: a frozen dom0 is not reset, and a VM may run on both hosts",
        EndsWell = false,
    };

    /// <summary>Without a blocker each of XAPI's contacts to a dead peer waits for a connection time-out.</summary>
    private string ConnectReservation() => config.Tools.BlockPeer.Length > 0
        ? ""
        : "; without [tools] block_peer each start may wait for a connection time-out of XAPI to the dead host";

    private static TimeRange AfterPromotion(TimeRange takeover) =>
        takeover.Plus(StoryTimes.Promotion.From, StoryTimes.Promotion.To);

    private static TimelineRow Row(TimeRange when, string what) => new(when, what);
}
