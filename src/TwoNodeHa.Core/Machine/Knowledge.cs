using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>Questions about the state: each a pure function of (configuration, state, now).</summary>
public static class Knowledge
{
    /// <summary>Send time of the newest probe round that enough addresses answered; null when none.</summary>
    public static Instant? GatewayAnsweredAt(LocalConfig config, HaState state)
    {
        Span<long> answered = stackalloc long[state.Gateway.Answered.Length];
        var count = 0;
        foreach (var at in state.Gateway.Answered)
        {
            if (at is { } instant)
            {
                answered[count++] = instant.Ticks;
            }
        }

        var require = config.Config.Gateway.Require;
        if (count < require)
        {
            return null;
        }

        answered[..count].Sort();
        return new Instant(answered[count - require]);
    }

    /// <summary>The gateway verdict: answered by enough addresses within the gateway timeout.</summary>
    public static bool GatewayFresh(LocalConfig config, HaState state, Instant now) =>
        GatewayAnsweredAt(config, state) is { } at && now < at + config.Config.Gateway.Timeout;

    /// <summary>Graded verdict of the gateway.</summary>
    public static Health GatewayHealth(LocalConfig config, HaState state, Instant now)
    {
        if (GatewayAnsweredAt(config, state) is null)
        {
            return state.Gateway.Unanswered >= DoubtfulRounds ? Health.Lost : Health.Unknown;
        }

        if (!GatewayFresh(config, state, now))
        {
            return Health.Lost;
        }

        return state.Gateway.Unanswered >= DoubtfulRounds ? Health.Doubtful : Health.Healthy;
    }

    /// <summary>
    /// Enough probes in a row went unanswered to yield to a peer that has a gateway. Counted in probes, not in time
    /// alone: a host that merely slept has sent none.
    /// </summary>
    public static bool GatewayGoneForYield(LocalConfig config, HaState state, Instant now) =>
        !GatewayFresh(config, state, now) ||
        (state.Gateway.Unanswered >= YieldRounds
            && GatewayAnsweredAt(config, state) is { } at
            && now - at >= YieldAfter + config.Config.Gateway.ProbeInterval);

    /// <summary>
    /// The peer's newest word is from a time when it, too, would have missed a gateway that is gone for both: it notices that
    /// up to one probe interval after this host, and says so at once.
    /// </summary>
    public static bool PeerSpokeSinceLoss(LocalConfig config, HaState state) =>
        GatewayAnsweredAt(config, state) is not { } at
        || (state.Peer.LastHeard is { } heard && heard - at >= YieldAfter + config.Config.Gateway.ProbeInterval);

    /// <summary>A heartbeat proved a round trip within the lease.</summary>
    public static bool PeerFresh(LocalConfig config, HaState state, Instant now) =>
        state.Peer.LastFresh is { } fresh && now - fresh <= config.Timing.Lease;

    /// <summary>Something was heard of the peer within the lease, round trip or not.</summary>
    public static bool PeerHeard(LocalConfig config, HaState state, Instant now) =>
        state.Peer.LastHeard is { } heard && now - heard <= config.Timing.Lease;

    /// <summary>The newest heartbeat answers one of ours that was sent within the attest window: "near", by our clock.</summary>
    public static bool PeerNear(LocalConfig config, HaState state, Instant now) =>
        state.Peer.Beat is { AckSentAt: { } acked } beat
            && beat.AckIncarnation == state.Incarnation
            && now - acked <= config.Timing.AttestWindow;

    /// <summary>
    /// The peer is heard, but it does not hear us: its newest heartbeat acknowledges nothing that we sent within the lease.
    /// Judged by our own clock, so that the fence is over before the peer's takeover is due. A peer that has just started
    /// is given one lease; an attested one runs nothing and cannot be counting.
    /// </summary>
    public static bool OneWay(LocalConfig config, HaState state, Instant now)
    {
        var peer = state.Peer;
        if (!PeerHeard(config, state, now) || peer.Beat is not { } beat || beat.Attestation != 0)
        {
            return false;
        }

        // A peer that died is silent soon after its last acknowledgement; a deaf one goes on talking.
        if (peer.LastAcked is { } acked
            && (now < acked + config.Timing.Lease || peer.LastHeard - acked <= config.Timing.Lease / 2))
        {
            return false;
        }

        // After a silence both ways the first heartbeat acknowledges nothing yet: the answer to ours is on its way.
        if (peer.HeardSince is { } run && now - run <= config.Timing.HeartbeatInterval
            && (peer.LastAcked is not { } newest || run > newest + config.Timing.Lease))
        {
            return false;
        }

        var justStarted = peer.IncarnationSince is { } since && now - since <= config.Timing.Lease
            && !beat.Has(HeartbeatFlags.Deaf);
        return !justStarted && beat.Status is not (HaStatus.Disabled or HaStatus.Maintenance or HaStatus.Fencing);
    }

