using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// S2: never two masters that act. A toolstack is a master while its process runs in that role. It acts when it plugs storage
/// and enables its host, builds a domain, resets a power state, releases a dead host's locks or calls slaves to itself.
/// </content>
public sealed partial class PromiseChecker
{
    private readonly TimeSpan?[] _masterSince = new TimeSpan?[2];
    private readonly TimeSpan?[] _masterUntil = new TimeSpan?[2];
    private readonly TimeSpan?[] _actedAt = new TimeSpan?[2];
    private readonly TimeSpan?[] _upSince = new TimeSpan?[2];
    private readonly TimeSpan?[] _startOrdered = new TimeSpan?[2];

    private void Role(VirtualHost host, PoolEvent happened)
    {
        switch (happened.Name)
        {
            case "toolstack_start":
                _masterSince[host.Index] = happened.Fields.Any(field => field is ("role", "master")) ? world.Elapsed : null;
                _actedAt[host.Index] = null;
                _upSince[host.Index] = world.Elapsed;
                break;
            case "toolstack_exit":
                _masterUntil[host.Index] = _masterSince[host.Index] is null ? _masterUntil[host.Index] : world.Elapsed;
                (_masterSince[host.Index], _actedAt[host.Index]) = (null, null);
                Disturbed();
                break;
            case "host_ready" when _masterSince[host.Index] is not null:
                Plugs(host);
                break;
            case "resetvdis":
                Acts(host, "releases the storage locks of a dead host");
                break;
        }
    }

    /// <summary>
    /// A host that boots where it reaches neither gateway nor peer cannot learn who is master; its toolstack starts all the same
    /// (design, 5.6), and may do nothing more.
    /// </summary>
    private void Plugs(VirtualHost host)
    {
        if (world.Network.ReachesGateway(host.Index) || world.Network.HostsHearEachOther() || host.StateFile is { Takeover: not null })
        {
            Acts(host, "plugs storage and enables its host");
        }
        else
        {
            Pass("a cut-off host starts its toolstack as a master (design, 5.6)");
        }
    }

    /// <summary>Something was done that only a master may do.</summary>
    private void Acts(VirtualHost host, string what)
    {
        if (_masterSince[host.Index] is null)
        {
            return;
        }

        _actedAt[host.Index] = world.Elapsed;
        var other = world.Hosts[1 - host.Index];
        if (_masterSince[other.Index] is not null && _actedAt[other.Index] is not null)
        {
            if (BothOff)
            {
                Pass("two masters while HA is off: XAPI's own matter");
                return;
            }

            Broken("S2", $"{host.Name} {what} as a master, and {other.Name} is one too and acts");
        }
    }
}
