using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// Whether this host is bound: the peer may count on it to run nothing when its wait is over. A host that may run on a right
/// without end is never bound (protocol.md, every right ends).
/// </summary>
public static class Bond
{
    /// <summary>This host is bound, and says so in its heartbeats.</summary>
    public static bool Holds(View view) => View.IsMember(view.Status) && view.Durable.Enabled && !view.IsPausing
        && RightToRun.EndsByItself(view) && WatchdogKeepsIt(view);

    private static bool WatchdogKeepsIt(View view) => view.WatchdogUsable
        && (view.State.Watchdog.Armed || view.Config.Config.Watchdog.Kind == WatchdogKind.None);
}
