using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>Takes an authenticated heartbeat in: replay, incarnation, freshness, acknowledgement, handshakes.</summary>
internal static class HeartbeatIntake
{
    public static void Receive(Draft turn, Observation.HeartbeatReceived received)
    {
        var beat = received.Beat;
        if (beat.Sender != turn.Config.Peer.Uuid || beat.Incarnation.IsNone)
        {
            return;
        }

        var peer = turn.State.Peer;
        if (beat.Incarnation.Counter < turn.Durable.PeerIncarnation || IsReplay(peer.Beat, beat))
        {
            MarkLink(turn, received, peer.Beat);
            return;
        }

        if (peer.Beat is null || peer.Beat.Incarnation != beat.Incarnation)
        {
            MeetIncarnation(turn, beat);
        }

        var fresh = IsFresh(turn, beat);
        Accept(turn, beat, fresh);
        VmBook.HearOfStops(turn, beat);
        MarkLink(turn, received, beat);
        Handshakes.Hear(turn, beat, fresh);
    }

    private static bool IsReplay(Heartbeat? last, Heartbeat beat)
    {
        if (last is null)
        {
            return false;
        }

        // The same counter with another nonce is a peer that lost its durable state, or a forgery: neither may speak.
        return last.Incarnation.Counter == beat.Incarnation.Counter
            && (last.Incarnation.Nonce != beat.Incarnation.Nonce || beat.Sequence <= last.Sequence);
    }

    private static void MarkLink(Draft turn, Observation.HeartbeatReceived received, Heartbeat? newest)
    {
        var sameRound = newest is not null && newest.Incarnation == received.Beat.Incarnation
            && received.Beat.Sequence >= newest.Sequence - 1;
        if (sameRound && received.Link >= 0 && received.Link < turn.State.Peer.LinkHeard.Length)
        {
            turn.Peer = turn.Peer with { LinkHeard = turn.State.Peer.LinkHeard.SetItem(received.Link, turn.Now) };
        }
    }

    private static void MeetIncarnation(Draft turn, Heartbeat beat)
    {
        turn.Peer = turn.Peer with { StopsSeen = turn.State.Peer.StopsSeen.Clear() };
        turn.Peer = turn.State.Peer with { IncarnationSince = turn.Now, Beat = null, AttestedSince = null, GatewaySince = null, StorageSince = null };
        if (beat.Incarnation.Counter != turn.Durable.PeerIncarnation)
        {
            turn.Durable = turn.Durable with { PeerIncarnation = beat.Incarnation.Counter };
            turn.Report(HaEventId.PeerChanged, Severity.Info, $"a new daemon of {turn.Config.Peer.Name} is heard");
        }
    }

    /// <summary>Fresh means round trip: it acknowledges one of ours that was sent within the lease.</summary>
    private static bool IsFresh(Draft turn, Heartbeat beat) =>
        beat.AckIncarnation == turn.State.Life.Incarnation && beat.AckSentAt is { } acked
            && acked <= turn.Now && turn.Now - acked <= turn.Timing.Lease;

    private static void Accept(Draft turn, Heartbeat beat, bool fresh)
    {
        var peer = turn.State.Peer;
        var acked = peer.LastAcked;
        if (beat.AckIncarnation == turn.State.Life.Incarnation && beat.AckSentAt is { } sent && sent <= turn.Now)
        {
            acked = acked is { } known ? Instant.Max(known, sent) : sent;
        }

        // After a silence the answer goes out at once: a peer that has to wait for it may take this host for deaf.
        var silent = !turn.View.PeerHeard;
        if (silent)
        {
            turn.Schedule = turn.State.Schedule with { Heartbeat = turn.Now };
        }

        var attestedSince = beat.Attestation == 0 ? null
            : peer.Beat?.Attestation == beat.Attestation ? peer.AttestedSince : turn.Now;
        turn.Peer = peer with
            {
                Beat = beat,
                LastHeard = turn.Now,
                HeardSince = silent ? turn.Now : peer.HeardSince ?? peer.LastHeard,
                LastFresh = fresh ? turn.Now : peer.LastFresh,
                LastAcked = acked,
                Bound = BoundAfter(turn, beat, fresh, peer.Bound),
                AttestedSince = attestedSince,
                GatewaySince = beat.Has(HeartbeatFlags.GatewayFresh) ? peer.GatewaySince ?? turn.Now : null,
                StorageSince = beat.Has(HeartbeatFlags.StorageHealthy) ? peer.StorageSince ?? turn.Now : null,
            };
    }

    /// <summary>"Not bound" counts as soon as it is heard; "bound" only in a fresh heartbeat.</summary>
    private static bool? BoundAfter(Draft turn, Heartbeat beat, bool fresh, bool? before)
    {
        var armed = beat.Has(HeartbeatFlags.Armed) && beat.Has(HeartbeatFlags.Enabled)
            && beat.ConfigFingerprint == turn.Config.Fingerprint;
        if (!armed)
        {
            return false;
        }

        return fresh ? true : before;
    }
}
