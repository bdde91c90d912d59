using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>The words of two hosts about what runs on them: given, renewed, declined.</summary>
internal static class Attestation
{
    /// <summary>
    /// A new attestation of an empty host, spoken by a list of the hypervisor that is asked for from now on: until now something may have
    /// been started here. A takeover in the journal that started nothing is abandoned by it.
    /// </summary>
    public static void Renew(Draft turn)
    {
        ByListSince(turn, turn.Now);
        turn.Schedule = turn.Schedule with { Domains = turn.Now };
    }

    /// <summary>The same by a list that was asked for already, behind the end of all that starts VMs here.</summary>
    public static void ByListSince(Draft turn, Instant since)
    {
        turn.Durable = turn.Durable with
        {
            Attestation = turn.Durable.Attestation + 1,
            Committed = true,
            FencePending = false,
            Takeover = null,
        };
        turn.Procedures = turn.Procedures with { AttestedAt = turn.Now, AttestedBy = since };
        turn.DropTakeover();
    }

    /// <summary>
    /// Two empty hosts that both declined: a new round. And a master whose toolstack does not come up asks again: the peer, which may have
    /// waited for it, becomes master where it needs to be.
    /// </summary>
    public static void RenewDeclined(Draft turn)
    {
        var durable = turn.Durable;
        if (!durable.Committed || turn.Peer.Beat is not { } beat || beat.Declined < durable.Attestation)
        {
            return;
        }

        var both = beat.Attestation != 0 && beat.Attestation <= durable.Declined;
        var stuck = durable.Master == turn.Config.Self.Uuid && !turn.View.ToolstackReady;
        var waited = turn.Now - turn.Procedures.AttestedAt;
        if ((both && waited > 2 * turn.Timing.Lease) || (stuck && waited > Deadlines.WordAgain))
        {
            Renew(turn);
        }
    }

    /// <summary>Nothing to take over, or not able to: the peer's attestation no longer binds it.</summary>
    public static void Decline(Draft turn)
    {
        if (turn.Peer.Beat is not { } beat || beat.Attestation <= turn.Durable.Declined)
        {
            return;
        }

        var view = turn.View;
        var nothing = (!TakeoverPermit.IsNeeded(view, attested: true) || MasterReturn.AwaitedUntil(view) is not null) && turn.Host.Domains is not null && view.KnowsVms;
        var unfit = Fitness.WhyNot(view) ?? (view.KnowsVms ? null : "the VMs of the pool are not known here");
        var unfitLong = unfit is not null && turn.Peer.AttestedSince is { } since && turn.Now - since > turn.Timing.Lease;
        if (nothing || unfitLong)
        {
            turn.Durable = turn.Durable with { Declined = beat.Attestation };
            turn.Report(HaEventId.Handshake, Severity.Info, nothing
                ? $"the attestation of {turn.Config.Peer.Name} is declined: no VM needs to be started here"
                : $"the attestation of {turn.Config.Peer.Name} is declined: {unfit}");
        }
    }
}
