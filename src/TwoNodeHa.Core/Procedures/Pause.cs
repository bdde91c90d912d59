using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// The end of the daemon (restart, upgrade, stop). A bound host is disarmed only after the peer acknowledged that it
/// holds; without that the watchdog stays armed, and the next daemon must be there before it fires.
/// </summary>
internal static class Pause
{
    public static void Begin(Draft turn)
    {
        if (turn.Procedures.StopAskedAt is null)
        {
            turn.Procedures = turn.Procedures with { StopAskedAt = turn.Now };
        }
    }

    /// <summary>
    /// A pair that cannot work (a third host, the platform's own HA) is not bound: nobody could start what a fence would kill. The
    /// peer holds by the same handshake as for a pause, and both arm again when the pool is theirs again.
    /// </summary>
    public static void WhileUnfit(Draft turn)
    {
        if (turn.Procedures.StopAskedAt is not null || !turn.View.PeerFresh)
        {
            return;
        }

        var unfit = Fitness.NotOfThisPool(turn.View);
        if (unfit is not null && turn.Durable.Disarm == 0)
        {
            Ask(turn);
            turn.Report(HaEventId.Alert, Severity.Critical, $"nothing is protected: {unfit}");
        }
        else if (unfit is null && turn.Durable.Disarm != 0)
        {
            turn.Durable = turn.Durable with { Disarm = 0, DisarmAcknowledged = false };
            turn.Report(HaEventId.Alert, Severity.Notice, "the pool is one of two hosts again: this host is bound as before");
        }
    }

    public static void Advance(Draft turn)
    {
        EndUnderWord(turn);
        if (turn.Procedures.StopAskedAt is not { } asked || turn.Procedures.ExitOrdered || MustStay(turn.View, asked))
        {
            return;
        }

        if (!View.IsMember(turn.State.Status) && !WaitsOnItsWord(turn))
        {
            End(turn, "nothing here depends on this daemon", disarm: MayDisarm(turn));
            return;
        }

        if (turn.Now - asked >= Deadlines.Pause || !turn.View.PeerFresh || turn.Takeover is not null)
        {
            EndUnheard(turn);
            return;
        }

        if (turn.Procedures.PauseForStop == 0)
        {
            Ask(turn);
            turn.Procedures = turn.Procedures with { PauseForStop = turn.Durable.Disarm };
            return;
        }

        if (turn.Disk.Confirmed.DisarmAcknowledged && turn.Disk.Confirmed.Disarm == turn.Durable.Disarm)
        {
            End(turn, $"{turn.Config.Peer.Name} holds until this daemon is back", disarm: MayDisarm(turn));
        }
    }

    /// <summary>A pause of its own number: above every one before, and above those of former versions, which were incarnations.</summary>
    private static void Ask(Draft turn)
    {
        var number = Math.Max(turn.Durable.LastPause + 1, turn.Life.Incarnation.Counter);
        turn.Durable = turn.Durable with { Disarm = number, LastPause = number, DisarmAcknowledged = false };
    }

    /// <summary>
    /// Nothing runs here, by a word that only this daemon keeps: without it nobody fences what an administrator starts here. So the peer is
    /// asked to hold as for any pause. A host that is shut down in order starts nothing any more.
    /// </summary>
    private static bool WaitsOnItsWord(Draft turn) => turn.State.Status is HaStatus.Maintenance or HaStatus.Joining or HaStatus.Fenced
        && turn.Departure is null && !turn.View.DisabledForBoth;

    private static void EndUnheard(Draft turn)
    {
        if (View.IsMember(turn.State.Status) || turn.View.WaitsAsMaster)
        {
            End(turn, "the peer did not acknowledge the pause: the watchdog stays armed until the next daemon feeds it", disarm: false);
        }
        else
        {
            End(turn, "nothing here depends on this daemon", disarm: MayDisarm(turn));
        }
    }

    /// <summary>
    /// What a guest left behind may still write: nobody feeds a watchdog that is left armed for it. And a daemon that ends before it knew
    /// where it was has asked nobody to hold: the watchdog of the one before it is what the peer counts on.
    /// </summary>
    private static bool MayDisarm(Draft turn) => turn.State.Status == HaStatus.Unknown
        ? turn.View.DisabledForBoth || turn.Disk.Confirmed is { Disarm: not 0, DisarmAcknowledged: true }
        : View.IsMember(turn.State.Status) || !turn.View.MayWrite || turn.State.Status is HaStatus.Disabled or HaStatus.Maintenance;

    /// <summary>Back under a promise or an attestation, which says more than a pause, and lasts.</summary>
    private static void EndUnderWord(Draft turn)
    {
        if (turn.Procedures.StopAskedAt is null && turn.Durable.Disarm != 0 && turn.View.PeerFresh && Fitness.NotOfThisPool(turn.View) is null
            && (turn.State.Status == HaStatus.Maintenance || (turn.State.Status is HaStatus.Joining or HaStatus.Fenced && turn.View.SpokenAttestation != 0)))
        {
            turn.Durable = turn.Durable with { Disarm = 0, DisarmAcknowledged = false };
        }
    }

    /// <summary>What a departing host still runs is ended first, and its word is spoken before it goes.</summary>
    private static bool MustStay(View view, Instant asked) => (view.Status == HaStatus.Departing
            && !(MasterReturn.LeavesUnlisted(view) && view.ListOlderThan(Deadlines.WordListAge)))
        || (view.Now - asked < Deadlines.Pause && WordIsNews(view));

    /// <summary>An attestation that the peer has neither taken up nor declined, while it could.</summary>
    private static bool WordIsNews(View view) => view.Status == HaStatus.Fenced && view.State.Procedures.Departure is not null
        && view.PeerFresh && !view.FreeOfWord
        && view.State.Peer.Beat is not { Status: HaStatus.TakingOver };

    private static void End(Draft turn, string why, bool disarm)
    {
        if (disarm)
        {
            Watchdog.Disarm(turn);
        }

        turn.Procedures = turn.Procedures with { ExitOrdered = true };
        turn.Report(HaEventId.Stopping, Severity.Notice, $"the daemon ends: {why}");
        turn.Emit(new Command.Exit(why));
    }
}
