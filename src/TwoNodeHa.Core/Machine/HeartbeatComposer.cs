using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>Composes the own heartbeat. Ids and the switch are spoken only once they are durable.</summary>
internal static class HeartbeatComposer
{
    public static Heartbeat Compose(TurnBuilder turn)
    {
        var running = Running(turn);
        var state = turn.State;
        var confirmed = state.Confirmed;
        var peer = state.Peer.Beat;
        var leave = IntendsTakeover(turn);
        return new Heartbeat
        {
            Sender = turn.Config.Self.Uuid,
            Incarnation = state.Incarnation,
            Sequence = 0,
            SentAt = default,
            AckIncarnation = peer?.Incarnation ?? Incarnation.None,
            AckSentAt = peer?.SentAt,
            Status = state.Status,
            Flags = Flags(turn, leave),
            Epoch = confirmed.Epoch,
            Master = confirmed.Master,
            Attestation = Knowledge.SpokenAttestation(state),
            Declined = confirmed.Declined,
            Promise = confirmed.PromiseStands && state.Durable.PromiseStands ? confirmed.Promise : 0,
            Readmitted = confirmed.Readmitted,
            Disarm = state.Durable.Disarm != 0 ? confirmed.Disarm : 0,
            DisarmAck = confirmed.PeerDisarmAck,
            SwitchGeneration = confirmed.SwitchGeneration,
            TakeoverInMs = leave is { } due ? (int)Math.Clamp((due - turn.Now).TotalMilliseconds, 0, int.MaxValue) : 0,
            ConfigFingerprint = turn.Config.Fingerprint,
            RunningCount = state.Domains?.Guests.Length ?? -1,
            Running = running,
            Missing = Missing(state),
        };
    }

    /// <summary>Whether the content differs in a way that the peer should hear at once.</summary>
    public static bool IsNews(Heartbeat? last, Heartbeat next) => last is null
        || last.Status != next.Status || (last.Flags & Urgent) != (next.Flags & Urgent) || last.Epoch != next.Epoch
        || last.Attestation != next.Attestation || last.Declined != next.Declined || last.Promise != next.Promise
        || last.Readmitted != next.Readmitted || last.Disarm != next.Disarm || last.DisarmAck != next.DisarmAck
        || last.SwitchGeneration != next.SwitchGeneration || last.AckIncarnation != next.AckIncarnation
        || last.RunningCount != next.RunningCount || !last.Running.AsSpan().SequenceEqual(next.Running.AsSpan()) || last.Master != next.Master;

    private const HeartbeatFlags Urgent = HeartbeatFlags.Armed | HeartbeatFlags.GatewayFresh | HeartbeatFlags.Deaf
        | HeartbeatFlags.Near | HeartbeatFlags.Enabled | HeartbeatFlags.WantsReadmission | HeartbeatFlags.MayStart | HeartbeatFlags.Departing;

    private static HeartbeatFlags Flags(TurnBuilder turn, Instant? leave)
    {
        var (config, state, now) = (turn.Config, turn.State, turn.Now);
        var silentSince = state.Peer.LastFresh is { } fresh ? Instant.Max(fresh, state.StartedAt) : state.StartedAt;
        var flags = HeartbeatFlags.None;
        Set(HeartbeatFlags.Armed, Knowledge.Armed(config, state));
        Set(HeartbeatFlags.GatewayFresh, Knowledge.GatewayFresh(config, state, now) && state.Gateway.Unanswered < Knowledge.DenyRounds);
        Set(HeartbeatFlags.Deaf, now - silentSince > config.Timing.Lease);
        Set(HeartbeatFlags.Near, Knowledge.PeerNear(config, state, now));
        Set(HeartbeatFlags.Fit, Knowledge.Unfit(config, state, now) is null && Knowledge.ToolstackHealthy(state));
        Set(HeartbeatFlags.ToolstackHealthy, Knowledge.ToolstackHealthy(state));
        Set(HeartbeatFlags.StorageHealthy, state.Storage == Health.Healthy || config.Config.Storage.Probes.IsEmpty);
        Set(HeartbeatFlags.Enabled, state.Confirmed.Enabled);
        Set(HeartbeatFlags.WantsReadmission, state.Confirmed is { PromiseStands: true, WantsReadmission: true });
        Set(HeartbeatFlags.RunsEverything, state.Domains is not null && !Knowledge.AnyMissing(state));
        Set(HeartbeatFlags.IntendsTakeover, leave is not null);
        Set(HeartbeatFlags.RunningTruncated, state.Domains is { Guests.Length: > Heartbeat.RunningMax });
        Set(HeartbeatFlags.IsMaster, Knowledge.IsMaster(state));
        Set(HeartbeatFlags.Departing, state.Departure is not null);
        Set(HeartbeatFlags.MayStart, RoleCare.MayStart(state));
        return flags;

        void Set(HeartbeatFlags flag, bool on) => flags |= on ? flag : HeartbeatFlags.None;
    }

    private static Instant? IntendsTakeover(TurnBuilder turn)
    {
        if (turn.State.Status == HaStatus.TakingOver)
        {
            return turn.Now;
        }

        return turn.State.Status is HaStatus.Suspecting or HaStatus.Joining or HaStatus.Fenced
            ? Leave.Evaluate(turn.Config, turn.State, turn.Now).DueAt
            : null;
    }

    private static ImmutableArray<ulong> Missing(HaState state)
    {
        if (!Knowledge.AnyMissing(state))
        {
            return [];
        }

        return [.. Knowledge.Missing(state).Where(vm => !Knowledge.RunsOnPeer(state, vm.Uuid))
            .Select(vm => VmShortId.Of(vm.Uuid)).Order()];
    }

    private static ImmutableArray<ulong> Running(TurnBuilder turn)
    {
        if (turn.State.Domains is not { Guests.Length: > 0 } domains)
        {
            return [];
        }

        // Needed for every heartbeat, changed only by a new list.
        if (!ReferenceEquals(turn.State.RunningIdsOf, domains))
        {
            var ids = domains.Guests.Where(static guest => !guest.IsShell).Select(static guest => VmShortId.Of(guest.Vm)).Order().Take(Heartbeat.RunningMax);
            turn.State = turn.State with { RunningIdsOf = domains, RunningIds = [.. ids] };
        }

        return turn.State.RunningIds;
    }
}
