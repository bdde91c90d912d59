using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.States;

/// <summary>
/// Facts that must hold at the door of a state, whatever the rule that leads there found (S6). They are looked at a second
/// time and on their own: no rule is asked here.
/// </summary>
internal static class Guards
{
    /// <summary>The own record of the fence says that nothing runs.</summary>
    public static bool FenceIsVerified(View view) => view.State.Procedures.Fence is { Verified: true };

    /// <summary>The attestation is on disk.</summary>
    public static bool AttestationIsDurable(View view) =>
        view.Confirmed.Committed && view.Confirmed.Attestation == view.Durable.Attestation;

    /// <summary>The journal has the intent, in the newest epoch.</summary>
    public static bool IntentStands(View view) => view.Durable.Takeover is { } journal && journal.Epoch == view.Durable.Epoch;

    /// <summary>The own word that nothing runs here was taken back.</summary>
    public static bool WordIsTakenBack(View view) => !view.Durable.Committed;

    /// <summary>What the rule in the journal stands on: a word of the peer, or its silence.</summary>
    public static bool PermitHolds(View view) => view.Durable.Takeover?.Rule switch
    {
        TakeoverRule.Attested => view.PeerFresh && view.State.Peer.Beat is { } beat && beat.Attestation > view.Durable.Declined,
        TakeoverRule.Silence => !view.PeerFresh && view.State.Gateway.FreshSince is not null,
        TakeoverRule.Operator => !view.PeerHeard,
        TakeoverRule.Arbiter => !view.PeerFresh && view.HasArbiterAlone,
        TakeoverRule.PowerOff => !view.PeerFresh,
        TakeoverRule.Promised => view.PeerFresh && view.PromiseOfPeerHolds,
        _ => false,
    };
}
