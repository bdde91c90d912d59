using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Explore;

/// <content>Faults, power and the daemons' lives.</content>
internal sealed partial class SmallWorld
{
    /// <summary>Whether a fault can happen now.</summary>
    public bool Applies(Fault fault)
    {
        var host = Host(fault.Host);
        return fault.Kind switch
        {
            FaultKind.Power => host.On || !host.Booting,
            FaultKind.Freeze or FaultKind.Kill => host.On && host.State is not null,
            FaultKind.Hang => host.On,
            FaultKind.Lose or FaultKind.Delay => host.DaemonWorks && host.NextBeat == FaultKind.None,
            FaultKind.Lie => !AgentLies,
            FaultKind.Stop or FaultKind.Disable or FaultKind.Enable or FaultKind.Maintain or FaultKind.Readmit or FaultKind.FenceSelf => host.DaemonWorks,
            FaultKind.LoseLease or FaultKind.LoseState => host.On && host.State is not null && !Host(1 - fault.Host).StateLost,
            FaultKind.Vouch => host.DaemonWorks && !Host(1 - fault.Host).On && !Host(1 - fault.Host).Booting,
            _ => true,
        };
    }

    /// <summary>Lets a fault happen now and adds it to the schedule.</summary>
    public void Apply(Fault fault)
    {
        Schedule = new ScheduledFault(Now, fault, Schedule);
        _onlyGateway &= fault.Kind is FaultKind.Gateway or FaultKind.GatewayDown;
        _onlyGatewayItself &= fault.Kind is FaultKind.GatewayDown;
        OnLine?.Invoke(Now, "fault", Describe(fault));
        var host = Host(fault.Host);
        switch (fault.Kind)
        {
            case FaultKind.Link:
                SetDirections(3 << (2 * fault.Link), (Cut & (3 << (2 * fault.Link))) == 0);
                break;
            case FaultKind.Direction:
                var bit = 1 << ((2 * fault.Link) + fault.Host);
                SetDirections(bit, (Cut & bit) == 0);
                break;
            case FaultKind.Gateway:
                SeeGateway(host);
                host.GatewayPath = !host.GatewayPath;
                break;
            case FaultKind.GatewayDown:
                SeeGateway(_first);
                SeeGateway(_second);
                GatewayUp = !GatewayUp;
                break;
            case FaultKind.Power when host.On:
                PowerOff(fault.Host, boot: false);
                break;
            case FaultKind.Power:
                PowerOn(fault.Host);
                break;
            case FaultKind.Freeze when host.Frozen:
                Thaw(fault.Host);
                break;
            case FaultKind.Freeze:
                host.Frozen = true;
                break;
            case FaultKind.Kill:
                EndDaemon(host);
                RestartDaemon(fault.Host, host);
                break;
            case FaultKind.Hang:
                host.KillsHang = !host.KillsHang;
                break;
            case FaultKind.Filter:
                host.Filtered = !host.Filtered;
                break;
            case FaultKind.Lose or FaultKind.Delay:
                host.NextBeat = fault.Kind;
                break;
            case FaultKind.ThirdParty:
                host.ThirdPartyPath = !host.ThirdPartyPath;
                break;
            case FaultKind.ThirdPartyDown:
                ThirdPartyUp = !ThirdPartyUp;
                break;
            case FaultKind.Lie:
                AgentLies = true;
                break;
            default:
                ApplyWord(fault, host);
                break;
        }

        WatchAssumption();
        Check();
    }

    private void ApplyWord(Fault fault, SmallHost host)
    {
        switch (fault.Kind)
        {
            case FaultKind.Stop:
                Post(fault.Host, new Observation.StopRequested());
                break;
            case FaultKind.LoseLease or FaultKind.LoseState:
                host.LeaseFile = fault.Kind == FaultKind.LoseLease ? null : host.LeaseFile;
                host.StateLost |= fault.Kind == FaultKind.LoseState;
                EndDaemon(host);
                RestartDaemon(fault.Host, host);
                break;
            case FaultKind.SlowDisk:
                host.DiskIsSlow = !host.DiskIsSlow;
                break;
            default:
                Post(fault.Host, new Observation.OperatorAsked(1, fault.Kind switch
                {
                    FaultKind.Disable => new OperatorRequest.Disable(0, "explore"),
                    FaultKind.Enable => new OperatorRequest.Enable(),
                    FaultKind.Maintain => new OperatorRequest.Maintenance(true),
                    FaultKind.Readmit => new OperatorRequest.Maintenance(false),
                    FaultKind.Vouch => new OperatorRequest.Takeover(),
                    _ => new OperatorRequest.FenceSelf(),
                }));
                break;
        }
    }

    private void RestartDaemon(byte index, SmallHost host) =>
        Push(new WorldEvent(Now + WorldTimes.DaemonRestart, WorldEventKind.DaemonStart, index, 0, host.Life, 0, null));

