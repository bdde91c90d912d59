using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>Takes in what the arbiter and the fence agents say.</summary>
internal static class ThirdPartyIntake
{
    public static void ArbiterObserved(Draft turn, Observation.ArbiterObserved arbiter)
    {
        NoteStore(turn, arbiter.Store);
        turn.ThirdParty = turn.ThirdParty with
        {
            ArbiterUntil = arbiter.HeldUntil,
            ArbiterSince = arbiter.HeldUntil is null ? null : turn.View.HasArbiter ? turn.ThirdParty.ArbiterSince : turn.Now,
        };
    }

    public static void PeerPowerOff(Draft turn, Observation.PeerPowerOff off)
    {
        if (off.AskedAt > turn.Now || turn.ThirdParty.PeerPowerOffAt >= off.AskedAt)
        {
            return;
        }

        turn.ThirdParty = turn.ThirdParty with { PeerPowerOffAt = off.AskedAt, PeerPowerOffAgent = off.Agent, AgentTrouble = "" };
        turn.Report(HaEventId.PeerChanged, Severity.Warning, $"{off.Agent} read back that {turn.Config.Peer.Name} is off");
    }

    /// <summary>An order or a reading of the fence agent ended. The proof came as an observation of its own: "succeeded" proves nothing here.</summary>
    public static void AgentAnswered(Draft turn, Observation.ActionFinished finished, Purpose purpose) => Note(turn, finished, purpose == Purpose.ReadPeerPower
        ? $"whether {turn.Config.Peer.Name} is off could not be read: {finished.Detail}"
        : finished.Outcome == ActionOutcome.Unknown
            ? $"whether {turn.Config.Peer.Name} was switched off is unknown: {finished.Detail}; its power is read again"
            : $"{turn.Config.Peer.Name} was not switched off: {finished.Detail}");

    private static void Note(Draft turn, Observation.ActionFinished finished, string trouble)
    {
        if (finished.Outcome != ActionOutcome.Succeeded && finished.Code != HaAction.IsOn && trouble != turn.ThirdParty.AgentTrouble)
        {
            turn.ThirdParty = turn.ThirdParty with { AgentTrouble = trouble };
            turn.Report(HaEventId.ActionTrouble, Severity.Error, trouble);
        }
    }

    /// <summary>A test that changes nothing. It gives no right and no permit; it is told when it changes.</summary>
    public static void Seen(Draft turn, Observation.ThirdPartySeen seen)
    {
        if (seen.Store is { } mark)
        {
            NoteStore(turn, mark);
        }

        var before = turn.ThirdParty.Sights.GetValueOrDefault(seen.Name);
        var sight = new ThirdPartySight(seen.Works, seen.Detail, turn.Now, seen.Works ? turn.Now : before?.WorkedAt);
        turn.ThirdParty = turn.ThirdParty with { Sights = turn.ThirdParty.Sights.SetItem(seen.Name, sight) };
        if (before is null ? !seen.Works : before.Works != seen.Works)
        {
            turn.Report(HaEventId.ThirdPartyChanged, seen.Works ? Severity.Notice : Severity.Error,
                $"{seen.Name} {(seen.Works ? "works again" : "does not work")}: {seen.Detail}");
        }
    }

    /// <summary>
    /// A store that went back may have given a lease that it no longer knows of. So may one that this host did not see for a
    /// while, with the peer silent: it may have gone back meanwhile to a copy that is not older than what was seen.
    /// </summary>
    private static void NoteStore(Draft turn, StoreMark mark)
    {
        var known = turn.ThirdParty.Store;
        var wentBack = known is { } before && mark.IsBehind(before);
        var seen = turn.ThirdParty.StoreSeenAt is { } at && !(turn.Peer.LastFresh > at) ? at : turn.Peer.LastFresh;
        var unseen = !(seen is { } last && turn.Now - last <= Deadlines.ArbiterSight);
        turn.ThirdParty = turn.ThirdParty with
        {
            Store = mark,
            StoreSeenAt = turn.Now,
            StoreMissedAt = wentBack || unseen ? turn.Now : turn.ThirdParty.StoreMissedAt,
        };
        if (wentBack)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                $"the arbiter's store went back: {mark}, was {known}. Restored from a backup? It grants no permit for one lease");
        }
    }
}
