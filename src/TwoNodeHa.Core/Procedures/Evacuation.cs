using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Empties this host for a maintenance: it is disabled in XAPI, its VMs are migrated, the mastership is handed over, and only
/// then the promise is given. Until that it is a member like any other, bound and with its rights: what fails on the way finds
/// both hosts as protected as ever.
/// </summary>
internal static class Evacuation
{
    public static OperatorReply Begin(Draft turn, OperatorRequest.Maintenance asked)
    {
        if (turn.Durable.Maintenance is { Returning: false } journal)
        {
            turn.Durable = turn.Durable with { Maintenance = Renewed(journal, asked) };
            return new OperatorReply(true, true, Progress(turn.View));
        }

        if (EvacuationCheck.WhyNot(turn.View) is { } reason)
        {
            return OperatorReply.Refused(reason);
        }

        Note(turn, asked, Moves.Guests(turn.View));
        turn.Report(HaEventId.Maintenance, Severity.Notice, Progress(turn.View));
        return new OperatorReply(true, true, Progress(turn.View));
    }

    /// <summary>What is to become of this host, before any of it is done.</summary>
    public static void Note(Draft turn, OperatorRequest.Maintenance asked, ImmutableArray<Guid> vms)
    {
        turn.Procedures = turn.Procedures with { Moves = turn.Procedures.Moves.Clear(), MaintenanceStepAt = turn.Now };
        turn.Durable = turn.Durable with
        {
            Maintenance = Renewed(new MaintenanceJournal { Vms = vms }, asked),
        };
    }

    /// <summary>Asked for once more under the promise: the newest order counts, with its reason and its end.</summary>
    public static OperatorReply GoOn(Draft turn, OperatorRequest.Maintenance asked)
    {
        var journal = turn.Durable.Maintenance ?? new MaintenanceJournal();
        turn.Durable = turn.Durable with
        {
            WantsReadmission = false,
            Maintenance = Renewed(journal, asked),
        };
        return new OperatorReply(true, false, "This host is in maintenance already; the reason and the end that were given now count.");
    }

    private static MaintenanceJournal Renewed(MaintenanceJournal journal, OperatorRequest.Maintenance asked) => journal with
    {
        Reason = asked.Reason,
        UntilUnixMs = asked.UntilUnixMs,
        KeepsMastership = asked.KeepMaster,
        ByToolstack = false,
        Returning = false,
    };

    /// <summary>The operator ends it, at whatever point it is.</summary>
    public static OperatorReply Cancel(Draft turn)
    {
        TakeInHand(turn);
        TurnBack(turn);
        return new OperatorReply(true, turn.Durable.Maintenance is not null, "The maintenance ends; what was moved comes back or is named, as failback says.");
    }

    /// <summary>The operator ends a maintenance that XAPI showed: from here on it is as if he had begun it.</summary>
    public static void TakeInHand(Draft turn)
    {
        if (turn.Durable.Maintenance is { ByToolstack: true } journal)
        {
            turn.Durable = turn.Durable with { Maintenance = journal with { ByToolstack = false } };
        }
    }

    /// <summary>The maintenance ends under the promise: the peer is asked to give it up.</summary>
    public static void AskForReadmission(Draft turn)
    {
        TurnBack(turn);
        turn.Durable = turn.Durable with { WantsReadmission = true };
    }

    public static void TurnBack(Draft turn)
    {
        if (turn.Durable.Maintenance is { Returning: false } journal)
        {
            turn.Durable = turn.Durable with { Maintenance = journal with { Returning = true } };
            turn.Procedures = turn.Procedures with { Moves = turn.Procedures.Moves.Clear(), MaintenanceStepAt = turn.Now };
        }
    }

    /// <summary>What comes between ends it for good: a host must not be emptied days later without a word to anybody.</summary>
    public static void StopFor(Draft turn, string why)
    {
        if (turn.Durable is { Maintenance.Returning: false, PromiseStands: false, KeepsMastership: false })
        {
            GiveUp(turn, why);
        }
    }

    public static void Advance(Draft turn)
    {
        EndWhenOver(turn);
        if (turn.Durable.Maintenance is not { } journal || turn.State.Status == HaStatus.Maintenance || turn.Durable.KeepsMastership)
        {
            return;
        }

        if (turn.State.Status is HaStatus.Fencing or HaStatus.TakingOver or HaStatus.Sole or HaStatus.Departing && !journal.Returning)
        {
            GiveUp(turn, $"this host is {turn.State.Status}");
        }
        else if (MayAct(turn.View))
        {
            if (journal.Returning)
            {
                Homecoming.Advance(turn, journal);
            }
            else if (turn.Disk.Confirmed.Maintenance is { Returning: false })
            {
                Empty(turn);
            }
        }
    }

    /// <summary>
    /// A survivor that was disabled for a maintenance is enabled again too: without that it could start nothing. Still Paired in
    /// this turn, the peer is heard: the states are decided first.
    /// </summary>
    private static bool MayAct(View view) => view.State.Host.Database is not null && view.ToolstackReady && view.Durable.Enabled
        && (view.Status == HaStatus.Paired || (view.Status is HaStatus.Sole or HaStatus.TakingOver && view.IsMaster));

    /// <summary>The promise not to take over; everything else followed from what is said here.</summary>
    public static void Promise(Draft turn)
    {
        turn.Durable = turn.Durable with
        {
            Promise = turn.Durable.Promise + 1,
            PromiseStands = true,
            WantsReadmission = false,
            Committed = false,
        };
        turn.Become(Cause.MaintenanceAsked, turn.Durable.Maintenance switch
        {
            { ByToolstack: true } => ByToolstack,
            { Reason: { Length: > 0 } reason } => $"the operator asked for maintenance: {reason}",
            _ => "the operator asked for maintenance",
        });
    }

