using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>Takes in what says something about the ways to the peer and beside it: gateway and the peer's kernel.</summary>
internal static class PathIntake
{
    public static void GatewayAnswered(Draft turn, Observation.GatewayAnswered answered)
    {
        var view = turn.Gateway;
        if (answered.Address < 0 || answered.Address >= view.Answered.Length || answered.SentAt > turn.Now
            || (view.Answered[answered.Address] is { } known && known >= answered.SentAt))
        {
            return;
        }

        var before = turn.View.GatewayAnsweredAt;
        turn.Gateway = view with { Answered = view.Answered.SetItem(answered.Address, answered.SentAt) };
        if (turn.View.GatewayAnsweredAt is { } newest && newest != before)
        {
            JudgeRound(turn, before, newest);
        }
    }

    public static void PeerAnswered(Draft turn, Observation.PeerAnswered answered)
    {
        if (answered.SentAt <= turn.Now && !(turn.Peer.SignOfLife >= answered.SentAt))
        {
            turn.Peer = turn.Peer with { SignOfLife = answered.SentAt, SignOfLifeKind = answered.Kind };
            VmBook.SeePeerAlive(turn);
        }
    }

    /// <summary>A peer whose replication is connected has a kernel that answers there: a sign of life, whatever else is silent.</summary>
    public static void ReplicasRead(Draft turn, Observation.ReplicasRead read)
    {
        HostIntake.ReplicasRead(turn, read);
        if (read.Replicas.FirstOrDefault(replica => replica.PeerConnected) is { } connected)
        {
            PeerAnswered(turn, new Observation.PeerAnswered($"drbd {connected.Resource}", read.AskedAt));
        }
    }

    private static void JudgeRound(Draft turn, Instant? before, Instant newest)
    {
        // A gap that nobody looked at is a gap all the same: it is judged here, when the late answer arrives.
        var view = turn.Gateway;
        var timeout = turn.Config.Config.Gateway.Timeout;
        var broken = before is not { } old || turn.Now >= old + timeout || view.FreshSince is null;
        var fresh = turn.Now < newest + timeout;

        // A question leaves a moment after it was ordered.
        var answered = view.LastRound is { } round && newest >= round ? view.LastRound : null;
        turn.Gateway = view with
        {
            FirstAnswerAt = view.FirstAnswerAt ?? turn.Now,
            Unanswered = answered is not null ? 0 : Math.Min(view.Unanswered, 1),
            FreshSince = !fresh ? null : broken ? turn.Now : view.FreshSince,
        };
        if (answered is { } last)
        {
            // Answered: the next round is due a full interval after this one, not after the short wait for a missing answer.
            turn.Schedule = turn.Schedule with { Gateway = last + turn.Config.Config.Gateway.ProbeInterval };
        }

        if (broken && fresh)
        {
            turn.Report(HaEventId.GatewayChanged, Severity.Notice, "the gateway answers");
        }
    }
}
