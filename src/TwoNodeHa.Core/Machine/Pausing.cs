using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The end of the daemon (restart, upgrade, stop). A bound host is disarmed only after the peer acknowledged that it
/// holds; without that the watchdog stays armed, and the next daemon must be there before it fires.
/// </summary>
internal static class Pausing
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    public static void Continue(TurnBuilder turn)
    {
        if (turn.State.StopAskedAt is not { } asked || turn.State.ExitOrdered)
        {
            return;
        }

        // What a departing host still runs is ended first, and its word is spoken before it goes.
        if (turn.State.Status == HaStatus.Departing || (turn.Now - asked < Patience && WordIsNews(turn)))
        {
            return;
        }

        if (!Knowledge.IsMember(turn.State.Status))
        {
            End(turn, "nothing here is bound", disarm: !Knowledge.MayRun(turn.State) || turn.State.Status == HaStatus.Disabled);
            return;
        }

        if (turn.Now - asked >= Patience || !Knowledge.PeerFresh(turn.Config, turn.State, turn.Now)
            || turn.State.Takeover is not null)
        {
            End(turn, "the peer did not acknowledge the pause: the watchdog stays armed until the next daemon feeds it",
                disarm: false);
            return;
        }

        if (turn.Durable.Disarm != turn.State.Incarnation.Counter)
        {
            turn.Durable = turn.Durable with { Disarm = turn.State.Incarnation.Counter, DisarmAcknowledged = false };
            return;
        }

        if (turn.State.Confirmed.DisarmAcknowledged && turn.State.Confirmed.Disarm == turn.Durable.Disarm)
        {
            End(turn, $"{turn.Config.Peer.Name} holds until this daemon is back", disarm: true);
        }
    }

    /// <summary>An attestation that the peer has neither taken up nor declined, while it could.</summary>
    private static bool WordIsNews(TurnBuilder turn) => turn.State.Status == HaStatus.Fenced && turn.State.Departure is not null
        && Knowledge.PeerFresh(turn.Config, turn.State, turn.Now) && !Leave.FreeOfWord(turn.State)
        && turn.State.Peer.Beat is not { Status: HaStatus.TakingOver };

    private static void End(TurnBuilder turn, string why, bool disarm)
    {
        if (disarm)
        {
            Decisions.Disarm(turn);
        }

        turn.State = turn.State with { ExitOrdered = true };
        turn.Report(HaEventId.Stopping, Severity.Notice, $"the daemon ends: {why}");
        turn.Emit(new Command.Exit(why));
    }
}
