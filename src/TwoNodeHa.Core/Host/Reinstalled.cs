using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>
/// A host without a state in a pool that knows it: it was reinstalled, or its disk was replaced. That is no first start: what its life
/// before bound it to is not known, so its state counts as lost, and no right comes out of "HA was never enabled here".
/// </summary>
internal static class Reinstalled
{
    /// <summary>XAPI's record of this host knows a life in which HA was enabled. Once the peer was heard, its word is newer.</summary>
    public static void SeeDatabase(Draft turn, DatabaseFacts facts)
    {
        if (facts.Mirrored is { Enabled: true } && turn.Durable.PeerIncarnation == 0)
        {
            Recognise(turn, "the pool's database has HA enabled on it");
        }
    }

    /// <summary>The peer has heard of an order of the switch from a daemon of this host that this one knows nothing of.</summary>
    public static void HearPeer(Draft turn, Heartbeat beat)
    {
        if (beat.Mirror is { SwitchGeneration: > 0 })
        {
            Recognise(turn, $"{turn.Config.Peer.Name} knows a daemon of it");
        }
    }

    /// <summary>What a host whose state is lost does until it is told, to be read after "it".</summary>
    public static string MayDo(Draft turn) => $"starts nothing until {turn.Config.Peer.Name} or the operator allows it; what runs here is destroyed unless "
        + $"{turn.Config.Peer.Name} is heard within {turn.Timing.Lease.TotalSeconds:0.#} s and has not taken over";

    private static void Recognise(Draft turn, string how)
    {
        if (turn.Durable is not { SwitchGeneration: 0, Enabled: false, StateLost: false })
        {
            return;
        }

        turn.Durable = turn.Durable with { StateLost = true };
        turn.Report(HaEventId.DurableTrouble, Severity.Critical,
            $"this host has no durable state, and {how}: it was reinstalled, and this is no first start. It {MayDo(turn)}");
    }
}
