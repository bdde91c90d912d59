using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>The permit to take over, or why there is none (protocol.md, T1 to T6: all of a line must hold).</summary>
/// <param name="Rule">Rule that gives the permit; None when refused.</param>
/// <param name="Refusal">Why not; empty when there is a permit, or nothing to take over.</param>
/// <param name="DueAt">When T2 is due if the silence lasts; null when it is not counting.</param>
/// <param name="Ambiguous">The wait is over, but the peer may be alive: hold and ask.</param>
public readonly record struct TakeoverPermit(TakeoverRule Rule, string Refusal, Instant? DueAt, bool Ambiguous)
{
    /// <summary>True when there is a permit.</summary>
    public bool Granted => Rule != TakeoverRule.None;

    /// <summary>The permit at this moment.</summary>
    public static TakeoverPermit Of(View view)
    {
        if (Fitness.WhyNot(view) is { } unfit)
        {
            return Refuse(unfit);
        }

        if (MasterReturn.AwaitedUntil(view) is { } until)
        {
            return new TakeoverPermit(TakeoverRule.None, MasterReturn.Sentence(view), until, true);
        }

        if (IsAttested(view))
        {
            return Grant(TakeoverRule.Attested);
        }

        if (IsPromised(view))
        {
            return Grant(TakeoverRule.Promised);
        }

        if (view.PeerFresh)
        {
            return Refuse(view.Durable.Committed && view.PromiseOfPeerHolds && PeerBond.WhyNot(view) is not null
                ? "the peer is heard, and although it is in maintenance something there may still write to shared disks" : "the peer is heard");
        }

        if (view.Status == HaStatus.Sole && !HasGivenMastership(view))
        {
            return Refuse("taken over already; the peer was not heard since");
        }

        return OfASilentPeer(view);
    }

    /// <summary>When the verdict can change although nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => Again.First(
        MasterReturn.AwaitedUntil(view) ?? Again.Never,
        Again.After(view, view.State.Peer.LastFresh, view.Timing.Lease),
        Again.After(view, view.State.Peer.LastFresh, view.Timing.TakeoverDelay),
        Again.After(view, view.State.Gateway.FreshSince, view.Timing.TakeoverDelay),
        Again.After(view, view.State.Life.StartedAt, view.Timing.TakeoverDelay),
        Again.After(view, view.State.Peer.SignOfLife, view.Config.Rules.SignOfLifeHold),
        Again.After(view, view.State.Peer.LastHeard, view.Timing.QuietWindow),
        Again.After(view, view.State.Peer.ProbedAt is null ? null : view.State.Peer.ProbedSince, AskedFor(view.Timing)),
        Again.After(view, view.State.ThirdParty.PeerPowerOffAt, Deadlines.PowerOffQuiet),
        view.Policy.UsesReservation && view.ArbiterSince is { } alone ? Again.At(view, ReservationWait.FormerHasFenced(view, alone)) : Again.Never,
        Again.After(view, view.State.ThirdParty.PeerPowerOffAt, Deadlines.PowerOffCounts),
        view.State.ThirdParty.StoreMissedAt is { } missed
            ? Again.After(view, missed, ArbiterRules.LeaseOf(view.Config.Config) * Deadlines.ArbiterDrift) : Again.Never);

    /// <summary>
    /// No takeover by silence before this, whatever is heard from now on: said in every heartbeat. A host that is heard one way
    /// leans on it, so it never moves to an earlier time within an incarnation; what only delays a takeover is left out.
    /// </summary>
    public static Instant EarliestBySilence(View view)
    {
        var due = LastFresh(view) + view.Timing.TakeoverDelay;
        return HoldsForSigns(view) && view.State.Peer.SignOfLife is { } sign
            ? Instant.Max(due, sign + view.Config.Rules.SignOfLifeHold) : due;
    }

    /// <summary>
    /// There is something to take over: a protected VM that does not run here, the mastership of a dead or fenced master, or,
    /// where this host is empty itself, the right to run at all: without it the VMs that the admin starts would be fenced.
    /// </summary>
    public static bool IsNeeded(View view, bool attested)
    {
        if (view.Durable.Committed || view.AnyMissing)
        {
            return true;
        }

        if (view.IsMaster && !HasGivenMastership(view))
        {
            return false;
        }

        return !attested || (view.State.Peer.Beat is { Status: HaStatus.Fenced } beat && view.Durable.Master == view.Config.Peer.Uuid
            && !beat.Has(HeartbeatFlags.GatewayFresh));
    }

    /// <summary>A sole host is master, unless it was about to make its newer peer the master.</summary>
    private static bool HasGivenMastership(View view) => view.Status == HaStatus.Sole && view.Durable.Master == view.Config.Peer.Uuid;

    /// <summary>T1: the peer's attestation, near both ways, not declined, and ours to consume.</summary>
    private static bool IsAttested(View view)
    {
        if (view.State.Peer.Beat is not { } beat || beat.Attestation <= view.Durable.Declined || !IsNeeded(view, attested: true))
        {
            return false;
        }

        if (IsUnattendedMaster(view, beat))
        {
            return false;
        }

        var near = view.PeerNear && beat.Has(HeartbeatFlags.Near);
        return near && (view.Runs || view.FreeOfWord || Rank.OutranksPeer(view));
    }

    /// <summary>Its daemon ends, and its toolstack goes on as a master that nobody stops.</summary>
    private static bool IsUnattendedMaster(View view, Heartbeat beat) => view.Durable.PeerDisarm != 0
        && beat.Has(HeartbeatFlags.IsMaster | HeartbeatFlags.MayStart);

    /// <summary>
    /// T6: an empty host that is master by its record, beside a peer that is heard under its promise, and bound: it runs and writes nothing. The promise
    /// admits nobody, so without this rule a master that reboots during the peer's maintenance would wait for its end.
    /// </summary>
    private static bool IsPromised(View view) => view.Durable.Committed && view.PeerFresh && view.PromiseOfPeerHolds
        && view.Durable.Master == view.Config.Self.Uuid
        && view.State.Peer.Beat is { Status: HaStatus.Maintenance, RunningCount: 0 } beat && beat.Promise == view.Durable.PeerPromise
        && !beat.Has(HeartbeatFlags.IsMaster) && PeerBond.WhyNot(view) is null;

    private static TakeoverPermit OfASilentPeer(View view)
    {
        if (!IsNeeded(view, attested: false))
        {
            return Refuse("everything protected runs here, and this host is master");
        }

        if (view.State.Peer.ToolstackAnsweredAt is not null && !view.PowerOffCounts)
        {
            return Hold("the peer's toolstack answered XAPI (HOST_IS_LIVE) in the takeover before, and nothing was heard of it since");
        }

        if (view.PowerOffCounts && view.PowerOffContradicted && !view.Policy.UsesArbiter)
        {
            return Hold($"{view.State.ThirdParty.PeerPowerOffAgent} says that the peer is off, but its kernel "
                + $"has answered since ({view.State.Peer.SignOfLifeKind}): is it the board of another host?");
        }

        if (view.PowerOffCounts && !view.PowerOffContradicted && view.State.ThirdParty.PeerPowerOffAt is { } off)
        {
            var due = off + Deadlines.PowerOffQuiet;
            return view.Now < due ? Refuse("the agent reports the peer off; its kernel is probed once more", due) : Grant(TakeoverRule.PowerOff);
        }

        if (view.Policy.UsesArbiter)
        {
            return ByArbiter(view);
        }

        return view.Policy.UsesFenceAgent ? ByAgent(view) : BySilence(view);
    }

    /// <summary>T3 is not there yet, and silence alone gives no permit beside an agent.</summary>
    private static TakeoverPermit ByAgent(View view)
    {
        var refusal = PeerBond.AsksToHold(view) ?? (!PeerBond.IsOnlyRead(view) ? null : view.PromiseOfPeerHolds
            ? "the peer is in maintenance and silent: it is not switched off, and its agent has not read that it is off"
            : "this host is empty, the peer silent: it is not switched off, and its agent has not read that it is off");
        return refusal is not null && view.Now >= LastFresh(view) + view.Timing.TakeoverDelay ? Hold(refusal)
            : Refuse(refusal ?? "the fence agent has not confirmed that the peer is off");
    }

    /// <summary>T4: who held the lease before needs one fence after its end; who held none has its R1 for S and then one fence.</summary>
    private static TakeoverPermit ByArbiter(View view)
    {
        if (!view.HasArbiter || view.ArbiterSince is not { } heldSince)
        {
            return new TakeoverPermit(TakeoverRule.None, ReservationWait.WhyNotAlone(view), null, view.IsPreempted && view.Now >= LastFresh(view) + view.Timing.TakeoverDelay);
        }

        if (PeerBond.WhyNot(view) is { } free)
        {
            return Hold(free);
        }

        var at = Instant.Max(
            LastFresh(view) + view.Timing.TakeoverDelay,
            view.Policy.UsesReservation ? ReservationWait.FormerHasFenced(view, heldSince) : heldSince + (view.Timing.FenceBound * Deadlines.ArbiterDrift) + view.Timing.Margin);
        if (view.State.ThirdParty.StoreMissedAt is { } missed)
        {
            at = Instant.Max(at, missed + (ArbiterRules.LeaseOf(view.Config.Config) * Deadlines.ArbiterDrift));
        }

        if (view.Now < at)
        {
            return Refuse("the former holder may still be fencing", at);
        }

        if (BondIsOnlySaid(view) && AskedLongEnoughAt(view) is { } asked && view.Now < asked)
        {
            return Refuse(NotAskedYet, asked);
        }

        return view.Policy.OnAmbiguous == OnAmbiguous.Hold && BondIsOnlySaid(view) && Doubt(view) is { } doubt
            ? Hold(doubt) : new TakeoverPermit(TakeoverRule.Arbiter, "", at, false);
    }

    /// <summary>
    /// Nothing makes the peer fence when its lease ends: there is no watchdog, or its last word was that nothing runs there, and a host
    /// that said so arms none. Whether its daemon still keeps that word is only seen by its kernel. Not heard by this daemon counts as that.
    /// </summary>
    private static bool BondIsOnlySaid(View view) => view.PromiseOfPeerHolds || view.State.Peer.Beat is not { Attestation: 0 }
        || view.Config.Config.Watchdog.Kind == WatchdogKind.None;

    /// <summary>T2: silent for as long as a bound host needs to fence, the own gateway answering all that time, no doubt.</summary>
    private static TakeoverPermit BySilence(View view)
    {
        if (view.Policy.LoneStart == LoneStart.Hold && (view.Durable.Committed || view.State.Peer.LastFresh is null))
        {
            return Hold("lone_start = hold: this host started or fenced without hearing the peer since");
        }

        if (view.State.Gateway.FreshSince is not { } gatewaySince)
        {
            return Refuse("the gateway does not answer");
        }

        var since = Instant.Max(LastFresh(view), gatewaySince);
        var due = since + view.Timing.TakeoverDelay;
        if (view.Now < due)
        {
            return Refuse($"the peer has been silent for {(view.Now - since).TotalSeconds:F1} of "
                + $"{view.Timing.TakeoverDelay.TotalSeconds:F1} s", due);
        }

        if (AskedLongEnoughAt(view) is { } asked && view.Now < asked)
        {
            return Refuse(NotAskedYet, asked);
        }

        due = Instant.Max(due, EarliestBySilence(view));
        return view.Policy.OnAmbiguous == OnAmbiguous.Hold && Doubt(view) is { } doubt
            ? new TakeoverPermit(TakeoverRule.None, doubt, due, true)
            : new TakeoverPermit(TakeoverRule.Silence, "", due, false);
    }

    internal static Instant LastFresh(View view) =>
        Instant.Max(view.State.Peer.LastFresh ?? view.State.Life.StartedAt, view.State.Life.StartedAt);

    /// <summary>A kernel that answers keeps a takeover by silence away. The arbiter's lease answers that question itself.</summary>
    private static bool HoldsForSigns(View view) => view.Policy is { OnAmbiguous: OnAmbiguous.Hold, UsesArbiter: false };

    private const string NotAskedYet = "the peer's kernel has not been asked for long enough to know that it is silent";

    /// <summary>
    /// That no answer came says something only of a kernel that was asked: a daemon may have begun late, or was blind. A peer that falls
    /// silent beside a daemon that watches is asked from half the lease on, so this delays nothing there.
    /// </summary>
    private static Instant? AskedLongEnoughAt(View view) => view.Policy.OnAmbiguous != OnAmbiguous.Hold ? null
        : (view.State.Peer.ProbedAt is null ? view.Now : view.State.Peer.ProbedSince) + AskedFor(view.Timing);

    private static TimeSpan AskedFor(TimingConfig timing)
    {
        var usual = timing.TakeoverDelay - (timing.Lease / 2) - Deadlines.PeerProbeRest;
        return usual < timing.QuietWindow ? usual : timing.QuietWindow;
    }

    private static string? Doubt(View view)
    {
        if (PeerBond.WhyNot(view) is { } free)
        {
            return free;
        }

        var peer = view.State.Peer;
        var quiet = view.Timing.QuietWindow;
        if (peer.LastHeard is { } heard && view.Now - heard <= quiet && peer.Beat is { Attestation: 0, RunningCount: not 0 })
        {
            return "the peer is heard one way and still runs VMs";
        }

        if (peer.SignOfLife is { } sign && view.Now <= sign + view.Config.Rules.SignOfLifeHold)
        {
            return $"the peer's kernel still answers ({peer.SignOfLifeKind}); its watchdog resets it if its daemon is dead";
        }

        return null;
    }

    private static TakeoverPermit Grant(TakeoverRule rule) => new(rule, "", null, false);

    private static TakeoverPermit Hold(string why) => new(TakeoverRule.None, why, null, true);

    private static TakeoverPermit Refuse(string why, Instant? due = null) => new(TakeoverRule.None, why, due, false);
}
