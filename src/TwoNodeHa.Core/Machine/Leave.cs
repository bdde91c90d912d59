using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>The leave to take over, or why there is none (design, section 3: all of a line must hold).</summary>
/// <param name="Rule">Rule that gives leave; None when refused.</param>
/// <param name="Refusal">Why not; empty when there is leave, or nothing to take over.</param>
/// <param name="DueAt">When T2 is due if the silence lasts; null when it is not counting.</param>
/// <param name="Ambiguous">The wait is over, but the peer may be alive: hold and ask.</param>
public readonly record struct LeaveToTakeOver(TakeoverRule Rule, string Refusal, Instant? DueAt, bool Ambiguous)
{
    /// <summary>True when there is leave.</summary>
    public bool Granted => Rule != TakeoverRule.None;
}

/// <summary>Evaluates T1 to T5.</summary>
public static class Leave
{
    /// <summary>The leave at this moment.</summary>
    public static LeaveToTakeOver Evaluate(LocalConfig config, HaState state, Instant now)
    {
        if (Knowledge.Unfit(config, state, now) is { } unfit)
        {
            return state.OperatorSaysDead && state.Durable.PromiseStands && Operator(config, state, now)
                ? new LeaveToTakeOver(TakeoverRule.Operator, "", null, false)
                : Refuse(unfit, null);
        }

        if (Attested(config, state, now))
        {
            return new LeaveToTakeOver(TakeoverRule.Attested, "", null, false);
        }

        if (Knowledge.PeerFresh(config, state, now))
        {
            return Refuse("the peer is heard", null);
        }

        if (state.Status == HaStatus.Sole)
        {
            return Refuse("taken over already; the peer was not heard since", null);
        }

        if (Operator(config, state, now))
        {
            return new LeaveToTakeOver(TakeoverRule.Operator, "", null, false);
        }

        return Silence(config, state, now);
    }

    /// <summary>T1: the peer's attestation, near both ways, not declined, and ours to consume.</summary>
    public static bool Attested(LocalConfig config, HaState state, Instant now)
    {
        if (state.Peer.Beat is not { } beat || beat.Attestation <= state.Durable.Declined || !NeedsTakeover(state, attested: true))
        {
            return false;
        }

        var near = Knowledge.PeerNear(config, state, now) && beat.Has(Protocol.HeartbeatFlags.Near);
        return near && (Knowledge.Runs(state) || FreeOfWord(state) || Knowledge.OutranksPeer(config, state));
    }

    /// <summary>
    /// There is something to take over: a protected VM that does not run here, the mastership of a dead or fenced master, or,
    /// where this host is empty itself, the right to run at all: without it the VMs that the admin starts would be fenced.
    /// </summary>
    public static bool NeedsTakeover(HaState state, bool attested)
    {
        if (state.Durable.Committed || Knowledge.AnyMissing(state))
        {
            return true;
        }

        if (Knowledge.IsMaster(state))
        {
            return false;
        }

        return !attested || state.Peer.Beat is { Status: HaStatus.Fenced } beat && beat.Has(Protocol.HeartbeatFlags.IsMaster)
            && !beat.Has(Protocol.HeartbeatFlags.GatewayFresh);
    }

    /// <summary>The own attestation no longer binds: none stands, the peer declined it, or the peer consumed it.</summary>
    public static bool FreeOfWord(HaState state)
    {
        if (!state.Durable.Committed)
        {
            return true;
        }

        return state.Peer.Beat is { } beat
            && (beat.Declined >= state.Durable.Attestation || beat is { Status: HaStatus.Sole, Attestation: 0 });
    }

    private static bool Operator(LocalConfig config, HaState state, Instant now) =>
        state.OperatorSaysDead && !Knowledge.PeerHeard(config, state, now);

