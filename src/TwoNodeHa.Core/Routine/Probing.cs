using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Routine;

/// <summary>Asks the gateway, the peer's kernel and third parties, when it is due.</summary>
internal static class Probing
{
    public static void ProbeGateway(Draft turn)
    {
        if (turn.Now < turn.Schedule.Gateway)
        {
            return;
        }

        var unanswered = Math.Min(turn.Gateway.Unanswered + 1, 1000);
        turn.Gateway = turn.Gateway with { Unanswered = unanswered, LastRound = turn.Now };
        turn.Schedule = turn.Schedule with { Gateway = turn.Now + GatewayInterval(turn, unanswered) };
        turn.Emit(new Command.ProbeGateway());
    }

    public static void ProbePeer(Draft turn)
    {
        var silent = !(turn.Peer.LastFresh is { } fresh && turn.Now - fresh <= turn.Timing.Lease / 2);
        if (!silent || turn.State.Status is HaStatus.Disabled or HaStatus.Unknown || turn.Now < turn.Schedule.PeerProbe)
        {
            return;
        }

        turn.Schedule = turn.Schedule with { PeerProbe = turn.Now + PeerProbeInterval(turn) };
        turn.Emit(new Command.ProbePeer());
    }

    /// <summary>A silent peer: ask for the arbiter's lease, and have the peer switched off, until one of them gives a permit.</summary>
    public static void AskThirdParty(Draft turn)
    {
        var policy = turn.Config.Policy;
        if ((!policy.UsesArbiter && !policy.UsesFenceAgent) || turn.Now < turn.Schedule.ThirdParty
            || !turn.Durable.Enabled || !turn.Disk.Confirmed.Enabled || !SilentForAMoment(turn)
            || turn.State.Status is HaStatus.Unknown or HaStatus.Disabled or HaStatus.Fencing or HaStatus.Maintenance)
        {
            return;
        }

        turn.Schedule = turn.Schedule with { ThirdParty = turn.Now + Deadlines.ThirdPartySpacing };
        if (policy.UsesArbiter)
        {
            turn.Act(new HaAction.AcquireLease(), Deadlines.Arbiter);
        }

        if (policy.UsesFenceAgent && MayFencePeer(turn.View))
        {
            turn.Abandon(Purpose.FencePeer);
            turn.Act(new HaAction.FencePeer(), Deadlines.FenceAgent, Purpose.FencePeer);
            turn.ThirdParty = turn.ThirdParty with { AgentRetryAt = turn.Now + Deadlines.FenceAgent };
        }
    }

    /// <summary>When a probe is due.</summary>
    public static Instant LookAgainAt(View view) => Instant.Min(
        Again.At(view, view.State.Schedule.Gateway), Again.At(view, view.State.Schedule.PeerProbe));

    /// <summary>
    /// One order at a time: a second one would switch the host off again after it was switched on. And a daemon that has just
    /// started has heard nobody yet.
    /// </summary>
    private static bool MayFencePeer(View view) =>
        (!view.State.Pending.Has(Purpose.FencePeer) || view.Now >= view.State.ThirdParty.AgentRetryAt)
        && view.Status == HaStatus.Suspecting && !view.PowerOffCounts && !view.PeerHeard
        && view.Now - view.State.Life.StartedAt > view.Timing.Lease;

    /// <summary>Early: the arbiter's lease must be in hand before R1 ends.</summary>
    private static bool SilentForAMoment(Draft turn) =>
        !(turn.Peer.LastFresh is { } fresh && turn.Now - fresh <= turn.Timing.AttestWindow);

    /// <summary>A missing answer shortens the wait, until it is plain that the gateway is gone; an answer sets it back.</summary>
    private static TimeSpan GatewayInterval(Draft turn, int unanswered)
    {
        var interval = turn.Config.Config.Gateway.ProbeInterval;
        return unanswered switch
        {
            1 => 2 * Deadlines.Burst <= interval ? 2 * Deadlines.Burst : interval,
            <= 3 * Deadlines.YieldRounds => Deadlines.Burst,

            // While the time of a yield runs, one answer in a hundred must be enough to end it.
            _ when turn.View.GatewayAnsweredAt is { } at && turn.Now - at <= turn.Config.Config.Gateway.YieldAfter
                => 2 * Deadlines.Burst <= interval ? 2 * Deadlines.Burst : interval,
            _ => interval,
        };
    }

    /// <summary>
    /// While the wait of a takeover runs, an unanswered question is repeated soon: at 60 % loss each way a kernel that lives
    /// is then missed for the quiet window about once in 10^6 waits, at two questions a second once in ten.
    /// </summary>
    private static TimeSpan PeerProbeInterval(Draft turn)
    {
        var answered = turn.Peer.SignOfLife is { } sign && turn.Now - sign < Deadlines.PeerProbeRest;
        var counting = turn.State.Status is HaStatus.Suspecting or HaStatus.Holding or HaStatus.Joining or HaStatus.Fenced;
        return counting && !answered ? Deadlines.Burst : Deadlines.PeerProbeRest;
    }
}
