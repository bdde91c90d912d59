using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// The mastership is given to a peer that came back newer: XAPI does not start a member that is newer than its master, so an update that a crash
/// interrupted would lock the updated host out (ADR 23). Files and epoch do it, since XAPI cannot designate a host that it does not start.
/// The VMs run on all the time. In order: this host says who is master, on disk first; its toolstack ends and becomes a slave's; the peer's
/// comes up as the master, and has compared its database with its hypervisor; only then this one starts. Else the peer's old
/// database could show what runs here on the peer, and a toolstack that starts destroys such a domain (xapi.md 8.3).
/// </summary>
internal static class NewerPeer
{
    public static void Advance(Draft turn)
    {
        if (IsGiven(turn.View))
        {
            GoOn(turn);
            return;
        }

        if (!IsDue(turn.View))
        {
            if (turn.Procedures.PeerTooNewSince is not null)
            {
                turn.Procedures = turn.Procedures with { PeerTooNewSince = null };
            }

            return;
        }

        var since = turn.Procedures.PeerTooNewSince ?? turn.Now;
        turn.Procedures = turn.Procedures with { PeerTooNewSince = since };
        if (turn.Now - since < Deadlines.TooNewLasts)
        {
            return;
        }

        var lost = turn.Durable.Vms.Where(static vm => !vm.PeerHas).Select(static vm => vm.Name).ToList();
        if (lost.Count > 0)
        {
            turn.Procedures = turn.Procedures with { PeerTooNewSince = turn.Now + Deadlines.TooNewToldAgain - Deadlines.TooNewLasts };
            turn.Report(HaEventId.Alert, Severity.Critical,
                $"{turn.Config.Peer.Name} is newer than this master, and XAPI does not start it. The mastership is not given to it: its database may not know {Named(lost)}, which "
                + "would be destroyed or forgotten. Update this host");
        }
        else
        {
            turn.Procedures = turn.Procedures with { PeerTooNewSince = null };
            turn.Durable = turn.Durable with { Epoch = turn.Durable.Epoch + 1, Master = turn.Config.Peer.Uuid };
            turn.Report(HaEventId.PeerChanged, Severity.Warning,
                $"{turn.Config.Peer.Name} is newer than this master, and XAPI does not start it: the mastership is given to it, epoch {turn.Durable.Epoch}. The VMs run on; "
                + "what was changed in XAPI since it went down is lost");
        }
    }

    private static string Named(List<string> vms) => string.Join(", ", vms.Take(5)) + (vms.Count > 5 ? $" and {vms.Count - 5} more" : "");

    /// <summary>When it has lasted long enough.</summary>
    public static Instant LookAgainAt(View view) =>
        view.State.Procedures.PeerTooNewSince is { } since ? Again.At(view, since + Deadlines.TooNewLasts) : Again.Never;

    /// <summary>This member runs VMs, its disk says that the peer is master, and it hears that peer.</summary>
    private static bool IsGiven(View view) => View.IsMember(view.Status) && view.Runs && view.PeerFresh && view.Durable.Master == view.Config.Peer.Uuid
        && view.Confirmed.Master == view.Config.Peer.Uuid && view.Confirmed.Epoch == view.Durable.Epoch;

    /// <summary>The toolstack ends; one that a former daemon ended on this way is not forgotten.</summary>
    private static void GoOn(Draft turn)
    {
        if (turn.Role.Phase != RoleChangePhase.Idle || turn.Pending.Has(Purpose.ChangeRole))
        {
            return;
        }

        if (turn.View.IsMaster && IsTooNew(turn.View))
        {
            RoleChange.Give(turn);
        }
        else if (turn.Durable.ToolstackOwed && turn.Host.Toolstack is { RoleFile: PoolRole.Slave, Running: false, ProcessAlive: false })
        {
            turn.Role = new RoleProgress { Phase = RoleChangePhase.Writing, IsGiven = true };
        }
    }

    /// <summary>A master without gateway or storage would yield what it was given, or start nothing.</summary>
    private static bool IsTooNew(View view) => view.State.Peer.Beat is { Status: HaStatus.Joining or HaStatus.Fenced, RunningCount: 0 } beat
        && beat.Has(HeartbeatFlags.TooNew | HeartbeatFlags.GatewayFresh | HeartbeatFlags.StorageHealthy);

    private static bool IsDue(View view) => view is { Status: HaStatus.Sole or HaStatus.Suspecting, IsMaster: true, RoleIsSettled: true, PeerFresh: true, FreeOfWord: true }
        && view.Durable.Enabled && view.Durable.Master == view.Config.Self.Uuid
        && IsTooNew(view)
        && !view.State.Pending.Has(Purpose.StartVm) && !view.IsPausing;
}
