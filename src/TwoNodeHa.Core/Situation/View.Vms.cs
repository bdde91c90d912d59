using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Situation;

/// <content>What would start where, and what does.</content>
public readonly partial struct View
{
    /// <summary>
    /// The plan of what is missing here, on this host: what a takeover carries out. Null while no database was read. XAPI's
    /// records are those of the newest reading; what runs here is the hypervisor's own list.
    /// </summary>
    public FailoverPlan? StartPlan()
    {
        if (State.Host.Database is not { } database)
        {
            return null;
        }

        var view = this;
        var missing = Missing();
        return Planner.Of(new PlanInput(Policy, new PoolIndex(database), Config.Self.Uuid, IsSelf: true)
        {
            Candidates = Status == HaStatus.TakingOver ? missing : missing.RemoveAll(vm => view.RunsOnPeer(vm.Uuid)),
            IsThere = RunsHere,
            IsResting = vm => view.State.Procedures.Starts.TryGetValue(vm, out var attempt)
                && attempt.GivenUp.Length > 0 && view.Now < attempt.RetryAt,
        });
    }

    /// <summary>
    /// The plan for the death of a host, at any time: what the other one would start, by the records as they are. Null while no
    /// database was read.
    /// </summary>
    /// <param name="dead">Uuid of the host that dies.</param>
    public FailoverPlan? PlanFor(Guid dead)
    {
        if (State.Host.Database is not { } database)
        {
            return null;
        }

        var survivor = dead == Config.Self.Uuid ? Config.Peer.Uuid : Config.Self.Uuid;
        var pool = new PoolIndex(database);
        var candidates = new List<VmRecord>();
        foreach (var vm in Durable.Vms)
        {
            if (vm is { Protected: true, Wanted: true } && !IsUpOn(pool, vm, survivor))
            {
                candidates.Add(vm);
            }
        }

        return Planner.Of(new PlanInput(Policy, pool, survivor, survivor == Config.Self.Uuid)
        {
            Candidates = candidates,
            IsThere = static _ => false,
            EnablesHost = survivor == Config.Self.Uuid ? Durable.Maintenance is null : State.Peer.Beat is not { Status: HaStatus.Maintenance },
        });
    }

    private static bool IsUpOn(PoolIndex pool, VmRecord vm, Guid host) => vm.LastOn == host
        && pool.Vm(vm.Uuid) is { PowerState: VmPowerState.Running or VmPowerState.Paused } fact && fact.ResidentOn == host;
}
