using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// R: every right ends. Looked at whenever a state file is written or a heartbeat leaves. At once for a host that runs VMs; a host
/// that runs nothing, and one whose state was lost or replaced by an older copy, has until the hosts have heard each other for a
/// moment: nothing can change the disk of a host that is off or unheard.
/// </content>
public sealed partial class PromiseChecker
{
    private static readonly TimeSpan HealsWithin = TimeSpan.FromSeconds(5);

    private readonly TimeSpan?[] _unmatchedSince = new TimeSpan?[2];
    private readonly bool[] _tampered = new bool[2];
    private TimeSpan? _heardSince;

    /// <summary>A state file was lost, damaged or replaced by an older copy, from outside (A9).</summary>
    public void Tampered(VirtualHost host)
    {
        _tampered[host.Index] = true;
        _heardSince = null;
        Disturbed();
    }

    private void MatchRights()
    {
        var now = world.Elapsed;
        var hear = _arrived[0] is { } first && _arrived[1] is { } second && now - first < HearWithin && now - second < HearWithin;
        _heardSince = !hear ? null : _heardSince ?? now;
        if (_heardSince is { } since && now - since > HealsWithin + (4 * (world.Hosts[0].DiskSlowBy + world.Hosts[1].DiskSlowBy)))
        {
            (_tampered[0], _tampered[1]) = (false, false);
        }

        Match(world.Hosts[0], world.Hosts[1]);
        Match(world.Hosts[1], world.Hosts[0]);
    }

    private static readonly TimeSpan HearWithin = TimeSpan.FromSeconds(2);

    private void Match(VirtualHost host, VirtualHost peer)
    {
        var right = host.PoweredOn ? RightsOracle.Unmatched(host.StateFile, peer.StateFile) : null;
        if (right is null)
        {
            _unmatchedSince[host.Index] = null;
            return;
        }

        var atOnce = host.Domains.WritingCount > 0 && !_tampered[0] && !_tampered[1] && !_excusing;
        if (!atOnce)
        {
            _unmatchedSince[host.Index] = _heardSince is null ? null : _unmatchedSince[host.Index] ?? world.Elapsed;
            if (_unmatchedSince[host.Index] is not { } since || world.Elapsed - since < HealsWithin + (4 * (host.DiskSlowBy + peer.DiskSlowBy)))
            {
                return;
            }
        }

        Broken("R", $"a right of {host.Name} has no end: {right}");
    }

    private void Speaks(VirtualHost host, Heartbeat beat)
    {
        if (!_tampered[host.Index] && RightsOracle.BoundWithoutEnd(host.StateFile, beat, host.Config.Config.Policy) is { } right)
        {
            Broken("R", $"{host.Name} says that it is bound, and a right of it has no end: {right}");
        }
    }
}