    private static LeaveToTakeOver Silence(LocalConfig config, HaState state, Instant now)
    {
        if (!NeedsTakeover(state, attested: false))
        {
            return Refuse("everything protected runs here, and this host is master", null);
        }

        if (Knowledge.PowerOffCounts(state))
        {
            return new LeaveToTakeOver(TakeoverRule.PowerOff, "", null, false);
        }

        if (config.Policy.UsesArbiter)
        {
            if (!Rights.HasArbiter(state, now) || state.ArbiterSince is not { } heldSince)
            {
                return Refuse("the arbiter's lease is not held; the peer may hold it", null);
            }

            // Who held the lease before needs one fence after its end; who held none has its R1 for S and then one fence.
            if (NotBound(state) is { } free)
            {
                return new LeaveToTakeOver(TakeoverRule.None, free, null, true);
            }

            var silentSince = Instant.Max(state.Peer.LastFresh ?? state.StartedAt, state.StartedAt);
            var at = Instant.Max(silentSince + config.Timing.TakeoverDelay, heldSince + (config.Timing.FenceBound * 1.001) + config.Timing.Margin);
            return now < at ? Refuse("the former holder may still be fencing", at)
                : new LeaveToTakeOver(TakeoverRule.Arbiter, "", at, false);
        }

        if (config.Policy.UsesFenceAgent)
        {
            return Refuse("the fence agent has not confirmed that the peer is off", null);
        }

        if (config.Policy.LoneStart == LoneStart.Hold && (state.Durable.Committed || state.Peer.LastFresh is null))
        {
            return new LeaveToTakeOver(
                TakeoverRule.None, "lone_start = hold: this host started or fenced without hearing the peer since", null, true);
        }

        if (state.Gateway.FreshSince is not { } gatewaySince)
        {
            return Refuse("the gateway does not answer", null);
        }

        var since = Instant.Max(Instant.Max(state.Peer.LastFresh ?? state.StartedAt, state.StartedAt), gatewaySince);
        var due = since + config.Timing.TakeoverDelay;
        if (now < due)
        {
            return Refuse($"the peer has been silent for {(now - since).TotalSeconds:F1} of "
                + $"{config.Timing.TakeoverDelay.TotalSeconds:F1} s", due);
        }

        return Ambiguity(config, state, now) is { } doubt && config.Policy.OnAmbiguous == OnAmbiguous.Hold
            ? new LeaveToTakeOver(TakeoverRule.None, doubt, due, true)
            : new LeaveToTakeOver(TakeoverRule.Silence, "", due, false);
    }

    /// <summary>Why the peer would not fence although no right is left to it; null when it is bound. Its lease ends all the same.</summary>
    private static string? NotBound(HaState state)
    {
        if (state.Durable.PeerDisarm != 0)
        {
            return "the peer paused (restart or upgrade of its daemon) and was not heard since: it is not bound to fence";
        }

        if (state.Durable is { PeerEnabled: false, PeerSwitchGeneration: > 0 })
        {
            return "the peer last said that HA is disabled there: it is not bound to fence";
        }

        if (state.Durable.PeerSwitchGeneration != state.Durable.SwitchGeneration)
        {
            return "the peer was not heard with the newest setting of HA: if it heard of a disablement, it is not bound to fence";
        }

        return state.Peer.Bound == false && !Knowledge.PeerAttested(state)
            ? "the peer was last heard not bound to fence (not armed, or another configuration)" : null;
    }

    private static string? Ambiguity(LocalConfig config, HaState state, Instant now)
    {
        if (NotBound(state) is { } free)
        {
            return free;
        }

        var peer = state.Peer;
        var quiet = config.Timing.QuietWindow;
        if (peer.LastHeard is { } heard && now - heard <= quiet && peer.Beat is { Attestation: 0, RunningCount: not 0 })
        {
            return "the peer is heard one way and still runs VMs";
        }

        if (peer.SignOfLife is { } sign && now - sign <= quiet)
        {
            return $"the peer's kernel still answers ({peer.SignOfLifeKind}); its watchdog resets it if its daemon is dead";
        }

        return null;
    }

    private static LeaveToTakeOver Refuse(string why, Instant? due) => new(TakeoverRule.None, why, due, false);
}
