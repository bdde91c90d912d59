using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>Composes the own heartbeat. Ids and the switch are spoken only once they are durable.</summary>
internal static class HeartbeatComposer
{
    public static Heartbeat Compose(Draft turn)
    {
        var running = Running(turn);
        var state = turn.State;
        var confirmed = state.Disk.Confirmed;
        var peer = state.Peer.Beat;
        var leave = IntendsTakeover(turn);
        return new Heartbeat
        {
            Sender = turn.Config.Self.Uuid,
            Incarnation = state.Life.Incarnation,
            Sequence = 0,
            SentAt = default,
            AckIncarnation = peer?.Incarnation ?? Incarnation.None,
            AckSentAt = IsHealing(turn.View) ? null : peer?.SentAt,
            Status = state.Status,
            Flags = Flags(turn, leave),
            Epoch = confirmed.Epoch,
            Master = confirmed.Master,
            Attestation = turn.View.SpokenAttestation,
            Declined = confirmed.Declined,
            Promise = confirmed.PromiseStands ? confirmed.Promise : 0,
            Readmitted = confirmed.Readmitted,
            Disarm = confirmed.Disarm,
            DisarmAck = confirmed.PeerDisarmAck,
            SwitchGeneration = confirmed.SwitchGeneration,
            TakeoverInMs = TakeoverInMs(turn),
            ConfigFingerprint = turn.Config.Fingerprint,
            RunningCount = state.Host.Domains?.Guests.Length ?? -1,
            Running = running,
            Missing = Missing(turn.View),
            Stopped = Stopped(turn.View),
            Mirror = MirrorOf(state),
            ReenableAtUnixMs = confirmed.Enabled ? 0 : confirmed.ReenableAtUnixMs,
            ReenableInMs = confirmed is { Enabled: false, ReenableAtUnixMs: > 0 } && state.Life.ReenableAt is { } over
                ? Math.Max(1, (long)(over - turn.Now).TotalMilliseconds) : 0,
        };
    }

    /// <summary>
    /// A promise that this state had lost stands again, and is not on disk yet: an answer that does not speak of it would say that it
    /// is gone.
    /// </summary>
    private static bool IsHealing(View view) => view is { Durable.PromiseStands: true, Confirmed: { PromiseStands: false, Maintenance: null } };

    /// <summary>Whether the content differs in a way that the peer should hear at once.</summary>
    public static bool IsNews(Heartbeat? last, Heartbeat next) => last is null
        || last.Status != next.Status || (last.Flags & Urgent) != (next.Flags & Urgent) || last.Epoch != next.Epoch || WordsDiffer(last, next)
        || last.SwitchGeneration != next.SwitchGeneration || last.AckIncarnation != next.AckIncarnation
        || last.RunningCount != next.RunningCount || !last.Running.AsSpan().SequenceEqual(next.Running.AsSpan()) || last.Master != next.Master
        || !last.Stopped.AsSpan().SequenceEqual(next.Stopped.AsSpan())
        || last.Mirror != next.Mirror || last.ReenableAtUnixMs != next.ReenableAtUnixMs
        || last.ReenableInMs > 0 != next.ReenableInMs > 0;

    private static bool WordsDiffer(Heartbeat last, Heartbeat next) =>
        last.Attestation != next.Attestation || last.Declined != next.Declined || last.Promise != next.Promise
        || last.Readmitted != next.Readmitted || last.Disarm != next.Disarm || last.DisarmAck != next.DisarmAck;

    private const HeartbeatFlags Urgent = HeartbeatFlags.Armed | HeartbeatFlags.GatewayFresh | HeartbeatFlags.Deaf
        | HeartbeatFlags.Near | HeartbeatFlags.Enabled | HeartbeatFlags.WantsReadmission | HeartbeatFlags.MayStart | HeartbeatFlags.Departing | HeartbeatFlags.Returns;

