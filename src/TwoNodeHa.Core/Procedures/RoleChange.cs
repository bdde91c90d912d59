using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Care for XAPI's role of this host: a toolstack that has to come up in the role that the epoch gives it.
/// XAPI looks for another master once, at its start, and never again; so this is done here.
/// </summary>
internal static class RoleChange
{
    /// <summary>Brings the own toolstack up in the right role; only while nothing runs here and the peer is heard.</summary>
    public static void Join(Draft turn, Heartbeat beat)
    {
        if (!IsPossible(turn.View) || !RoleIsCertain(turn.View, beat) || GivenMastership.IsStillMaster(turn.View, beat))
        {
            return;
        }

        if (turn.Role.Phase != RoleChangePhase.Idle && (!WasStartedForAnother(turn.View) || turn.View.RoleAsItShouldBe))
        {
            Advance(turn);
        }
        else if (!turn.View.RoleAsItShouldBe)
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Notice,
                $"master of epoch {turn.Durable.Epoch} is {Mastership.NameOf(turn, turn.Durable.Master)}: this toolstack is restarted in its role");
            Order(turn, RoleChangePhase.Killing, new HaAction.KillToolstack());
        }
        else if (IsDown(turn) && !MeetsMaster(turn.View, beat))
        {
            Order(turn, RoleChangePhase.Starting, new HaAction.StartToolstack());
        }
    }

    /// <summary>
    /// HA was disabled while the toolstack was down by our hand: it is started, in the role that the epoch gives it. One that is up, whoever
    /// started it, is the administrator's.
    /// </summary>
    public static void Repay(Draft turn)
    {
        if (!IsFree(turn.View) || (turn.View.Runs && !turn.Role.IsGiven) || turn.Host.ToolstackAt <= turn.Role.RetryAt
            || turn.Disk.Confirmed.Master != turn.Durable.Master)
        {
            return;
        }

        if (!IsDown(turn))
        {
            turn.Role = turn.Host.Toolstack is { Running: true } ? new RoleProgress() : turn.Role;
        }
        else if (turn.Role.IsGiven && !GivenMastership.IsTaken(turn.View))
        {
            TakeBack(turn);
        }
        else if (turn.View.RoleAsItShouldBe)
        {
            Order(turn, RoleChangePhase.Starting, new HaAction.StartToolstack());
        }
        else
        {
            WriteRole(turn);
        }
    }

    /// <summary>
    /// The toolstack of the epoch's master came up as a slave: XAPI demotes a master that meets another one at its start, and
    /// two can do that to each other (xapi.md 8.1). When the peer is no master either, this one takes its role back.
    /// </summary>
    public static void KeepMaster(Draft turn)
    {
        if (turn.Role.Phase != RoleChangePhase.Idle)
        {
            if (!turn.Pending.Has(Purpose.ChangeRole) && turn.Now >= turn.Role.RetryAt)
            {
                Advance(turn);
            }

            return;
        }

        if (!HasLasted(turn, IsDemotedMaster(turn.View)) || turn.Now < turn.Role.RetryAt)
        {
            return;
        }

        turn.Report(HaEventId.Conflict, Severity.Error,
            $"this host is master of epoch {turn.Durable.Epoch}, but its toolstack is a slave and no other master is heard: promoted again");
        turn.Procedures = turn.Procedures with { RoleConflictSince = null };
        Order(turn, RoleChangePhase.Killing, new HaAction.KillToolstack());
    }

    /// <summary>
    /// Class A and lone_start = hold: a fenced master that hears nobody does not know who is master now. The role of its file is a slave's until it takes over or is
    /// heard: an administrator may start the toolstack, and a master would act beside the taker.
    /// </summary>
    public static void StandAside(Draft turn)
    {
        var view = turn.View;
        if (view.Policy.AloneMayMeetMaster && view is { IsMaster: true, DisabledForBoth: false, Durable: { Enabled: true, ToolstackOwed: true } }
            && turn.Role.Phase == RoleChangePhase.Idle && IsPossible(view) && IsDown(turn))
        {
            // One order and no change that has begun: somebody may start the toolstack before anything else is to be written.
            Order(turn, RoleChangePhase.Idle, Mastership.SlaveOfPeer(turn));
        }
    }

    /// <summary>What was odd before this host waited for something says nothing afterwards.</summary>
    public static void Forget(Draft turn)
    {
        if (turn.Procedures.GhostSince is not null || turn.Procedures.RoleConflictSince is not null)
        {
            turn.Procedures = turn.Procedures with { GhostSince = null, RoleConflictSince = null };
        }
    }

    /// <summary>When a failed change is tried again.</summary>
    public static Instant LookAgainAt(View view) => Again.At(view, view.State.Procedures.Role.RetryAt);

    public static void Done(Draft turn, Observation.ActionFinished finished)
    {
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"settling the toolstack's role failed: {finished.Detail}");
            turn.Role = new RoleProgress { RetryAt = turn.Now + Deadlines.RoleRetry };
            return;
        }

        if (turn.Role.Phase == RoleChangePhase.Killing)
        {
            ToolstackIntake.StandsDown(turn);
        }

        // The next observation must be newer than what was just done.
        turn.Role = turn.Role with
        {
            RetryAt = turn.Role.Phase == RoleChangePhase.Starting ? turn.Now + Deadlines.RoleStarted : turn.Now,
        };
    }

    private static bool IsPossible(View view) => IsFree(view) && !view.Runs;

    private static bool IsFree(View view) => !view.GuardIsOpen && !view.State.Pending.Has(Purpose.ChangeRole)
        && (view.Now >= view.State.Procedures.Role.RetryAt || WasStartedForAnother(view)) && view.State.Host.Toolstack is not null
        && view.Durable.Master != Guid.Empty;

    /// <summary>
    /// Once it has been seen for long enough that nothing makes the other host the master, this one is it again. Until then its toolstack
    /// waits, as it would for the end of the gift.
    /// </summary>
    private static void TakeBack(Draft turn)
    {
        if (HasLasted(turn, GivenMastership.IsDeclined(turn.View)))
        {
            turn.Procedures = turn.Procedures with { RoleConflictSince = null };
            turn.Role = turn.Role with { Phase = RoleChangePhase.Killing };
            turn.Durable = turn.Durable with { Epoch = turn.Durable.Epoch + 1, Master = turn.Config.Self.Uuid };
            turn.Report(HaEventId.PeerChanged, Severity.Notice,
                $"HA was disabled before {turn.Config.Peer.Name} became the master: this host keeps the mastership, epoch {turn.Durable.Epoch}");
        }
    }

    /// <summary>A pool without a master is that for long enough to be believed; what is not there now has not begun.</summary>
    private static bool HasLasted(Draft turn, bool isThere)
    {
        var since = isThere ? turn.Procedures.RoleConflictSince ?? turn.Now : (Instant?)null;
        if (since != turn.Procedures.RoleConflictSince)
        {
            turn.Procedures = turn.Procedures with { RoleConflictSince = since };
        }

        return since is { } begun && turn.Now - begun >= Deadlines.MasterLost;
    }

    /// <summary>Whoever became master since this toolstack was started does not wait until it has come up.</summary>
    private static bool WasStartedForAnother(View view) =>
        view.State.Procedures.Role is { Phase: RoleChangePhase.Starting } role && role.StartedFor != view.Durable.Master;

    private static bool IsDown(Draft turn) => turn.Host.Toolstack is { Running: false, ProcessAlive: false }
        && turn.Host.ToolstackAt >= turn.Role.RetryAt && turn.Now - turn.Life.StatusSince > Deadlines.ToolstackIsDown;

    /// <summary>The peer acts as the master of an older epoch: it steps down first, or takes over from here.</summary>
    private static bool MeetsMaster(View view, Heartbeat beat) =>
        view.Durable.Master == view.Config.Self.Uuid && beat.Has(HeartbeatFlags.IsMaster | HeartbeatFlags.ToolstackHealthy);

    /// <summary>
    /// An unconsumed attestation of a master: the peer is about to take over, so the role is not settled yet. Once the
    /// peer has named itself, an old master must not be able to act for another moment (S2).
    /// </summary>
    private static bool RoleIsCertain(View view, Heartbeat beat) => view.FreeOfWord
        || (view.Durable.Master == view.Config.Peer.Uuid && beat.Master == view.Config.Peer.Uuid
            && beat.Epoch == view.Durable.Epoch && View.IsMember(beat.Status));

    private static bool IsDemotedMaster(View view)
    {
        var peerIsMaster = view.PeerFresh && view.State.Peer.Beat!.Has(HeartbeatFlags.IsMaster);
        return view.Status is HaStatus.Sole or HaStatus.Paired or HaStatus.Suspecting or HaStatus.Holding && view.Durable.Enabled
            && view.Durable.Master == view.Config.Self.Uuid && !peerIsMaster
            && (view.Status == HaStatus.Sole || view.PeerFresh)
            && view.State.Host.Toolstack is { RoleFile: PoolRole.Slave };
    }

    /// <summary>The next order of a change of role that has begun: killed, written, started.</summary>
    private static void Advance(Draft turn)
    {
        switch (turn.Role.Phase)
        {
            case RoleChangePhase.Killing or RoleChangePhase.Writing when GivenMastership.HoldsBack(turn.View):
                break;
            case RoleChangePhase.Killing:
                WriteRole(turn);
                break;
            case RoleChangePhase.Writing:
                Order(turn, RoleChangePhase.Starting, new HaAction.StartToolstack());
                break;
            default:
                turn.Role = new RoleProgress { RetryAt = turn.Now + Deadlines.RoleRetry };
                break;
        }
    }

    private static void WriteRole(Draft turn)
    {
        if (turn.Durable.Master != turn.Config.Self.Uuid)
        {
            Order(turn, RoleChangePhase.Writing, Mastership.SlaveOfPeer(turn));
        }
        else if (View.IsMember(turn.State.Status) && turn.View.PeerFresh && turn.Peer.Beat!.Has(HeartbeatFlags.IsMaster))
        {
            // A master appeared while this toolstack was being stopped: the mastership was on its way there.
            Order(turn, RoleChangePhase.Starting, new HaAction.StartToolstack());
        }
        else
        {
            Order(turn, RoleChangePhase.Writing, new HaAction.WriteRoleMaster());
        }
    }

    /// <summary>The first order of a role that is given away by a host that runs VMs: they run on.</summary>
    public static void Give(Draft turn)
    {
        turn.Role = new RoleProgress { IsGiven = true };
        Order(turn, RoleChangePhase.Killing, new HaAction.KillToolstack());
    }

    /// <summary>The toolstack comes up anew in the role that it has.</summary>
    public static void Restart(Draft turn) => Order(turn, RoleChangePhase.Starting, new HaAction.RestartToolstack());

    private static void Order(Draft turn, RoleChangePhase phase, HaAction action)
    {
        if (action is HaAction.KillToolstack)
        {
            turn.Durable = turn.Durable with { ToolstackOwed = true };
        }

        if (action is HaAction.StartToolstack or HaAction.RestartToolstack && turn.Durable.Master != turn.Config.Peer.Uuid)
        {
            turn.Host = turn.Host with { StandsDownSince = null };
        }

        turn.Act(action, Deadlines.ToolstackUnit, Purpose.ChangeRole);
        turn.Role = turn.Role with { Phase = phase, StartedFor = phase == RoleChangePhase.Starting ? turn.Durable.Master : Guid.Empty };
    }
}
