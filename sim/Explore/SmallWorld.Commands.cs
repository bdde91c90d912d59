using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Judges;

namespace TwoNodeHa.Sim.Explore;

/// <content>How orders of the decision code are carried out.</content>
internal sealed partial class SmallWorld
{
    private void Execute(byte index, SmallHost host, Command command)
    {
        switch (command)
        {
            case Command.SendHeartbeat send:
                Send(index, host, send.Beat);
                break;
            case Command.ProbeGateway:
                if (Reaches(host))
                {
                    Push(new WorldEvent(Now + WorldTimes.Network, WorldEventKind.GatewayAnswer, index, 0, host.Life, Now, null));
                }

                break;
            case Command.ProbePeer:
                ProbePeer(index, host);
                break;
            case Command.FeedWatchdog feed:
                host.WatchdogAt = Now + (Math.Max(1, feed.Timeout.Ticks / TimeSpan.TicksPerSecond) * TimeSpan.TicksPerSecond);
                break;
            case Command.DisarmWatchdog:
                host.WatchdogAt = SmallHost.Never;
                break;
            case Command.RecordLease lease:
                host.LeaseFile = lease.Until;
                break;
            case Command.Persist persist:
                Push(new WorldEvent(Now + (host.DiskIsSlow ? WorldTimes.SlowDisk : WorldTimes.Disk), WorldEventKind.DiskWrite, index, 0, host.Life, 0, persist.State));
                break;
            case Command.ListDomains list:
                Push(new WorldEvent(Now + WorldTimes.List, WorldEventKind.DomainList, index, 0, host.Life, list.Id, null));
                break;
            case Command.ReadToolstack read:
                OrderRead(index, host, read);
                break;
            case Command.Act act:
                Order(index, host, act);
                break;
            case Command.Exit:
                EndDaemon(host);
                RestartDaemon(index, host);
                break;
            case Command.Report report:
                if (OnLine is not null)
                {
                    Say(index, $"[{(int)report.Event.Id}] {report.Event.Sentence}");
                }

                break;
        }
    }

    private void Send(byte index, SmallHost host, Heartbeat beat)
    {
        (host.SentIncarnation, host.SentSequence) = (beat.Incarnation.Counter, beat.Sequence);
        if (!host.StateLost && RightsOracle.BoundWithoutEnd(host.File, beat, Site.Config.Policy) is { } right)
        {
            Violate("R", $"{Name(index)} says that it is bound, and a right of it has no end: {right}");
        }

        var fate = host.NextBeat;
        host.NextBeat = FaultKind.None;
        var late = fate == FaultKind.Delay ? 3 * Site.Config.Timing.HeartbeatInterval.Ticks : 0;
        for (byte link = 0; link < Site.Links; link++)
        {
            var direction = (2 * link) + index;
            if ((Cut & (1 << direction)) != 0 || fate == FaultKind.Lose)
            {
                NotCarried(direction);
                continue;
            }

            if (late == 0)
            {
                Carried(direction);
            }
            else
            {
                NotCarried(direction);
            }

            if (Host(1 - index).Filtered)
            {
                continue;
            }

            Push(new WorldEvent(Now + WorldTimes.Network + late, WorldEventKind.Heartbeat, (byte)(1 - index), link, 0, 0, beat));
        }
    }

    private void ProbePeer(byte index, SmallHost host)
    {
        if (!Host(1 - index).On)
        {
            return;
        }

        for (byte link = 0; link < Site.Links; link++)
        {
            if ((Cut & (3 << (2 * link))) == 0)
            {
                Push(new WorldEvent(Now + WorldTimes.Network, WorldEventKind.PeerAnswer, index, link, host.Life, Now, null));
            }
        }
    }

    /// <summary>A slave reads its master's database; without a master that hangs until the deadline.</summary>
    private void OrderRead(byte index, SmallHost host, Command.ReadToolstack read)
    {
        var hangs = read.WithDatabase && host.Toolstack is { Running: true, Role: PoolRole.Slave, Complete: true } && !MasterInReach(index);
        var due = Now + (hangs ? read.Deadline.Ticks : WorldTimes.Call);
        Push(new WorldEvent(due, WorldEventKind.ToolstackRead, index, (byte)(read.WithDatabase ? 1 : 0), host.Life, read.Id, null));
    }

    private void Order(byte index, SmallHost host, Command.Act act)
    {
        var takes = act.Action switch
        {
            HaAction.DestroyDomain => host.KillsHang ? act.Deadline.Ticks : WorldTimes.Tool,
            HaAction.KillToolstack or HaAction.StartToolstack or HaAction.RestartToolstack => WorldTimes.Tool,
            HaAction.StartVm => WorldTimes.VmStart,
            HaAction.ReleaseStorageLocks => WorldTimes.Locks,
            HaAction.AcquireLease or HaAction.ReleaseLease => WorldTimes.Store,
            HaAction.FencePeer => WorldTimes.Agent,

            // The rest of the kill bound is the reset's own: the slowest fence that the bound allows.
            HaAction.ResetHost => Site.Config.Timing.KillBound.Ticks / 10,
            _ => WorldTimes.Call,
        };

        // A start belongs to the process that was asked, whatever becomes of the daemon.
        var link = (byte)(act.Action is HaAction.StartVm start && CanStart(index, start.Vm) ? 1 : 0);
        Push(new WorldEvent(Now + takes, WorldEventKind.Action, index, link, host.Toolstack.Life, Pack(act.Id, host.Life), act.Action));
    }

