using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>The rules that give a host the right to run protected VMs; any one suffices (protocol.md, R1 to R5).</summary>
[Flags]
public enum RightRules
{
    /// <summary>No right: fence.</summary>
    None = 0,

    /// <summary>R1: the peer acknowledged a heartbeat sent within the lease, so it cannot have taken over.</summary>
    R1 = 1,

    /// <summary>R2: the gateway answers; while the peer is heard without hearing us, it ends before the takeover that it announces.</summary>
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

/// <summary>The right to run protected VMs at one moment: the lease of this host, from whoever grants it.</summary>
/// <param name="Rules">Rules that hold.</param>
/// <param name="Until">When the last of them ends if nothing more is heard; <see cref="Forever"/> without end.</param>
public readonly record struct RightToRun(RightRules Rules, Instant Until)
{
    /// <summary>A right that no clock ends.</summary>
    public static readonly Instant Forever = new(long.MaxValue / 4);

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

    /// <summary>True when any rule holds.</summary>
    public bool Holds => Rules != RightRules.None;

    /// <summary>The right to run VMs at this moment.</summary>
    public static RightToRun Of(View view) => Of(view, view.BoundByWord);

    /// <summary>
    /// The right of a host that waits under its word to keep a toolstack up that is a master's: the same as if it had given none. Its VMs are
    /// the peer's to take as soon as it says so; its role is the peer's only when nobody hears it any more.
    /// </summary>
    public static RightToRun OfRole(View view) => Of(view, isBound: false);

    /// <summary>The right that what is here needs: to run VMs, or to be a master that waits.</summary>
    internal static RightToRun OfWhatIsHere(View view) => view.OnlyRoleNeedsRight ? OfRole(view) : Of(view);

    private static RightToRun Of(View view, bool isBound)
    {
        var right = new RightToRun(RightRules.None, view.Now);
        right = right.Or(RightRules.R1, R1(view, isBound)).Or(RightRules.R2, R2(view, isBound)).Or(RightRules.R3, R3(view, isBound))
            .Or(RightRules.Carried, Carried(view, isBound));
        var rules = right.Rules | Unbounded(view, isBound);
        return new RightToRun(rules, (rules & Endless) != RightRules.None ? Forever : right.Until);
    }

    /// <summary>When the verdict can change although nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => Again.First(
        Again.At(view, OfWhatIsHere(view).Until),
        view.Policy.UsesReservation ? Again.After(view, view.State.ThirdParty.Reservation.KeySince, view.ReservationMatures) : Again.Never,
        Again.After(view, view.State.Peer.LastAcked, view.Timing.Lease),
        view.OnlyArrives ? Again.After(view, view.State.Peer.Beat?.AckSentAt, view.Timing.AttestWindow) : Again.Never,
        Again.After(view, view.GatewayAnsweredAt, view.Config.Config.Gateway.Timeout));

    /// <summary>The rules that hold, as the operator reads them.</summary>
    public ImmutableArray<string> Describe(Instant now)
    {
        if (!Holds)
        {
            return ["none: whatever runs here is being fenced"];
        }

        var names = new List<string>();
        foreach (var (rule, text) in Texts)
        {
            if ((Rules & rule) != RightRules.None)
            {
                names.Add(text);
            }
        }

        if (Until < Forever)
        {
            names.Add($"ends in {(Until - now).TotalSeconds:F1} s if nothing more is heard");
        }

        return [.. names];
    }

    private RightToRun Or(RightRules rule, Instant? until) =>
        until is { } end ? new RightToRun(Rules | rule, Instant.Max(Until, end)) : this;

    /// <summary>Before the first state is settled this daemon says nothing, so the peer counts: only the lease on record holds.</summary>
    private static bool FreeAndSpeaks(View view, bool isBound) => !isBound && !view.Durable.StateLost && view.Status != HaStatus.Unknown;

    private static Instant? R1(View view, bool isBound) => FreeAndSpeaks(view, isBound) && view.State.Peer.LastAcked is { } acked
        && view.Now < acked + view.Timing.Lease ? acked + view.Timing.Lease : null;

    private static Instant? R2(View view, bool isBound) => FreeAndSpeaks(view, isBound) && !view.Policy.UsesArbiter
        && view.GatewayAnsweredAt is { } answered && view.Now < answered + view.Config.Config.Gateway.Timeout
        && R2End(view, answered + view.Config.Config.Gateway.Timeout) is var end && view.Now < end ? end : null;

    /// <summary>A peer that does not hear us may be counting: the right ends before what it announced.</summary>
    private static Instant R2End(View view, Instant end) =>
        OneWay.Holds(view) ? Instant.Min(end, OneWay.RightEnds(view) ?? view.Now) : end;

    private static Instant? R3(View view, bool isBound) => !isBound && view.HasArbiter ? view.ArbiterUntil : null;

    private static Instant? Carried(View view, bool isBound) => !isBound && view.State.Watchdog.CarriedLease is { } carried
        && view.Now < carried ? carried : null;

    /// <summary>
    /// No right without end holds, in memory or on disk: what is on disk would be the right of the next daemon. The begin of an
    /// endless right is known to the peer before it counts here, its end after it has ended here.
    /// </summary>
    internal static bool EndsByItself(View view) => Unbounded(view, view.BoundByWord) == RightRules.None
        && view is { Durable.DisarmAcknowledged: false, Confirmed.DisarmAcknowledged: false, Durable.PeerPromise: 0, Confirmed.PeerPromise: 0 };

    /// <summary>
    /// Rights that no clock ends. Each has its word on this host's disk, and one on the peer's that forbids it to take over:
    /// its promise, its adopted disablement, its acknowledgement of the pause; beside a sole host, that nothing is known of it.
    /// A right begins when its word is on disk, and ends at once.
    /// </summary>
    private static RightRules Unbounded(View view, bool isBound)
    {
        var rules = RightRules.None;
        if (view.PromiseOfPeerHolds && !isBound)
        {
            rules |= RightRules.R4;
        }

        if (view.DisabledForBoth)
        {
            rules |= RightRules.R5;
        }

        if (view.Confirmed.DisarmAcknowledged && view.Durable.DisarmAcknowledged && !isBound)
        {
            rules |= RightRules.Paused;
        }

        // With an arbiter a lone host takes over by its lease: nothing holds it.
        if (view.Status == HaStatus.Sole && view.Policy.LoneStart == LoneStart.Hold && !view.Policy.UsesArbiter && !isBound)
        {
            rules |= RightRules.SoleHeld;
        }

        return rules;
    }
}
