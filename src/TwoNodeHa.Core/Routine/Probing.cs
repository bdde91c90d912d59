using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Rules;
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
        var called = turn.View.PowerOffCounts && turn.Schedule.PeerProbe > turn.Now + Deadlines.Burst;
        if (!silent || turn.State.Status is HaStatus.Disabled or HaStatus.Unknown || (turn.Now < turn.Schedule.PeerProbe && !called))
        {
            return;
        }

        var asked = turn.Peer.ProbedAt is { } last && turn.Now - last <= Deadlines.PeerProbeRest * 2 ? turn.Peer.ProbedSince : turn.Now;
        turn.Peer = turn.Peer with { ProbedAt = turn.Now, ProbedSince = asked };
        turn.Schedule = turn.Schedule with { PeerProbe = turn.Now + PeerProbeInterval(turn) };
        turn.Emit(new Command.ProbePeer());
    }

    /// <summary>
    /// A silent peer: ask for the arbiter's lease, and have the peer switched off, until one of them gives a permit. A disablement that the peer has
    /// not confirmed leaves this host bound: what runs here needs the lease as before, although nothing is taken over by it.
    /// </summary>
    public static void AskThirdParty(Draft turn)
    {
        var policy = turn.Config.Policy;
        if (!SilentForAMoment(turn) || turn.State.Status is HaStatus.Unknown or HaStatus.Disabled or HaStatus.Fencing or HaStatus.Maintenance)
        {
            return;
        }

        var enabled = turn.Durable.Enabled && turn.Disk.Confirmed.Enabled;
        if ((enabled || IsBoundByIt(turn.View)) && policy is { UsesArbiter: true, UsesReservation: false } && turn.Now >= turn.Schedule.Arbiter)
        {
            AskArbiter(turn);
        }

        if (enabled && policy.UsesFenceAgent && turn.Now >= turn.Schedule.Agent && FenceOrder.IsDue(turn.View))
        {
            AskAgent(turn);
        }
    }

    /// <summary>When a probe is due.</summary>
    public static Instant LookAgainAt(View view) => Instant.Min(
        Again.At(view, view.State.Schedule.Gateway), Again.At(view, view.State.Schedule.PeerProbe));

    /// <summary>A lost state does not tell whether HA was on.</summary>
    private static bool IsBoundByIt(View view) => view.MayRun && !view.Durable.StateLost;

    private static void AskArbiter(Draft turn)
    {
        turn.Schedule = turn.Schedule with { Arbiter = turn.Now + AskAgain(turn.View) };
        if (!LeavesItToThePeer(turn.View))
        {
            turn.Act(new HaAction.AcquireLease(), Deadlines.Arbiter, Purpose.AcquireLease);
            turn.ThirdParty = turn.ThirdParty with { LeaseAsked = true };
        }
    }

    /// <summary>A renewal that failed is tried again as soon as one may, not when the next one would have been due.</summary>
    public static void LeaseAnswered(Draft turn, Observation.ActionFinished finished)
    {
        if (finished.Outcome != ActionOutcome.Succeeded && turn.Now + Deadlines.ThirdPartySpacing is var soon && soon < turn.Schedule.Arbiter)
        {
            turn.Schedule = turn.Schedule with { Arbiter = soon };
        }
    }

    private static void AskAgent(Draft turn)
    {
        var (next, ordered) = (turn.Now + Deadlines.ThirdPartySpacing, FenceOrder.DueAt(turn.View));
        turn.Schedule = turn.Schedule with { Agent = turn.Now < ordered && ordered < next ? ordered : next };
        if (FenceOrder.IsOnlyRead(turn.View))
        {
            PeerPower.Read(turn);
        }
        else
        {
            PeerPower.SwitchOff(turn, Purpose.FencePeer);
        }
    }

    /// <summary>
    /// A sole host renews a third into its lease, and early enough that one call may be missed. Hosts of many pools that lost
    /// their peers at once must not ask in step: each is early by a part of its own.
    /// </summary>
    private static TimeSpan AskAgain(View view)
    {
        if (view.Status != HaStatus.Sole || !view.HasArbiter)
        {
            return Deadlines.ThirdPartySpacing;
        }

        var mixed = (view.State.Life.Incarnation.Nonce ^ (ulong)view.Now.Ticks) * 0x9E37_79B9_7F4A_7C15;
        var renewal = ArbiterRules.RenewalOf(view.Config.Config) * (1 - (0.1 * ((mixed >> 40) / (double)(1 << 24))));
        return renewal >= Deadlines.ThirdPartySpacing ? renewal : Deadlines.ThirdPartySpacing;
    }

    /// <summary>
    /// A host that could not take over lets a peer that can go first, and asks only halfway from there to the end of R1: with the lease in
    /// its hands the peer would fence what it runs, and nobody would start it.
    /// </summary>
    private static bool LeavesItToThePeer(View view) => !view.HasArbiter && Fitness.WhyNot(view) is not null
        && view.State.Peer.LastFresh is { } fresh && view.Now - fresh < (view.Timing.AttestWindow + view.Timing.Lease) / 2;

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
        return counting && (!answered || turn.View.PowerOffCounts) ? Deadlines.Burst : Deadlines.PeerProbeRest;
    }
}
