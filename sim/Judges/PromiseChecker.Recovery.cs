using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// L1: a host is alone, well and sees the gateway; every VM that is to run, and fits, runs on it within the bound that
/// `ha-ctl timeline` prints for this configuration. L2 and L3: nothing is broken any more and HA is on; within a time both hosts are
/// paired, one is master, the other its slave, and every such VM runs. Each is counted from the last change from outside.
/// </content>
public sealed partial class PromiseChecker
{
    /// <summary>Boot, toolstack, join, takeover: several times what a quick toolstack needs.</summary>
    private static readonly TimeSpan ReturnsWithin = TimeSpan.FromMinutes(6);

    /// <summary>VM starts of one takeover, beside what the timeline prints: of a handful, which is what the built-in sites have.</summary>
    private static readonly TimeSpan FewStartsTake = TimeSpan.FromSeconds(20);

    private const int Few = 8;

    /// <summary>A start takes two seconds as a rule, and some are tried again.</summary>
    private static readonly TimeSpan StartTakes = TimeSpan.FromSeconds(3);

    private readonly SortedSet<string> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unprotected = new(StringComparer.Ordinal);
    private readonly TimeSpan?[] _aloneSince = new TimeSpan?[2];
    private readonly int[] _pairedLife = [-1, -1];
    private TimeSpan? _wellSince;
    private bool _bothWereDown;
    private TimeSpan? _bound;

    /// <summary>L1 is not asked for when an administrator meddles with XAPI: a third host, a disabled host, native HA.</summary>
    public bool PoolIsForeign { get; set; }

    /// <summary>An administrator stops a VM: nobody owes it to him.</summary>
    public void Unwanted(string vmUuid) => _wanted.Remove(vmUuid);

    /// <summary>No rule of the site protects it: whoever starts it, it need not come back.</summary>
    public void Unprotected(string vmUuid) => _unprotected.Add(vmUuid);

    private void Wanted(string vmUuid)
    {
        if (!_unprotected.Contains(vmUuid))
        {
            _wanted.Add(vmUuid);
        }
    }

    /// <summary>All starts of a takeover: as many at once as the site allows, and the delays that it asks for.</summary>
    private TimeSpan StartsTake => FewStartsTake + (StartTakes * (Math.Max(0, world.Pool.Vms.Count - Few) / (double)world.Hosts[0].Config.Config.Policy.StartParallel))
        + TimeSpan.FromSeconds(world.Pool.Vms.Sum(vm => vm.StartDelay));

    /// <summary>
    /// What the timeline prints for the slower of the two losses of power. A fence agent may take long to confirm, which the timeline
    /// says: the judge asks for the time of a wait for silence there too.
    /// </summary>
    private TimeSpan Bound => _bound ??= Timeline.Of(world.Hosts[0].Config.Config)
        .Where(story => story.Id is "power-loss-master" or "power-loss-slave" && story.Takeover is not null)
        .Max(story => Min(story.Takeover!.Value.To, world.Hosts[0].Config.Timing.TakeoverDelay) + (story.Toolstack?.To ?? TimeSpan.Zero)) + StartsTake;

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left <= right ? left : right;

    private void LookAtRecovery()
    {
        if (world.Guardian is not null)
        {
            return;
        }

        _bothWereDown |= world.Hosts.All(host => host.Domains.WritingCount == 0);
        for (var index = 0; index < 2; index++)
        {
            Alone(world.Hosts[index], world.Hosts[1 - index]);
        }

        Well();
    }

    private void Alone(VirtualHost host, VirtualHost peer)
    {
        var alone = IsWell(host) && !peer.PoweredOn && !peer.Booting && world.Network.ReachesGateway(host.Index)
            && world.Network.Quality[0].IsPerfect && host.StateFile is { PeerDisarm: 0, PeerEnabled: true, StateLost: false }
            && RightsOracle.CountsOnFence(host.StateFile) && (host.Config.Config.Policy.LoneStart == LoneStart.Takeover || _pairedLife[host.Index] == host.Life)
            && host.Config.Config.Policy.OnHostShutdown == OnHostShutdown.Failover;
        if (!alone)
        {
            _aloneSince[host.Index] = null;
            return;
        }

        var since = _aloneSince[host.Index] ??= world.Elapsed;
        since = since > _changed ? since : _changed;

        // A master that went down emptied is waited for: so much later, and no more, VMs that end meanwhile run again.
        var bound = Bound + (host.StateFile!.PeerReturns ? host.Config.Policy.MasterReturn : TimeSpan.Zero);
        if (world.Elapsed - since > bound && Missing() is { } vm)
        {
            Broken("L1", $"{vm} does not run although {host.Name} was alone and well for {bound.TotalSeconds:F0} s");
        }
    }

    private void Well()
    {
        if (world.Hosts[0].StateFile is not { Enabled: true } || !world.Network.IsPerfect || !IsWell(world.Hosts[0]) || !IsWell(world.Hosts[1]))
        {
            _wellSince = null;
            return;
        }

        var since = _wellSince ??= world.Elapsed;
        since = since > _changed ? since : _changed;
        var paired = _beat[0] is { Status: HaStatus.Paired } && _beat[1] is { Status: HaStatus.Paired };
        if (paired)
        {
            (_pairedLife[0], _pairedLife[1]) = (world.Hosts[0].Life, world.Hosts[1].Life);
        }

        if (world.Elapsed - since < ReturnsWithin)
        {
            return;
        }

        var promise = _bothWereDown ? "L3" : "L2";
        var masters = world.Hosts.Count(host => host.Toolstack.Records is not null);
        var trouble = !paired ? $"the hosts are {_beat[0]?.Status} and {_beat[1]?.Status}, not paired"
            : masters != 1 ? $"the pool has {masters} masters" : Missing() is { } vm ? $"{vm} does not run" : null;
        if (trouble is not null)
        {
            Broken(promise, $"{trouble}, {ReturnsWithin.TotalMinutes:F0} min after everything was repaired");
        }

        _bothWereDown &= trouble is not null;
    }

    /// <summary>A VM that is to run and runs nowhere; null when none, or when it does not fit.</summary>
    private string? Missing()
    {
        foreach (var uuid in _wanted)
        {
            if (!world.Hosts[0].Domains.IsWriting(uuid) && !world.Hosts[1].Domains.IsWriting(uuid) && Fits(uuid))
            {
                return world.VmName(uuid);
            }
        }

        return null;
    }

    private bool IsWell(VirtualHost host) => host is
    {
        PoweredOn: true, Frozen: false, GoingDown: false, WrongKey: false, Filtered: false, DiskFull: false, DiskReadOnly: false, ListHangs: false, StorageLost: false,
        WatchdogPresent: true, CannotReset: false, AdminStoppedToolstack: false, StateFileOrigin: DurableOrigin.Intact,
        StateFile: { Enabled: true, PromiseStands: false }, Daemon.Frozen: false,
    } && host.DiskSlowBy == TimeSpan.Zero && host.ListSlowBy == TimeSpan.Zero && !_tampered[host.Index] && !PoolIsForeign && !world.Arbiter.InDoubt && !world.Board.InDoubt && !world.Luns.InDoubt && world.Luns.HasKeys(host.Index)
        && ReferenceEquals(host.Daemon.Config, host.OwnConfig) && host.Toolstack.Faults.AreQuiet && host.Domains.RefuseKill.Count == 0
        && host.Clock.DriftPpm == 0;

}