    /// <summary>The peer is heard and says that nothing of it is protected by a running right: it attested.</summary>
    public static bool PeerAttested(HaState state) => state.Peer.Beat is { Attestation: not 0 };

    /// <summary>A fence agent confirmed that the peer is off, and the peer was not heard since: an older word says nothing.</summary>
    public static bool PowerOffCounts(HaState state) =>
        state.PeerPowerOffAt is { } off && (state.Peer.LastHeard is not { } heard || off > heard);

    /// <summary>Guests run here, or it is not known that none do. A back-end is no guest: dom0 opens disks for itself too.</summary>
    public static bool MayRun(HaState state) => state.Domains is not { Guests.Length: 0 };

    /// <summary>Something here may write to shared storage, or it is not known that nothing does: guests, and what they left behind.</summary>
    public static bool MayWrite(HaState state) => state.Domains is not { IsQuiet: true };

    /// <summary>The hypervisor's own list was read and shows guests, were they shells: whatever has a domain can be started.</summary>
    public static bool Runs(HaState state) => state.Domains is { Guests.Length: > 0 };

    /// <summary>A commitment or a promise stands.</summary>
    public static bool BoundByWord(HaState state) => state.Durable.Committed || state.Durable.PromiseStands;

    /// <summary>The attestation that the peer may be told: durable, standing, and true by the hypervisor's own list.</summary>
    public static long SpokenAttestation(HaState state) =>
        state.Confirmed.Committed && state.Durable.Committed && !MayWrite(state)
            && state.Confirmed.Attestation == state.Durable.Attestation
            && state.Status is HaStatus.Joining or HaStatus.Fenced
                ? state.Confirmed.Attestation
                : 0;

    /// <summary>HA is off, and the other side cannot take over: it acknowledged, or it is under a promise.</summary>
    public static bool DisabledForBoth(HaState state)
    {
        var durable = state.Durable;
        // Enabled counts once it is durable, and the peer hears of it only then.
        if (state.Confirmed.Enabled || durable.StateLost || (durable.Enabled && state.Status != HaStatus.Disabled))
        {
            return false;
        }

        // What is not durable was never spoken: the peer answers for the newest setting that is.
        var generation = state.Confirmed.SwitchGeneration;
        var acknowledged = state.Confirmed.PeerSwitchGeneration == generation && !state.Confirmed.PeerEnabled;
        return generation == 0 || acknowledged || state.Confirmed.PeerPromise != 0;
    }

    /// <summary>XAPI's role of this host is master, by its role file.</summary>
    public static bool IsMaster(HaState state) => state.Toolstack is { RoleFile: PoolRole.Master };

    /// <summary>The toolstack answers and is not in emergency mode.</summary>
    public static bool ToolstackHealthy(HaState state) => state.Toolstack is { Running: true, Answers: true };

    /// <summary>The toolstack has finished its start-up in the role it should have.</summary>
    public static bool ToolstackReady(HaState state) =>
        state.Toolstack is { Running: true, Answers: true, Emergency: false, InitComplete: true };

    /// <summary>The watchdog is usable, or the admin wrote that there is none.</summary>
    public static bool WatchdogUsable(LocalConfig config, HaState state) => WatchdogTrouble(config, state) is null;

    /// <summary>Why the watchdog cannot be counted on; null when it can, or the admin wrote that there is none.</summary>
    public static string? WatchdogTrouble(LocalConfig config, HaState state) =>
        config.Config.Watchdog.Kind == WatchdogKind.None ? null : WatchdogRules.Trouble(config.Timing, state.Watchdog);

    /// <summary>States in which this host promises to fence in time.</summary>
    public static bool IsMember(HaStatus status) => status is HaStatus.Paired or HaStatus.Suspecting or HaStatus.Holding
        or HaStatus.Isolated or HaStatus.TakingOver or HaStatus.Sole or HaStatus.Departing;

    /// <summary>This host is bound: the peer may count on its fence.</summary>
    public static bool Armed(LocalConfig config, HaState state) =>
        IsMember(state.Status) && state.Durable.Enabled && !state.Durable.DisarmAcknowledged && !IsPausing(state)
            && (state.WatchdogArmed || config.Config.Watchdog.Kind == WatchdogKind.None) && WatchdogUsable(config, state);

    /// <summary>The daemon is about to end and asks the peer to hold.</summary>
    public static bool IsPausing(HaState state) => state.StopAskedAt is not null && state.Durable.Disarm != 0;

