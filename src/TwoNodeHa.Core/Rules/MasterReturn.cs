using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// A master that was emptied keeps the mastership through its reboot, and its peer waits for it: XAPI starts no member that is newer than its
/// master, so an update begins with the master, which has to stay it (ADR 23). The wait gives no right and takes none away: it only puts a
/// takeover off, for <c>master_return_seconds</c> at most.
/// </summary>
public static class MasterReturn
{
    /// <summary>
    /// This master, about to go down, is emptied, and XAPI is told to start nothing here: somebody works on it, and it comes back. An update of
    /// the hypervisor may break its list until the reboot: then XAPI's word and the last list are enough, the wait gives no right.
    /// </summary>
    public static bool IsWanted(View view) => view is { IsMaster: true, PeerCanFollow: true, Runs: false }
        && view.Policy.MasterReturn > TimeSpan.Zero
        && view.State.Host is { DatabaseAt: { } read, Database: { } database } && view.Now - read < Deadlines.RecordsAreOld
        && !database.EnabledHosts.Contains(view.Config.Self.Uuid)
        && !database.Vms.Any(vm => vm.ScheduledOn == view.Config.Self.Uuid || vm.ResidentOn == view.Config.Self.Uuid);

    /// <summary>
    /// A master that keeps the mastership, and whose newest list was empty, goes down by the handshake of a pause while no list can be read: a fence
    /// could not be verified, and would reset a host in the middle of its shutdown.
    /// </summary>
    public static bool LeavesUnlisted(View view) => view is { Durable.KeepsMastership: true, Runs: false };

    /// <summary>
    /// Until when the peer is waited for; null when it is not. A host that is empty itself waits for nobody: then nothing runs anywhere, and
    /// whoever can go on goes on.
    /// </summary>
    public static Instant? AwaitedUntil(View view)
    {
        var runs = view.Status is HaStatus.Paired or HaStatus.Suspecting or HaStatus.Holding or HaStatus.Isolated;
        if (!runs || !view.Durable.PeerReturns || view.Durable.Master != view.Config.Peer.Uuid)
        {
            return null;
        }

        var until = (view.State.Peer.ReturnsSince ?? view.State.Life.StartedAt) + view.Policy.MasterReturn;
        return view.Now < until ? until : null;
    }

    /// <summary>Who is waited for, how long, and what then.</summary>
    public static string Sentence(View view) => $"{view.Config.Peer.Name} was emptied, goes down in order and stays master: it is waited for, at most "
        + $"{view.Policy.MasterReturn.TotalSeconds:0} s (master_return_seconds); then {view.Config.Self.Name} becomes master";
}
