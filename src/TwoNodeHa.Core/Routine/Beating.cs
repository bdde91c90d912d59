using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Routine;

/// <summary>Sends the own heartbeat when it is due, or when it has news.</summary>
internal static class Beating
{
    public static void Beat(Draft turn)
    {
        // A host that does not know yet what runs on it has nothing to say; and an incarnation that is not durable
        // could be given out twice.
        if (turn.State.Status == HaStatus.Unknown || turn.Disk.Confirmed.Incarnation != turn.Life.Incarnation.Counter)
        {
            return;
        }

        var next = HeartbeatComposer.Compose(turn);
        if (turn.Now < turn.Schedule.Heartbeat && !HeartbeatComposer.IsNews(turn.Schedule.LastBeat, next))
        {
            return;
        }

        var sequence = turn.Schedule.Sequence + 1;
        next = next with { Sequence = sequence, SentAt = turn.Now };
        turn.Schedule = turn.Schedule with { Sequence = sequence, LastBeat = next, Heartbeat = turn.Now + Interval(turn.View) };
        turn.Emit(new Command.SendHeartbeat(next));
    }

    /// <summary>When the next heartbeat is due.</summary>
    public static Instant LookAgainAt(View view) => Again.At(view, view.State.Schedule.Heartbeat);

    /// <summary>Doubt shortens the interval: a lossy link then costs heartbeats, not VMs.</summary>
    private static TimeSpan Interval(View view)
    {
        var (peer, interval, quiet) = (view.State.Peer, view.Timing.HeartbeatInterval, view.Timing.QuietWindow);
        var lately = peer.LastHeard is { } heard && view.Now - heard <= quiet;
        var doubt = peer.LastAcked is { } at && view.Now - at > (interval * 2) + Deadlines.Burst
            && (lately || view.Now - at <= quiet);
        return doubt || (lately && PeerWaitsForWord(view)) || HoldsForSigns(view) ? interval / 8 : interval;
    }

    /// <summary>A peer that hears us one way leans on the announced takeover: a lost heartbeat must not end its right.</summary>
    private static bool HoldsForSigns(View view) => view.Status is HaStatus.Suspecting or HaStatus.Holding
        && view.State.Peer.SignOfLife is { } sign && view.Now <= sign + view.Config.Rules.SignOfLifeHold;

    /// <summary>A peer that has lost its gateway waits for our newest word before it yields.</summary>
    private static bool PeerWaitsForWord(View view) => view.Status == HaStatus.Paired
        && view.State.Peer.Beat is { } beat && !beat.Has(HeartbeatFlags.GatewayFresh) && view.GatewayFresh;
}
