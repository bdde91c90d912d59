using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Procedures;

/// <summary>Whether this host can be emptied, looked at before anything is done: every VM that cannot move is named.</summary>
internal static class EvacuationCheck
{
    /// <summary>Why not; null when it can.</summary>
    public static string? WhyNot(View view)
    {
        var peer = view.Config.Peer;
        if (!view.Durable.Enabled || !view.PeerFresh)
        {
            return $"HA is disabled or {peer.Name} is not heard: the promise could not be given.";
        }

        if (view.Status != HaStatus.Paired || view.State.Peer.Beat is not { Status: HaStatus.Paired } beat)
        {
            return $"this host is {view.Status}, {peer.Name} is {view.State.Peer.Beat?.Status}: both must be Paired.";
        }

        if (!beat.Has(HeartbeatFlags.Fit | HeartbeatFlags.ToolstackHealthy))
        {
            return $"{peer.Name} could not run the VMs: look at 'ha-ctl status' there.";
        }

        if (view.State.Host.Database is not { } database)
        {
            return "the toolstack has not been read yet; try again when 'ha-ctl status' shows it.";
        }

        return !database.EnabledHosts.Contains(peer.Uuid) ? $"{peer.Name} is disabled in XAPI: xe host-enable" : Immovable(view, database);
    }

    private static string? Immovable(View view, DatabaseFacts database)
    {
        var pool = new PoolIndex(database);
        var here = Moves.Guests(view);
        var records = view.Durable.Vms.Where(vm => here.Contains(vm.Uuid)).ToList();
        var found = here.Where(vm => records.All(record => record.Uuid != vm)).Select(vm => $"{vm}: the toolstack's database does not have it").ToList();
        var plan = Planner.Of(new PlanInput(view.Policy, pool, view.Config.Peer.Uuid, IsSelf: false) { Candidates = records, IsThere = view.RunsOnPeer });
        found.AddRange(plan.Misses.Where(miss => !IsAboutStarts(miss.Obstacle)).Select(miss => $"{miss.Vm.Name}: {miss.Obstacle.Text}"));
        foreach (var vm in records.Where(vm => plan.MissOf(vm.Uuid) is not { } miss || IsAboutStarts(miss.Obstacle)))
        {
            if (WhyNotLive(view, pool, vm) is { } reason)
            {
                found.Add($"{vm.Name}: {reason}");
            }
        }

        return found.Count == 0 ? null : $"these VMs cannot be moved; nothing was changed. {string.Join("; ", found)}. Shut them down or free them, then ask again.";
    }

    /// <summary>It blocks a start and no migration.</summary>
    private static bool IsAboutStarts(Obstacle obstacle) => obstacle.Kind == ObstacleKind.Blocked;

    /// <summary>What a start does not mind, and a live migration does.</summary>
    private static string? WhyNotLive(View view, PoolIndex pool, VmRecord vm)
    {
        var fact = pool.Vm(vm.Uuid)!;
        if (fact.PowerState != VmPowerState.Running)
        {
            return $"it is {fact.PowerState.ToString().ToLowerInvariant()}";
        }

        if (fact.Blocked.TryGetValue("pool_migrate", out var text))
        {
            return $"its migration is blocked in blocked_operations: {text}";
        }

        foreach (var obstacle in Placement.Of(pool, fact, view.Config.Peer.Uuid, view.Config.Self.Uuid))
        {
            if (obstacle.Kind is ObstacleKind.CpuFeatures or ObstacleKind.Sriov)
            {
                return obstacle.Text;
            }
        }

        return null;
    }
}
