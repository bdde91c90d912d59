using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Explore;

/// <content>The least toolstack: role file, process, readiness, belief about VMs.</content>
internal sealed partial class SmallWorld
{
    private static readonly long AnswersAfter = 100 * WorldTimes.Millisecond;

    private void StartToolstack(byte index)
    {
        var host = Host(index);
        ref var toolstack = ref host.Toolstack;
        toolstack.Life++;
        (toolstack.Running, toolstack.Complete, toolstack.Started) = (true, false, false);
        (toolstack.Role, toolstack.StartedAt) = (toolstack.RoleFile, Now);
        for (var vm = 0; vm < ExploreSite.Vms; vm++)
        {
            Reconcile(ref toolstack, host, index, vm);
        }
    }

    private static void StopToolstack(SmallHost host)
    {
        if (host.Toolstack.Running)
        {
            host.Toolstack.Running = false;
            host.Toolstack.Life++;
        }
    }

    /// <summary>What a database says of a host's VMs is set right when that host's toolstack comes up.</summary>
    private static void Reconcile(ref SmallToolstack database, SmallHost truth, byte index, int vm)
    {
        var runs = (truth.Running & (1 << vm)) != 0;
        if (runs)
        {
            database.SetPlace(vm, 1 + index);
        }
        else if (database.Place(vm) == 1 + index)
        {
            database.SetPlace(vm, 0);
        }
    }

    /// <summary>Completes the start of a toolstack whose time has come; nothing looks at it in between.</summary>
    private void Refresh(byte index)
    {
        var host = Host(index);
        ref var toolstack = ref host.Toolstack;
        if (!toolstack.Running || toolstack.Complete || Now < toolstack.StartedAt + WorldTimes.ToolstackStart)
        {
            return;
        }

        if (toolstack.Role == PoolRole.Master)
        {
            toolstack.Complete = true;
        }
        else if (MasterInReach(index))
        {
            toolstack.Complete = true;
            ref var master = ref Host(1 - index).Toolstack;
            for (var vm = 0; vm < ExploreSite.Vms; vm++)
            {
                Reconcile(ref master, host, index, vm);
            }

            toolstack.Belief = master.Belief;
        }
    }

    private bool MasterInReach(byte index)
    {
        var peer = Host(1 - index);
        return peer.On && peer.Toolstack is { Running: true, Role: PoolRole.Master } && (Cut & 3) == 0
            && Now >= peer.Toolstack.StartedAt + WorldTimes.ToolstackStart;
    }

    private ToolstackFacts ReadToolstack(byte index, bool withDatabase)
    {
        Refresh(index);
        var toolstack = Host(index).Toolstack;
        var answers = toolstack.Running && Now >= toolstack.StartedAt + AnswersAfter;
        var emergency = answers && toolstack is { Role: PoolRole.Slave, Complete: false }
            && Now >= toolstack.StartedAt + WorldTimes.ToolstackStart;
        DatabaseFacts? database = null;
        if (withDatabase && answers && !emergency)
        {
            database = toolstack.Role == PoolRole.Master ? Site.Database(index, toolstack.Belief)
                : MasterInReach(index) ? Site.Database(1 - index, Host(1 - index).Toolstack.Belief)
                : null;
        }

        return new ToolstackFacts
        {
            Running = toolstack.Running,
            Answers = answers,
            Emergency = emergency,
            InitComplete = toolstack is { Running: true, Complete: true },
            RoleFile = toolstack.RoleFile,
            MasterAddress = toolstack.RoleFile == PoolRole.Slave ? Site.Address(1 - index) : "",
            Database = database,
        };
    }

    /// <summary>Writes the role file; the process ends by a fuse unless it is restarted before.</summary>
    private ActionOutcome Promote(byte index, SmallHost host)
    {
        if (!host.Toolstack.Running || Now < host.Toolstack.StartedAt + AnswersAfter)
        {
            return ActionOutcome.Failed;
        }

        host.Toolstack.RoleFile = PoolRole.Master;
        Push(new WorldEvent(Now + WorldTimes.Fuse, WorldEventKind.ToolstackFuse, index, 0, host.Toolstack.Life, 0, null));
        return ActionOutcome.Succeeded;
    }

    private static ActionOutcome ResetPowerState(SmallHost host, int vm)
    {
        if (host.Toolstack is not { Running: true, Role: PoolRole.Master, Complete: true })
        {
            return ActionOutcome.Failed;
        }

        host.Toolstack.SetPlace(vm, 0);
        return ActionOutcome.Succeeded;
    }

    private bool CanStart(byte index, Guid vm)
    {
        Refresh(index);
        var toolstack = Host(index).Toolstack;
        return toolstack is { Running: true, Role: PoolRole.Master, Complete: true } && toolstack.Place(Site.VmIndex(vm)) == 0;
    }

    private ActionOutcome StartVm(in WorldEvent item, SmallHost host, int vm)
    {
        if (item.Link == 0)
        {
            return ActionOutcome.Failed;
        }

        if (item.Life != host.Toolstack.Life)
        {
            return ActionOutcome.Unknown;
        }

        var peer = Host(1 - item.Host);
        if (peer.On && peer.Toolstack is { Running: true, Role: PoolRole.Master, Started: true })
        {
            Violate("S2", $"two masters start VMs: {ExploreSite.VmName(vm)} on {Name(item.Host)} while {Name(1 - item.Host)} did so too");
        }

        host.Toolstack.SetPlace(vm, 1 + item.Host);
        host.Toolstack.Started = true;
        host.Running |= (byte)(1 << vm);
        _first.FencedVms = _second.FencedVms = false;
        Coverage.Starts++;
        Say(item.Host, $"VM {ExploreSite.VmName(vm)} runs");
        return ActionOutcome.Succeeded;
    }

    /// <summary>A slave that hears of a new master follows it at once.</summary>
    private void RecoverSlave(byte index)
    {
        var peer = Host(1 - index);
        if (peer.On && peer.Toolstack is { Running: true, Role: PoolRole.Slave } && (Cut & 3) == 0)
        {
            StopToolstack(peer);
            StartToolstack((byte)(1 - index));
        }
    }

    private void SyncDatabase(byte index)
    {
        var host = Host(index);
        var peer = Host(1 - index);
        if (host.Toolstack is { Running: true, Role: PoolRole.Master } && peer.On && (Cut & 3) == 0)
        {
            peer.Toolstack.Belief = host.Toolstack.Belief;
        }
    }

    private static string Name(int index) => index == 0 ? "a" : "b";
}
