using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>The rules that give a host the right to run protected VMs; any one suffices (design, section 3).</summary>
[Flags]
public enum RightRules
{
    /// <summary>No right: fence.</summary>
    None = 0,

    /// <summary>R1: the peer acknowledged a heartbeat sent within the lease, so it cannot have taken over.</summary>
    R1 = 1,

    /// <summary>R2: the gateway answers, and the peer is not heard without hearing us.</summary>
    R2 = 2,

    /// <summary>R3: the arbiter's lease is held.</summary>
    R3 = 4,

    /// <summary>R4: the peer promised not to take over until readmitted.</summary>
    R4 = 8,

    /// <summary>R5: HA is disabled, and the peer acknowledged it.</summary>
    R5 = 16,

    /// <summary>The former daemon of this boot held a right that has not ended (its R1 or R2).</summary>
    Carried = 32,

    /// <summary>The peer holds for a pause that it acknowledged.</summary>
    Paused = 64,

    /// <summary>Sole, with <c>lone_start = hold</c>: no lone cold start can take over from this host.</summary>
    SoleHeld = 128,
}

/// <summary>The right to run protected VMs at one moment.</summary>
/// <param name="Rules">Rules that hold.</param>
/// <param name="Until">When the last of them ends if nothing more is heard; <see cref="Rights.Forever"/> without end.</param>
public readonly record struct RightToRun(RightRules Rules, Instant Until)
{
    /// <summary>True when any rule holds.</summary>
    public bool Holds => Rules != RightRules.None;
}

/// <summary>Evaluates R1 to R5.</summary>
public static class Rights
{
    /// <summary>A right that no clock ends.</summary>
    public static readonly Instant Forever = new(long.MaxValue / 4);

    /// <summary>The arbiter's lease is held.</summary>
    public static bool HasArbiter(HaState state, Instant now) => state.ArbiterUntil is { } until && now < until;

    /// <summary>The right to run protected VMs now.</summary>
    public static RightToRun Evaluate(LocalConfig config, HaState state, Instant now)
    {
        var rules = RightRules.None;
        var until = now;
        // Before the first state is settled this daemon says nothing, so the peer counts: only the lease on record holds.
        var free = !Knowledge.BoundByWord(state);
        var speaks = state.Status != HaStatus.Unknown;

        if (free && speaks && state.Peer.LastAcked is { } acked && now < acked + config.Timing.Lease)
        {
            rules |= RightRules.R1;
            until = Instant.Max(until, acked + config.Timing.Lease);
        }

        if (free && speaks && !config.Policy.UsesArbiter && Knowledge.GatewayAnsweredAt(config, state) is { } answered
            && now < answered + config.Config.Gateway.Timeout && !Knowledge.OneWay(config, state, now))
        {
            rules |= RightRules.R2;
            until = Instant.Max(until, answered + config.Config.Gateway.Timeout);
        }

        if (HasArbiter(state, now))
        {
            rules |= RightRules.R3;
            until = Instant.Max(until, state.ArbiterUntil!.Value);
        }

        if (free && state.CarriedLease is { } carried && now < carried)
        {
            rules |= RightRules.Carried;
            until = Instant.Max(until, carried);
        }

        rules |= Unbounded(config, state);
        if ((rules & Endless) != RightRules.None)
        {
            until = Forever;
        }

        return new RightToRun(rules, until);
    }

    /// <summary>The rules that hold, as the operator reads them.</summary>
    public static ImmutableArray<string> Describe(RightToRun right, Instant now)
    {
        if (!right.Holds)
        {
            return ["none: whatever runs here is being fenced"];
        }

        var names = new List<string>();
        foreach (var (rule, text) in Texts)
        {
            if ((right.Rules & rule) != RightRules.None)
            {
                names.Add(text);
            }
        }

        if (right.Until < Forever)
        {
            names.Add($"ends in {(right.Until - now).TotalSeconds:F1} s if nothing more is heard");
        }

        return [.. names];
    }

    private const RightRules Endless = RightRules.R4 | RightRules.R5 | RightRules.Paused | RightRules.SoleHeld;

    private static readonly ImmutableArray<(RightRules Rule, string Text)> Texts =
    [
        (RightRules.R1, "R1 the peer acknowledged us within the lease"),
        (RightRules.R2, "R2 the gateway answers"),
        (RightRules.R3, "R3 the arbiter's lease is held"),
        (RightRules.R4, "R4 the peer promised not to take over"),
        (RightRules.R5, "R5 HA is disabled on both hosts"),
        (RightRules.Carried, "the lease of the daemon before the restart"),
        (RightRules.Paused, "the peer holds for our pause"),
        (RightRules.SoleHeld, "sole host, lone_start = hold"),
    ];

    private static RightRules Unbounded(LocalConfig config, HaState state)
    {
        var rules = RightRules.None;
        if (state.Confirmed.PeerPromise != 0 && !state.Durable.PromiseStands)
        {
            rules |= RightRules.R4;
        }

        if (Knowledge.DisabledForBoth(state))
        {
            rules |= RightRules.R5;
        }

        if (state.Confirmed.DisarmAcknowledged && state.Durable.DisarmAcknowledged && !Knowledge.BoundByWord(state))
        {
            rules |= RightRules.Paused;
        }

        if (state.Status == HaStatus.Sole && config.Policy.LoneStart == LoneStart.Hold && !Knowledge.BoundByWord(state))
        {
            rules |= RightRules.SoleHeld;
        }

        return rules;
    }
}
