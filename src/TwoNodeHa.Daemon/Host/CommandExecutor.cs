using System.Diagnostics;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Control;
using TwoNodeHa.Daemon.Fencing;
using TwoNodeHa.Daemon.Hypervisor;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.Reservations;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Host;

/// <summary>Hands each command to its adapter. Nothing is decided, repeated or left out here.</summary>
internal sealed class CommandExecutor : ICommandExecutor
{
    public required UdpLinks Links { get; init; }

    public required DiskLinks DiskLinks { get; init; }

    public required Prober Prober { get; init; }

    public required IWatchdog Watchdog { get; init; }

    public required StateWriter State { get; init; }

    public required LeaseFile Lease { get; init; }

    public required HypervisorPort Hypervisor { get; init; }

    public required ToolstackPort Toolstack { get; init; }

    /// <summary>Null without a fence agent: the order is answered "not configured".</summary>
    public FencePort? Fencing { get; init; }

    /// <summary>Null without an arbiter.</summary>
    public ArbiterPort? Arbiter { get; init; }

    /// <summary>Null without reservations on the storage.</summary>
    public ReservationPort? Reservations { get; init; }

    public required Journal.EventLog Events { get; init; }

    public required ControlDesk Desk { get; init; }

    public required Action<string> Exit { get; init; }

    /// <summary>The end of this host was ordered: the watchdog is the rung below, and is neither fed nor disarmed any more.</summary>
    private bool _ending;

    public void Execute(Command command)
    {
        switch (command)
        {
            case Command.SendHeartbeat send:
                Links.Send(send.Beat);
                DiskLinks.Send(send.Beat);
                break;
            case Command.ProbeGateway:
                Prober.ProbeGateway();
                break;
            case Command.ProbePeer:
                Prober.ProbePeer();
                break;
            case Command.FeedWatchdog or Command.DisarmWatchdog when _ending:
                break;
            case Command.FeedWatchdog feed:
                Watchdog.Feed(feed.Timeout);
                break;
            case Command.DisarmWatchdog:
                Watchdog.Disarm();
                break;
            case Command.RecordLease lease:
                Lease.Write(lease.Until);
                break;
            case Command.Persist persist:
                State.Persist(persist.State);
                break;
            case Command.ListDomains list:
                Hypervisor.List(list);
                break;
            case Command.ReadToolstack read:
                Toolstack.Read(read);
                break;
            case Command.Act { Action: HaAction.DestroyDomain destroy } act:
                Hypervisor.Destroy(act, destroy);
                break;
            case Command.Act { Action: HaAction.EndBackends end } act:
                Hypervisor.EndBackends(act, end);
                break;
            case Command.Act { Action: HaAction.ResetHost or HaAction.PowerOffHost } act:
                _ending = true;
                Toolstack.Act(act);
                break;
            case Command.Act { Action: HaAction.FencePeer } act when Fencing is not null:
                Fencing.Act(act);
                break;
            case Command.Act { Action: HaAction.AcquireLease or HaAction.ReleaseLease } act when Arbiter is not null:
                Arbiter.Act(act);
                break;
            case Command.Act { Action: HaAction.ReadReservations or HaAction.RegisterKeys or HaAction.PreemptPeer } act when Reservations is not null:
                Reservations.Act(act);
                break;
            case Command.Act act:
                Toolstack.Act(act);
                break;
            case Command.Reply reply:
                Desk.Reply(reply);
                break;
            case Command.Report report:
                Events.Add(report.Event);
                break;
            case Command.Exit exit:
                Exit(exit.Reason);
                break;
            default:
                throw new UnreachableException(command.GetType().Name);
        }
    }
}