    /// <summary>What a fault does, seen from now.</summary>
    public string Describe(Fault fault)
    {
        var host = Host(fault.Host);
        var name = Name(fault.Host);
        return fault.Kind switch
        {
            FaultKind.Link => (Cut & (3 << (2 * fault.Link))) == 0
                ? $"link {fault.Link} cut" : $"link {fault.Link} restored",
            FaultKind.Direction => (Cut & (1 << ((2 * fault.Link) + fault.Host))) == 0
                ? $"link {fault.Link} cut from {name} to {Name(1 - fault.Host)}"
                : $"link {fault.Link} restored from {name} to {Name(1 - fault.Host)}",
            FaultKind.Gateway => host.GatewayPath ? $"{name} loses the gateway" : $"{name} reaches the gateway again",
            FaultKind.GatewayDown => GatewayUp ? "gateway down" : "gateway up",
            FaultKind.Power => host.On ? $"power of {name} off" : $"power of {name} on",
            FaultKind.Freeze => host.Frozen ? $"daemon of {name} thaws" : $"daemon of {name} freezes",
            FaultKind.Kill => $"daemon of {name} killed",
            FaultKind.Hang => host.KillsHang ? $"{name} can destroy domains again" : $"destroying domains hangs on {name}",
            FaultKind.Filter => host.Filtered ? $"heartbeats pass into {name} again" : $"heartbeats into {name} are dropped",
            FaultKind.Lose => $"next heartbeat of {name} lost",
            FaultKind.Delay => $"next heartbeat of {name} late",
            FaultKind.ThirdParty => host.ThirdPartyPath ? $"{name} loses the third party" : $"{name} reaches the third party again",
            FaultKind.ThirdPartyDown => ThirdPartyUp ? "third party down" : "third party up",
            FaultKind.Lie => "the fence agent lies from now on",
            FaultKind.Stop => $"daemon of {name} is stopped in order",
            FaultKind.LoseLease => $"daemon of {name} killed, the record of its lease is lost",
            FaultKind.LoseState => $"daemon of {name} killed, its state file is lost",
            FaultKind.SlowDisk => host.DiskIsSlow ? $"disk of {name} is quick again" : $"disk of {name} is slow",
            FaultKind.Vouch => $"the operator says on {name}, truly, that the other is dead",
            FaultKind.Disable or FaultKind.Enable or FaultKind.Maintain or FaultKind.Readmit or FaultKind.FenceSelf => $"the operator on {name}: {fault.Kind}",
            _ => fault.Kind.ToString(),
        };
    }

    private void SetDirections(int mask, bool cut)
    {
        Cut = cut ? Cut | mask : Cut & ~mask;
        for (var direction = 0; direction < 2 * Site.Links; direction++)
        {
            if ((mask & (1 << direction)) == 0)
            {
                continue;
            }

            if (cut)
            {
                NotCarried(direction);
            }
            else if (!Host(direction & 1).DaemonWorks)
            {
                // Nobody sends, so nothing could show that it works: it is taken for working.
                Works(direction);
            }
        }
    }

    private bool Reaches(SmallHost host) => host.On && host.GatewayPath && GatewayUp;

    private void PowerOff(byte index, bool boot)
    {
        var host = Host(index);
        if (host.On)
        {
            EndDaemon(host);
            StopToolstack(host);
            (host.On, host.Running, host.Draining, host.LeaseFile) = (false, 0, 0, null);
            (host.WatchdogAt, host.KillsHang, host.GatewaySeen) = (SmallHost.Never, false, 0);
        }

        host.PowerLife++;
        host.Booting = false;
        if (boot)
        {
            PowerOn(index);
        }
    }

    private void PowerOn(byte index)
    {
        var host = Host(index);
        host.Booting = true;
        Push(new WorldEvent(Now + WorldTimes.Boot, WorldEventKind.Boot, index, 0, host.PowerLife, 0, null));
    }

    private void Booted(byte index)
    {
        var host = Host(index);
        (host.On, host.Booting) = (true, false);
        Say(index, "booted");
        StartToolstack(index);
        StartDaemon(index);
    }

    private static void EndDaemon(SmallHost host)
    {
        host.State = null;
        host.Life++;
        (host.Frozen, host.Wake, host.Waiting, host.NextBeat) = (false, SmallHost.Never, [], FaultKind.None);
    }

    /// <summary>What waited in sockets and pipes is taken in, in order, and the clock is looked at: one turn.</summary>
    private void Thaw(byte index)
    {
        var host = Host(index);
        var waiting = host.Waiting;
        (host.Frozen, host.Waiting) = (false, []);
        if (host.On && host.State is not null)
        {
            Turn(index, [.. waiting, Tick]);
        }
    }
}
