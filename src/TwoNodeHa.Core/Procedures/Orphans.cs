using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>Protected VMs that are wanted and run nowhere: since when, and which of them are to be started.</summary>
internal static class Orphans
{
    public static void Watch(Draft turn)
    {
        var view = turn.View;
        var since = turn.Procedures.OrphanSince;
        foreach (var vm in turn.Durable.Vms)
        {
            since = !IsOrphan(view, vm) ? since.Remove(vm.Uuid)
                : since.ContainsKey(vm.Uuid) ? since : since.Add(vm.Uuid, turn.Now);
        }

        if (since != turn.Procedures.OrphanSince)
        {
            turn.Procedures = turn.Procedures with { OrphanSince = since };
        }
    }

    /// <summary>It has run nowhere for so long that no migration and no restart by an administrator explains it.</summary>
    public static bool IsLong(Draft turn, Guid vm) =>
        turn.Procedures.OrphanSince.TryGetValue(vm, out var since) && turn.Now - since >= Deadlines.Orphan;

    /// <summary>
    /// The database shows it on the peer that this sole host took it from, and that was not seen alive since: a reset that did not
    /// last. A toolstack that lives without its daemon may run what the database shows there.
    /// </summary>
    public static bool IsLeftBehind(View view, VmFact fact) => view.Status == HaStatus.Sole
        && fact.ResidentOn == view.Config.Peer.Uuid && fact.PowerState is VmPowerState.Running or VmPowerState.Paused && !fact.StartUnderWay
        && view.State.Disk.Confirmed.TakenOver.Contains(fact.Uuid) && view.Now >= OperatorWord.ListenedAt(view, view.State.Life.StartedAt);

    private static bool IsOrphan(View view, VmRecord vm) => vm is { Protected: true, Wanted: true }
        && FactOf(view, vm.Uuid) is { } fact
        && ((fact.PowerState == VmPowerState.Halted && !fact.StartUnderWay) || IsLeftBehind(view, fact))
        && !view.RunsHere(vm.Uuid) && !view.RunsOnPeer(vm.Uuid);

    /// <summary>What the database says of a VM; null when it does not know it.</summary>
    internal static VmFact? FactOf(View view, Guid vm)
    {
        foreach (var fact in view.State.Host.Database?.Vms ?? [])
        {
            if (fact.Uuid == vm)
            {
                return fact;
            }
        }

        return null;
    }
}