    private void Perform(in WorldEvent item)
    {
        var host = Host(item.Host);
        var (id, life) = Unpack(item.Id);
        if (!host.On || LifeBefore(item, host, life))
        {
            return;
        }

        var outcome = Do(item, host);
        if (host.On && life == host.Life)
        {
            var code = outcome == ActionOutcome.Succeeded ? "" : "FAILED";
            Post(item.Host, new Observation.ActionFinished(id, outcome, code, ""));
        }
    }

    /// <summary>What a program of dom0 was asked for dies with the host; a daemon's child dies with the daemon.</summary>
    private static bool LifeBefore(in WorldEvent item, SmallHost host, int life) =>
        life != host.Life && item.Subject is not HaAction.StartVm;

    private ActionOutcome Do(in WorldEvent item, SmallHost host)
    {
        ref var toolstack = ref host.Toolstack;
        switch ((HaAction)item.Subject!)
        {
            case HaAction.DestroyDomain destroy:
                return Destroy(host, Site.VmIndex(destroy.Vm));
            case HaAction.KillToolstack:
                StopToolstack(host);
                return ActionOutcome.Succeeded;
            case HaAction.StartToolstack:
                if (!toolstack.Running)
                {
                    StartToolstack(item.Host);
                }

                return ActionOutcome.Succeeded;
            case HaAction.RestartToolstack:
                StopToolstack(host);
                StartToolstack(item.Host);
                return ActionOutcome.Succeeded;
            case HaAction.WriteRoleSlave:
                toolstack.RoleFile = PoolRole.Slave;
                return ActionOutcome.Succeeded;
            case HaAction.WriteRoleMaster:
                toolstack.RoleFile = PoolRole.Master;
                return ActionOutcome.Succeeded;
            case HaAction.PromoteToMaster:
                return Promote(item.Host, host);
            case HaAction.ResetPowerState reset:
                return ResetPowerState(host, Site.VmIndex(reset.Vm));
            case HaAction.StartVm start:
                return StartVm(item, host, Site.VmIndex(start.Vm));
            case HaAction.RecoverSlaves:
                RecoverSlave(item.Host);
                return ActionOutcome.Succeeded;
            case HaAction.SyncDatabase:
                SyncDatabase(item.Host);
                return ActionOutcome.Succeeded;
            case HaAction.ResetHost:
                Say(item.Host, "the host resets itself");
                PowerOff(item.Host, boot: true);
                return ActionOutcome.Succeeded;
            case HaAction.PowerOffHost:
                PowerOff(item.Host, boot: false);
                return ActionOutcome.Succeeded;
            case HaAction.AcquireLease:
                return AcquireLease(item.Host, host);
            case HaAction.ReleaseLease:
                return ReleaseLease(item.Host, host);
            case HaAction.FencePeer fence:
                return FencePeer(item.Host, host, fence.OnlyRead);
            default:
                return ActionOutcome.Succeeded;
        }
    }

    private ActionOutcome Destroy(SmallHost host, int vm)
    {
        if (host.KillsHang)
        {
            return ActionOutcome.Unknown;
        }

        if ((host.Running & (1 << vm)) != 0)
        {
            host.Running &= (byte)~(1 << vm);
            host.Draining = (byte)(host.DrainedAt > Now ? host.Draining | (1 << vm) : 1 << vm);
            host.DrainedAt = Now + WorldTimes.Drain;
        }

        return ActionOutcome.Succeeded;
    }

    /// <summary>The store gives its lease to one host until it ends there; the holder counts from the send time.</summary>
    private ActionOutcome AcquireLease(byte index, SmallHost host)
    {
        if (!ThirdPartyUp || !host.ThirdPartyPath)
        {
            return ActionOutcome.Unknown;
        }

        if (LeaseHolder != index && LeaseEnd > Now && LeaseHolder >= 0)
        {
            Post(index, new Observation.ArbiterObserved(null, "held by the peer"));
            return ActionOutcome.Failed;
        }

        var sent = Now - WorldTimes.Store;
        (LeaseHolder, LeaseEnd) = (index, Now + WorldTimes.StoreLease);
        Post(index, new Observation.ArbiterObserved(new Instant(sent + WorldTimes.StoreLease), "held"));
        return ActionOutcome.Succeeded;
    }

    /// <summary>Carried out in the order of the orders, as the adapter does: what was asked for later is not touched.</summary>
    private ActionOutcome ReleaseLease(byte index, SmallHost host)
    {
        if (!ThirdPartyUp || !host.ThirdPartyPath)
        {
            return ActionOutcome.Unknown;
        }

        if (LeaseHolder == index)
        {
            (LeaseHolder, LeaseEnd) = (-1, Now);
        }

        return ActionOutcome.Succeeded;
    }

    private ActionOutcome FencePeer(byte index, SmallHost host, bool onlyRead)
    {
        if (!ThirdPartyUp || !host.ThirdPartyPath)
        {
            return ActionOutcome.Unknown;
        }

        var peer = (byte)(1 - index);
        if (onlyRead && Host(peer).On && !AgentLies)
        {
            return ActionOutcome.Failed;
        }

        if (!AgentLies && !onlyRead)
        {
            Say(peer, "switched off by the peer's fence agent");
            PowerOff(peer, boot: false);
        }

        Post(index, new Observation.PeerPowerOff("agent", new Instant(Now)));
        return ActionOutcome.Succeeded;
    }

    private static long Pack(long id, int life) => ((long)life << 40) | id;

    private static (long Id, int Life) Unpack(long packed) => (packed & ((1L << 40) - 1), (int)(packed >> 40));
}