    /// <summary>How far it has come, for people.</summary>
    public static string Progress(View view)
    {
        var journal = view.Durable.Maintenance!;
        var left = Moves.Guests(view);
        var moved = journal.Vms.Length - left.Length;
        var moving = left.Count(vm => view.State.Pending.IdOf(Purpose.MoveVm, vm) != 0);
        if (journal is { ByToolstack: true, Returning: false })
        {
            return ByToolstack + (view.IsMaster ? $"; {Stays(view)}" : "");
        }

        var until = left.IsEmpty ? !view.IsMaster ? "the promise follows" : journal.KeepsMastership ? Stays(view) : "the mastership is handed over next"
            : $"{moving} on the move, {left.Length - moving} waiting: {string.Join(", ", left.Select(vm => Moves.NameOf(view, vm)))}";
        return journal.Returning ? Homecoming.Progress(view, journal)
            : $"this host is emptied for maintenance{(journal.Reason.Length > 0 ? $" ({journal.Reason})" : "")}: "
                + $"{Math.Max(0, moved)} of {journal.Vms.Length} VMs moved; {until}";
    }

    private const string ByToolstack = "this host was disabled in XAPI and emptied, which is taken for a maintenance until it is enabled there";

    /// <summary>An administrator who reads it reboots the host: said only when the departure that follows would see it so too.</summary>
    private static string Stays(View view) => MasterReturn.IsWanted(view)
        ? $"{Confirmation.StaysMaster}update and reboot it, {view.Config.Peer.Name} waits for it for at most {view.Policy.MasterReturn.TotalSeconds:0} s"
        : "XAPI's database is to show it empty";

    private static void Empty(Draft turn)
    {
        var stuck = turn.Procedures.Moves.FirstOrDefault(move => move.Value.Tries >= Deadlines.MoveTries);
        if (stuck.Value is { } attempt)
        {
            GiveUp(turn, $"{Moves.NameOf(turn.View, stuck.Key)} could not be moved: {attempt.Trouble}");
            return;
        }

        if (!Moves.IsSwitched(turn, enabled: false))
        {
            return;
        }

        var peerIsEmptied = !turn.Host.Database!.EnabledHosts.Contains(turn.Config.Peer.Uuid);
        if (turn.View.MayRun || turn.Pending.Has(Purpose.MoveVm))
        {
            MoveAway(turn, peerIsEmptied);
        }
        else if (turn.View.IsMaster)
        {
            if (turn.Durable.Maintenance is { KeepsMastership: false })
            {
                HandOver(turn);
            }
        }
        else if (turn.Durable.Master == turn.Config.Peer.Uuid && turn.View.RoleIsSettled && NothingComes(turn))
        {
            Promise(turn);
        }
    }

    /// <summary>Of two hosts that are emptied into each other the slave stops.</summary>
    private static void MoveAway(Draft turn, bool peerIsEmptied)
    {
        if (peerIsEmptied && !turn.View.IsMaster)
        {
            GiveUp(turn, $"{turn.Config.Peer.Name} is disabled in XAPI");
        }
        else if (!peerIsEmptied && turn.View.PeerCanFollow)
        {
            Moves.Order(turn, Moves.Guests(turn.View), turn.Config.Peer.Uuid, turn.Config.Peer.Name);
        }
    }

    /// <summary>
    /// By the database, which shows this host disabled, nothing starts or arrives here; and the hypervisor's list was asked for
    /// after that: what was under way before is on it.
    /// </summary>
    private static bool NothingComes(Draft turn)
    {
        foreach (var vm in turn.Host.Database!.Vms)
        {
            if (vm.ScheduledOn == turn.Config.Self.Uuid || (vm.StartUnderWay && vm.ScheduledOn != turn.Config.Peer.Uuid))
            {
                return false;
            }
        }

        if (turn.Host.DomainsAskedAt >= turn.Host.DatabaseAt)
        {
            return true;
        }

        if (!turn.Pending.Has(Purpose.ReadDomains))
        {
            turn.ReadDomainsAnew();
        }

        return false;
    }

    private static void HandOver(Draft turn)
    {
        var retryAt = turn.Procedures.Moves.GetValueOrDefault(Moves.Mastership)?.RetryAt ?? turn.Now;
        if (turn.View.PeerCanFollow && !turn.Pending.Has(Purpose.GiveMastership) && turn.Now >= turn.Procedures.MaintenanceStepAt && turn.Now >= retryAt)
        {
            turn.Act(new HaAction.DesignateMaster(turn.Config.Peer.Uuid), Deadlines.HandOver, Purpose.GiveMastership);
            turn.Procedures = turn.Procedures with { MaintenanceStepAt = turn.Now + Moves.StepRest };
        }
    }

    /// <summary>The wall clock gives the end, as it does for a disablement.</summary>
    private static void EndWhenOver(Draft turn)
    {
        if (turn.Durable.Maintenance is not { Returning: false, UntilUnixMs: > 0 } journal || turn.Life.WallUnixMs < journal.UntilUnixMs)
        {
            return;
        }

        turn.Report(HaEventId.Maintenance, Severity.Notice, "the maintenance period has ended");
        if (turn.Durable.PromiseStands)
        {
            AskForReadmission(turn);
        }
        else
        {
            TurnBack(turn);
        }
    }

    private static void GiveUp(Draft turn, string why)
    {
        turn.Report(HaEventId.Maintenance, Severity.Critical, $"the maintenance is given up: {why}");
        TurnBack(turn);
        turn.Abandon(Purpose.MoveVm);
    }
}
