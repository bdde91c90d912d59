using TwoNodeHa.Core.Contract;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// S4: from when both state files have HA off, and each knows it of the other, until one has it on again, nothing is ordered that
/// changes a domain, a role, a toolstack, a host's power or a watchdog. A state that is lost or damaged later does not end that.
/// </content>
public sealed partial class PromiseChecker
{
    /// <summary>A turn under way when the second file was written may still end.</summary>
    private static readonly TimeSpan OffLongEnough = TimeSpan.FromSeconds(3);

    private readonly bool[] _toolstackOwed = new bool[2];
    private TimeSpan? _offSince;

    /// <summary>HA is off on both hosts, and both know it.</summary>
    private bool BothOff => _offSince is not null;

    private bool OffForLong => _offSince is { } since && world.Elapsed - since > OffLongEnough;

    public void WatchdogFired(VirtualHost host)
    {
        Resets++;
        Disturbed();
        if (!OffForLong)
        {
            return;
        }

        if (!host.WatchdogPresent)
        {
            Pass("a watchdog that vanished from under its daemon fires");
        }
        else if (host is { Frozen: true } or { Daemon.Frozen: true })
        {
            Pass("a daemon that stood still since before HA was off could not disarm");
        }
        else
        {
            Broken("S4", $"{host.Name} is reset by its watchdog although HA is disabled on both hosts");
        }
    }

    /// <summary>The watchdog is fed; where none is armed, that arms it.</summary>
    public void WatchdogFed(VirtualHost host)
    {
        if (OffForLong && host.WatchdogDue is null)
        {
            Broken("S4", $"{host.Name} arms its watchdog although HA is disabled on both hosts");
        }
    }

    private void Switched()
    {
        if (world.Hosts.Any(host => host.StateFile is { Enabled: true }))
        {
            _offSince = null;
            return;
        }

        var off = world.Hosts.All(host => host.StateFile is { Enabled: false, StateLost: false, PeerEnabled: false } file
            && file.PeerSwitchGeneration == file.SwitchGeneration);
        _offSince ??= off ? world.Elapsed : null;
    }

    private void NotWhileOff(VirtualHost host, HaAction action)
    {
        // Owed until it is up: an order to start that was lost is given again, in the role that it has by now.
        var isUp = host.Toolstack.State == ServiceState.Active;
        _toolstackOwed[host.Index] &= !OffForLong || !isUp;
        var repays = action is HaAction.StartToolstack or HaAction.WriteRoleMaster or HaAction.WriteRoleSlave
            && _toolstackOwed[host.Index];
        _toolstackOwed[host.Index] |= action is HaAction.KillToolstack or HaAction.RestartToolstack;
        if (!OffForLong || (isUp && action is HaAction.StartToolstack) || action is HaAction.SyncDatabase or HaAction.BlockPeerToolstack { Block: false } or HaAction.AcquireLease or HaAction.ReleaseLease or HaAction.ReadReservations or HaAction.RegisterKeys)
        {
            return;
        }

        if (repays)
        {
            Pass("the toolstack that a fence stopped before HA was off is started again");
            return;
        }

        Broken("S4", $"{host.Name} orders {action.GetType().Name} although HA is disabled on both hosts");
    }
}
