using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// S5: only the gateway fails, and the hosts hear each other. When the gateway itself fails, no VM is stopped on either host; when
/// the hosts lose it one after the other, VMs are stopped on one of them at most. "Hear each other" is a heartbeat that arrived,
/// whatever the link loses, delays or mixes up, and acknowledges one sent within the lease.
/// </content>
public sealed partial class PromiseChecker
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    /// <summary>Shorter than the shortest lease.</summary>
    private static readonly TimeSpan JustHeard = TimeSpan.FromSeconds(1);

    private readonly Heartbeat?[] _beat = new Heartbeat?[2];
    private readonly TimeSpan?[] _arrived = new TimeSpan?[2];
    private readonly Instant?[] _roundTrip = new Instant?[2];
    private readonly bool[] _stoppedVms = new bool[2];
    private readonly bool[] _fenceAsked = new bool[2];
    private readonly TimeSpan?[] _lostGatewayAt = new TimeSpan?[2];
    private TimeSpan? _gatewayDiedAt;

    /// <summary>The operator asked for the fence, or the host goes down in order.</summary>
    public void FenceAsked(int host) => _fenceAsked[host] = true;

    /// <summary>The gateway changed for a host or for both; anything else is a disturbance.</summary>
    public void GatewayChanged()
    {
        _gatewayDiedAt = world.Network.Gateway ? null : _gatewayDiedAt ?? world.Elapsed;
        foreach (var host in world.Hosts)
        {
            _lostGatewayAt[host.Index] = world.Network.ReachesGateway(host.Index) ? null : _lostGatewayAt[host.Index] ?? world.Elapsed;
        }

        if (world.Network.ReachesGateway(0) && world.Network.ReachesGateway(1))
        {
            (_stoppedVms[0], _stoppedVms[1]) = (false, false);
        }
    }

    /// <summary>A heartbeat of the peer reached this host, whoever listens.</summary>
    public void Arrived(VirtualHost host, Heartbeat beat)
    {
        _arrived[host.Index] = world.Elapsed;
        if (_beat[host.Index] is { } own && beat.AckIncarnation == own.Incarnation && beat.AckSentAt is { } sent
            && (_roundTrip[host.Index] is not { } known || sent > known))
        {
            _roundTrip[host.Index] = sent;
        }
    }

    /// <summary>This host was heard so recently that the peer cannot have taken over (R1, from the packets).</summary>
    private bool HearsAndIsHeard(VirtualHost host) => _roundTrip[host.Index] is { } sent
        && host.LocalNow - sent < host.Config.Config.Timing.Lease;

    /// <summary>This host had lost it before and alone, and no probe of the other one can have shown yet that it is gone for both.</summary>
    private bool DiedInTheMomentOfAYield(VirtualHost host) => _gatewayDiedAt is { } died && _lostGatewayAt[host.Index] is { } lost && lost < died
        && world.Elapsed - died < host.Config.Config.Gateway.ProbeInterval;

    private void Needless(VirtualHost host)
    {
        if (_fenceAsked[host.Index] || !HearsAndIsHeard(host) || world.Elapsed - _disturbed < Settled || _tampered[host.Index]
            || world.Hosts.Any(each => each is not { PoweredOn: true, Frozen: false, Daemon.Frozen: false, WrongKey: false, StorageLost: false, ListHangs: false, Filtered: false }))
        {
            return;
        }

        var peer = 1 - host.Index;
        if (DiedInTheMomentOfAYield(host))
        {
            Pass("the gateway died for both in the moment in which a host yielded that had lost its way to it: two failures");
        }
        else if (!world.Network.Gateway)
        {
            Broken("S5", $"{host.Name} stops VMs although the hosts hear each other and only the gateway is down");
        }
        else if (!world.Network.ReachesGateway(host.Index) && _stoppedVms[peer] && !_fenceAsked[peer])
        {
            Broken("S5", $"{host.Name} stops VMs after {world.Hosts[peer].Name} did, and only the gateway failed");
        }

        _stoppedVms[host.Index] = true;
    }
}
