using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// An attested peer whose toolstack is still up, as that of a host that waits is: it stands down when it hears of the takeover, or when its role ends
/// (<see cref="View.WaitsAsMaster"/>). Until then two masters would act.
/// </summary>
internal static class StandDown
{
    /// <summary>The peer has attested and may still act as a master.</summary>
    public static bool IsAwaited(Draft turn) => IsNotHeardYet(turn) || WordOfPeer(turn) is { } beat && beat.Has(HeartbeatFlags.IsMaster | HeartbeatFlags.MayStart);

    /// <summary>The newest word of an attested peer that is heard, or was so lately that it may still be fencing; null otherwise.</summary>
    public static Heartbeat? WordOfPeer(Draft turn)
    {
        var peer = turn.Peer;
        if (peer.Beat is not { Attestation: not 0 } beat || (peer.LastFresh is null && !IsByItsWord(turn))
            || (turn.Now >= StoppedAt(turn) && !turn.View.PeerHeard))
        {
            return null;
        }

        // A peer with a higher epoch, from a takeover of its own that it never finished, would not stand down for this one.
        if (Mastership.RunnerRaises(turn, beat) && turn.Durable.Takeover is { } journal)
        {
            turn.Durable = turn.Durable with { Takeover = journal with { Epoch = turn.Durable.Epoch } };
        }

        return beat;
    }

    /// <summary>A new daemon goes on with a takeover by the peer's word, and does not know yet what the peer does: as much as one that has just fallen silent.</summary>
    public static bool IsNotHeardYet(Draft turn) => IsByItsWord(turn) && turn.Peer.Beat is null && turn.Now < StoppedAt(turn);

    private static bool IsByItsWord(Draft turn) => turn.Durable.Takeover is { Rule: TakeoverRule.Attested };

    private static Instant StoppedAt(Draft turn) => TakeoverPermit.LastFresh(turn.View) + turn.Timing.TakeoverDelay;
}
