using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// Whether this host is bound: the peer may count on it to run nothing when its wait is over. A host that may run on a right
/// without end is never bound (protocol.md, every right ends).
/// </summary>
public static class Bond
{
    /// <summary>This host is bound, and says so in its heartbeats.</summary>
    public static bool Holds(View view) => (View.IsMember(view.Status) || KeepsPromise(view)) && view.Durable.Enabled && !view.IsPausing
        && RightToRun.EndsByItself(view) && WatchdogKeepsIt(view);

    /// <summary>
    /// Under a promise, and it is known that nothing runs or writes here by its leave: an old list does not say so, a toolstack that is master
    /// goes on acting when its host is cut off, and a garbage collector or dom0 goes on writing.
    /// </summary>
    private static bool KeepsPromise(View view) => view is { Status: HaStatus.Maintenance, Durable.PromiseStands: true, Confirmed.PromiseStands: true }
        && !view.MayWrite && !view.IsMaster && !view.ListOlderThan(Deadlines.WordListAge);

    private static bool WatchdogKeepsIt(View view) => view.WatchdogUsable
        && (view.State.Watchdog.Armed || view.Config.Config.Watchdog.Kind == WatchdogKind.None);
}