    /// <summary>Protected VMs that should run and do not run here, in order of their start.</summary>
    public static ImmutableArray<VmRecord> Missing(HaState state)
    {
        var builder = ImmutableArray.CreateBuilder<VmRecord>();
        foreach (var vm in state.Durable.Vms)
        {
            if (vm is { Protected: true, Wanted: true } && !RunsHere(state, vm.Uuid))
            {
                builder.Add(vm);
            }
        }

        builder.Sort(StartOrder);
        return builder.ToImmutable();
    }

    /// <summary>Whether anything is missing here; the allocation-free form of <see cref="Missing"/>.</summary>
    public static bool AnyMissing(HaState state)
    {
        foreach (var vm in state.Durable.Vms)
        {
            if (vm is { Protected: true, Wanted: true } && !RunsHere(state, vm.Uuid))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The hypervisor's own list shows the VM here. A shell of a migration is not the VM.</summary>
    public static bool RunsHere(HaState state, Guid vm)
    {
        if (state.Domains is not { } domains)
        {
            return false;
        }

        foreach (var guest in domains.Guests)
        {
            if (guest.Vm == vm && !guest.IsShell)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The peer's newest heartbeat lists the VM.</summary>
    public static bool RunsOnPeer(HaState state, Guid vm) =>
        state.Peer.Beat is { } beat && beat.Running.BinarySearch(VmShortId.Of(vm)) >= 0;

    /// <summary>
    /// This host could take over now. <c>null</c> when it could; otherwise the reason, which is said to the operator.
    /// </summary>
    public static string? Unfit(LocalConfig config, HaState state, Instant now)
    {
        if (!state.Durable.Enabled)
        {
            return "HA is disabled";
        }

        if (state.Durable.PromiseStands)
        {
            return "this host is under a promise (maintenance)";
        }

        if (!GatewayFresh(config, state, now) && !Rights.HasArbiter(state, now) && state.Confirmed.PeerPromise == 0)
        {
            return "the gateway does not answer";
        }

        if (state.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on (pool.ha_enabled)";
        }

        if (state.Database is { Hosts.Length: not 2 } database)
        {
            return $"the pool has {database.Hosts.Length} hosts, not two";
        }

        if (WatchdogTrouble(config, state) is { } trouble)
        {
            return $"the watchdog cannot be counted on ({trouble})";
        }

        if (state.Storage == Health.Lost)
        {
            return $"the storage of the protected VMs is not reachable ({state.StorageDetail})";
        }

        if (state.DiskTrouble.Length > 0)
        {
            return $"the durable state cannot be written ({state.DiskTrouble})";
        }

        if (state.Domains is null)
        {
            return "the hypervisor's list could not be read";
        }

        return state.StopAskedAt is not null ? "the daemon is about to end" : null;
    }

    /// <summary>
    /// (epoch, master of it, uuid) of this host is above the peer's. The master of the epoch goes on as master: the other would
    /// have to restart its toolstack first. Where the two name different ones, or one names none, both will adopt the higher
    /// uuid (<see cref="RoleCare.FollowEpoch"/>), and that one counts already: an answer that depended on who has adopted yet
    /// would let both go.
    /// </summary>
    public static bool OutranksPeer(LocalConfig config, HaState state)
    {
        var beat = state.Peer.Beat;
        var durable = state.Durable;
        if (durable.Epoch != (beat?.Epoch ?? 0))
        {
            return durable.Epoch > (beat?.Epoch ?? 0);
        }

        var named = beat?.Master ?? Guid.Empty;
        var master = named.CompareTo(durable.Master) > 0 ? named : durable.Master;
        return master == Guid.Empty ? config.Self.Uuid.CompareTo(config.Peer.Uuid) > 0 : master == config.Self.Uuid;
    }

    /// <summary>Probe rounds without an answer that make the gateway doubtful.</summary>
    internal const int DoubtfulRounds = 2;

    /// <summary>Probe rounds without an answer after which a host yields: at 10 % loss each way about 1 in 10^8.</summary>
    internal const int YieldRounds = 12;

    /// <summary>
    /// Rounds without an answer after which a host no longer says that it has the gateway. Sooner than it would yield: of
    /// two hosts that lose it together, each must hear that from the other before it could yield to it.
    /// </summary>
    internal const int DenyRounds = YieldRounds / 2;

    /// <summary>And this much time.</summary>
    internal static readonly TimeSpan YieldAfter = TimeSpan.FromSeconds(1.2);

    private static int StartOrder(VmRecord left, VmRecord right)
    {
        var byPriority = (left.Priority == RestartPriority.BestEffort).CompareTo(right.Priority == RestartPriority.BestEffort);
        if (byPriority != 0)
        {
            return byPriority;
        }

        var byOrder = left.Order.CompareTo(right.Order);
        return byOrder != 0 ? byOrder : left.Uuid.CompareTo(right.Uuid);
    }
}
