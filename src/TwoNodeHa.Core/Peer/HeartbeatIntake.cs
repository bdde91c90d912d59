using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
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
            if (beat.Incarnation.Counter < turn.Durable.PeerIncarnation)
            {
                Reject(turn, beat);
            }
            else if (IsSecondOfNumber(peer.Beat, beat))
            {
                // Its state went back by one start: the mirror names a number above the one that was given out twice.
                Reject(turn, beat);
                turn.Durable = turn.Durable with { PeerIncarnation = beat.Incarnation.Counter + 1 };
            }

            MarkLink(turn, received, peer.Beat);
            return;
        }

        if (peer.Beat is null || peer.Beat.Incarnation != beat.Incarnation)
        {
            MeetIncarnation(turn, beat);
        }

        var fresh = IsFresh(turn, beat);
        HearClock(turn, beat, fresh);
        Accept(turn, beat, fresh);
        HearAnnouncement(turn, beat);
        VmBook.SeePeerAlive(turn);
        VmBook.HearOfStops(turn, beat);
        VmBook.HearStopped(turn, beat.Stopped);
        MarkLink(turn, received, beat);
        HearBond(turn, beat, fresh);
        Reinstalled.HearPeer(turn, beat);
        MirrorIntake.Hear(turn, beat);
        Handshakes.Hear(turn, beat, fresh);
        HearReturn(turn, beat);
    }

    /// <summary>A master that goes down and stays master is waited for until it is heard as a member again.</summary>
    private static void HearReturn(Draft turn, Heartbeat beat)
    {
        var known = turn.Durable.PeerReturns;
        if (beat.Has(HeartbeatFlags.Returns) && turn.Durable.Master == turn.Config.Peer.Uuid)
        {
            turn.Durable = turn.Durable with { PeerReturns = true };
            turn.Peer = turn.State.Peer with { ReturnsSince = known ? turn.State.Peer.ReturnsSince : turn.Now };
            if (!known)
            {
                turn.Report(HaEventId.Maintenance, Severity.Notice, MasterReturn.Sentence(turn.View));
            }
        }
        else if (known && !beat.Has(HeartbeatFlags.Returns) && View.IsMember(beat.Status))
        {
            turn.Durable = turn.Durable with { PeerReturns = false };
            turn.Peer = turn.State.Peer with { ReturnsSince = null };
        }
    }

    /// <summary>
    /// A recording of a dead daemon, or a host whose state went back to an older copy. The mirror in this host's heartbeats
    /// names the number that it must pass (protocol.md, mirror).
    /// </summary>
    private static void Reject(Draft turn, Heartbeat beat)
    {
        var peer = turn.Peer;
        turn.Peer = peer with { Rejected = peer.Rejected + 1 };
        if (turn.View.PeerHeard || (peer.RejectedToldAt is { } told && turn.Now - told < Deadlines.RejectedSpacing))
        {
            return;
        }

        turn.Peer = turn.Peer with { RejectedToldAt = turn.Now };
        turn.Report(HaEventId.PeerChanged, Severity.Warning,
            $"heartbeats of {turn.Config.Peer.Name} are rejected: incarnation {beat.Incarnation.Counter}, it previously used "
            + $"{turn.Durable.PeerIncarnation}. Its state went back to an older copy, or a recording is played; told to go above that number");
    }

    /// <summary>"Not bound" counts as soon as it is heard; "bound" only in a fresh heartbeat, and only once it is on disk.</summary>
    private static void HearBond(Draft turn, Heartbeat beat, bool fresh)
    {
        var bound = IsBound(turn, beat);
        if (bound != turn.Durable.PeerBound && (fresh || !bound))
        {
            turn.Durable = turn.Durable with { PeerBound = bound };
        }

        if (beat.Attestation > turn.Durable.PeerAttestation)
        {
            turn.Durable = turn.Durable with { PeerAttestation = beat.Attestation };
        }
    }

    /// <summary>It fences in time, is fencing, or gave its word that nothing runs there.</summary>
    private static bool IsBound(Draft turn, Heartbeat beat) => beat.Attestation != 0 || beat.Status == HaStatus.Fencing
        || (beat.Has(HeartbeatFlags.Armed | HeartbeatFlags.Enabled) && beat.ConfigFingerprint == turn.Config.Fingerprint);

    /// <summary>
    /// Ours was sent before it was acknowledged: a bound of what the two clocks show, the tighter the newer the acknowledged one.
    /// Only differences of one clock are ever taken, and drift is counted from this moment on.
    /// </summary>
    private static void HearClock(Draft turn, Heartbeat beat, bool fresh)
    {
        if (fresh && (turn.Peer.ClockOwn is null || beat.AckSentAt > turn.Peer.LastAcked))
        {
            turn.Peer = turn.Peer with { ClockOwn = beat.AckSentAt, ClockPeer = beat.SentAt };
        }
    }

    /// <summary>Announced takeovers never move to an earlier time, so that the latest one counts (protocol.md, R2).</summary>
    private static void HearAnnouncement(Draft turn, Heartbeat beat)
    {
        if (turn.Peer is { ClockOwn: { } own, ClockPeer: { } theirs } && beat.SentAt >= theirs && beat.TakeoverInMs > 0)
        {
            var announced = beat.SentAt + TimeSpan.FromMilliseconds(beat.TakeoverInMs) - theirs;
            var floor = own + turn.Config.Rules.AtLeastHere(announced);
            turn.Peer = turn.Peer with { TakeoverFloor = turn.Peer.TakeoverFloor is { } known ? Instant.Max(known, floor) : floor };
        }
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

    private static bool IsSecondOfNumber(Heartbeat? last, Heartbeat beat) =>
        last?.Incarnation.Counter == beat.Incarnation.Counter && last.Incarnation.Nonce != beat.Incarnation.Nonce;

    /// <summary>
    /// The link carries what is new on it: the same heartbeat comes over each link once, and a recording of one that this link
    /// has carried before says nothing of it.
    /// </summary>
    private static void MarkLink(Draft turn, Observation.HeartbeatReceived received, Heartbeat? newest)
    {
        var sameRound = newest is not null && newest.Incarnation == received.Beat.Incarnation
            && received.Beat.Sequence >= newest.Sequence - 1;
        if (sameRound && received.Link >= 0 && received.Link < turn.Peer.LinkHeard.Length
            && received.Beat.Sequence > turn.Peer.LinkSequence[received.Link])
        {
            turn.Peer = turn.Peer with
            {
                LinkHeard = turn.Peer.LinkHeard.SetItem(received.Link, turn.Now),
                LinkSequence = turn.Peer.LinkSequence.SetItem(received.Link, received.Beat.Sequence),
            };
        }
    }

    private static void MeetIncarnation(Draft turn, Heartbeat beat)
    {
        turn.Peer = turn.Peer with { StopsSeen = turn.State.Peer.StopsSeen.Clear() };
        turn.Peer = turn.State.Peer with
        {
            IncarnationSince = turn.Now,
            Beat = null,
            AttestedSince = null,
            GatewaySince = null,
            StorageSince = null,
            ClockOwn = null,
            ClockPeer = null,
            TakeoverFloor = null,
            LinkSequence = [.. new long[turn.Peer.LinkSequence.Length]],
        };
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

    /// <summary>Send time of the newest own heartbeat that the peer acknowledged.</summary>
    private static Instant? Acked(Draft turn, Heartbeat beat)
    {
        var known = turn.Peer.LastAcked;
        if (beat.AckIncarnation != turn.Life.Incarnation || beat.AckSentAt is not { } sent || sent > turn.Now)
        {
            return known;
        }

        return known is { } before ? Instant.Max(before, sent) : sent;
    }

    private static void Accept(Draft turn, Heartbeat beat, bool fresh)
    {
        var peer = turn.State.Peer;
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
            ToolstackAnsweredAt = null,
            HeardSince = silent ? turn.Now : peer.HeardSince ?? peer.LastHeard,
            NearSince = peer.LastHeard is { } last && turn.Now - last <= turn.Timing.AttestWindow ? peer.NearSince ?? turn.Now : turn.Now,
            LastFresh = fresh ? turn.Now : peer.LastFresh,
            LastAcked = Acked(turn, beat),
            AttestedSince = attestedSince,
            GatewaySince = beat.Has(HeartbeatFlags.GatewayFresh) ? peer.GatewaySince ?? turn.Now : null,
            StorageSince = beat.Has(HeartbeatFlags.StorageHealthy) ? peer.StorageSince ?? turn.Now : null,
        };
    }
}