    private static HeartbeatFlags Flags(Draft turn, Instant? leave)
    {
        var (config, state, now) = (turn.Config, turn.State, turn.Now);
        var flags = HeartbeatFlags.None;
        Set(HeartbeatFlags.Armed, Bond.Holds(turn.View));
        Set(HeartbeatFlags.GatewayFresh, turn.View.GatewayFresh && state.Gateway.Unanswered < Deadlines.DenyRounds);
        Set(HeartbeatFlags.Deaf, now - TakeoverPermit.LastFresh(turn.View) > config.Timing.Lease);
        Set(HeartbeatFlags.Near, turn.View.PeerNear);
        Set(HeartbeatFlags.Fit, Fitness.WhyNot(turn.View) is null && turn.View.ToolstackHealthy);
        Set(HeartbeatFlags.ToolstackHealthy, turn.View.ToolstackHealthy);
        Set(HeartbeatFlags.StorageHealthy, state.Host.Storage == Health.Healthy || config.Config.Storage.Probes.IsEmpty);
        Set(HeartbeatFlags.Enabled, state.Disk.Confirmed.Enabled);
        Set(HeartbeatFlags.WantsReadmission, state.Disk.Confirmed is { PromiseStands: true, WantsReadmission: true });
        Set(HeartbeatFlags.RunsEverything, state.Host.Domains is not null && !turn.View.AnyMissing);
        Set(HeartbeatFlags.IntendsTakeover, leave is not null);
        Set(HeartbeatFlags.RunningTruncated, state.Host.Domains is { Guests.Length: > Heartbeat.RunningMax });
        Set(HeartbeatFlags.IsMaster, turn.View.IsMaster);
        Set(HeartbeatFlags.Departing, state.Procedures.Departure is not null);
        Set(HeartbeatFlags.Returns, state.Disk.Confirmed.KeepsMastership && state.Durable.KeepsMastership);
        Set(HeartbeatFlags.TooNew, state.Host.Toolstack is { TooNew: true });
        Set(HeartbeatFlags.MayStart, turn.View.ToolstackMayStart);
        return flags;

        void Set(HeartbeatFlags flag, bool on) => flags |= on ? flag : HeartbeatFlags.None;
    }

    /// <summary>From the disk; the same object as in the heartbeat before, while it says the same.</summary>
    private static Mirror MirrorOf(HaState state)
    {
        var confirmed = state.Disk.Confirmed;
        var mirror = new Mirror
        {
            Promise = confirmed.PeerPromise,
            Pause = confirmed.PeerDisarm,
            Bound = confirmed.PeerBound && state.Durable.PeerBound,
            Attestation = confirmed.PeerAttestation,
            SwitchGeneration = confirmed.PeerSwitchGeneration,
            Enabled = confirmed.PeerEnabled,
            LowestIncarnation = confirmed.PeerIncarnation,
        };
        return mirror == state.Schedule.LastBeat?.Mirror ? state.Schedule.LastBeat.Mirror : mirror;
    }

    /// <summary>Rounded down. Said before the silence begins to count: who is heard one way needs it by the end of its lease.</summary>
    private static int TakeoverInMs(Draft turn) => turn.State.Status is HaStatus.TakingOver or HaStatus.Sole ? 0
        : (int)Math.Clamp((TakeoverPermit.EarliestBySilence(turn.View) - turn.Now).TotalMilliseconds, 0, int.MaxValue);

    private static Instant? IntendsTakeover(Draft turn)
    {
        if (turn.State.Status == HaStatus.TakingOver)
        {
            return turn.Now;
        }

        return turn.State.Status is HaStatus.Suspecting or HaStatus.Holding or HaStatus.Joining or HaStatus.Fenced
            ? TakeoverPermit.Of(turn.View).DueAt
            : null;
    }

    private static ImmutableArray<ulong> Missing(View view)
    {
        if (!view.AnyMissing)
        {
            return [];
        }

        // By id: the order of starts says nothing to the peer.
        var missing = new List<ulong>();
        foreach (var vm in view.Durable.Vms)
        {
            if (vm is { Protected: true, Wanted: true } && !view.RunsHere(vm.Uuid) && !view.RunsOnPeer(vm.Uuid))
            {
                missing.Add(VmShortId.Of(vm.Uuid));
            }
        }

        missing.Sort();
        return [.. missing];
    }

    /// <summary>What the peer misses without a reason: it could not read that somebody stopped or deleted it.</summary>
    private static ImmutableArray<ulong> Stopped(View view)
    {
        var missing = view.State.Peer.Beat?.Missing ?? [];
        if (missing.IsEmpty)
        {
            return [];
        }

        var confirmed = view.State.Disk.Confirmed;
        var stopped = confirmed.Vms.Where(vm => vm is { StopSeen: true, Wanted: false } && !view.RunsHere(vm.Uuid)).Select(static vm => vm.Uuid)
            .Concat(confirmed.Deleted.Select(static gone => gone.Uuid));
        return [.. stopped.Select(VmShortId.Of).Where(id => missing.BinarySearch(id) >= 0).Distinct().Order().Take(Heartbeat.StoppedMax)];
    }

    private static ImmutableArray<ulong> Running(Draft turn)
    {
        if (turn.State.Host.Domains is not { Guests.Length: > 0 } domains)
        {
            return [];
        }

        // Needed for every heartbeat, changed only by a new list.
        if (!ReferenceEquals(turn.State.Host.RunningIdsOf, domains))
        {
            var ids = domains.Guests.Where(static guest => !guest.IsShell).Select(static guest => VmShortId.Of(guest.Vm)).Order().Take(Heartbeat.RunningMax);
            turn.Host = turn.Host with
            {
                RunningIdsOf = domains,
                RunningIds = [.. ids],
            };
        }

        return turn.State.Host.RunningIds;
    }
}
