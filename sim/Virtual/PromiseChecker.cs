using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Watches the promises S1 to S6 from the truth of the world: hypervisors, disks, toolstacks, files. It is told of every
/// change at the moment it happens and knows nothing of the reasons of the decision code.
/// </summary>
public sealed class PromiseChecker(VirtualWorld world)
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(15);

    /// <summary>Shorter than the shortest lease.</summary>
    private static readonly TimeSpan JustHeard = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OffLongEnough = TimeSpan.FromSeconds(3);

    private readonly List<string> _violations = [];
    private readonly TimeSpan?[] _masterSince = new TimeSpan?[2];
    private readonly (long Incarnation, long Sequence)[] _newest = new (long, long)[2];
    private readonly TimeSpan?[] _arrived = new TimeSpan?[2];
    private readonly TimeSpan?[] _actedAt = new TimeSpan?[2];
    private readonly bool[] _fenceAnnounced = new bool[2];
    private readonly bool[] _fenceAsked = new bool[2];
    private readonly bool[] _intentWritten = new bool[2];
    private TimeSpan? _offSince;
    private TimeSpan _disturbed;
    private bool _operatorLied;

    /// <summary>What was broken, first one first, with the time.</summary>
    public IReadOnlyList<string> Violations => _violations;

    public int Fences { get; private set; }

    public int Takeovers { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Something of the world was changed from outside, or a machine or program came or went.</summary>
    public void Disturbed() => _disturbed = world.Elapsed;

    /// <summary>The operator vouched for a death; what follows from a false word is not the daemon's breach.</summary>
    public void OperatorVouched(bool truly) => _operatorLied |= !truly;

    public void FenceAsked(int host) => _fenceAsked[host] = true;

    public void DaemonStarted(VirtualHost host)
    {
        _fenceAnnounced[host.Index] = false;

        // On disk is which daemon of the peer was heard last, not which of its words.
        _newest[host.Index] = (_newest[host.Index].Incarnation, 0);
        Disturbed();
    }

    /// <summary>S1 and S2: a domain was built.</summary>
    public void DomainCreated(VirtualHost host, Domain domain)
    {
        var other = world.Hosts[1 - host.Index];
        if (other.Domains.IsWriting(domain.VmUuid))
        {
            Broken("S1", $"{domain.VmName} runs or writes on both hosts: started on {host.Name}");
        }

        if (_masterSince[host.Index] is { } since)
        {
            if (_masterSince[other.Index] is not null && _actedAt[other.Index] is { } acted && acted >= since)
            {
                Broken("S2", $"{host.Name} builds {domain.VmName} as a master, {other.Name} acts as one too");
            }

            _actedAt[host.Index] = world.Elapsed;
        }
    }

    /// <summary>S1 as a state: the same disks written from both hosts.</summary>
    public void Look()
    {
        foreach (var domain in world.Hosts[0].Domains.Writing)
        {
            if (world.Hosts[1].Domains.IsWriting(domain))
            {
                Broken("S1", $"{world.VmName(domain)} runs or writes on both hosts");
            }
        }
    }

    /// <summary>S3, and who is master: an event of a toolstack.</summary>
    public void Happened(VirtualHost host, PoolEvent happened)
    {
        switch (happened.Name)
        {
            case "init_complete":
                _masterSince[host.Index] = happened.Fields.Any(field => field is ("role", "master")) ? world.Elapsed : null;
                break;
            case "toolstack_exit":
                (_masterSince[host.Index], _actedAt[host.Index]) = (null, null);
                Disturbed();
                break;
            case "power_state_reset":
                var vm = happened.Fields.First(field => field.Key == "uuid").Value;
                DeclaredStopped(host, vm, "the power state is reset");
                break;
        }
    }

    /// <summary>S3: a disk lock of another host was forced.</summary>
    public void LockForced(string vdi, string holder)
    {
        var vm = world.Pool.Vms.FirstOrDefault(candidate => PoolDefinition.VdiUuid(candidate) == vdi);
        var owner = world.Hosts.First(host => host.Config.Self.Uuid.ToString() == holder);
        if (vm is not null)
        {
            DeclaredStopped(world.Hosts[1 - owner.Index], vm.Uuid, "the storage lock is released");
        }
    }

    /// <summary>S4, S5 and S6: a decision, as its daemon reports it.</summary>
    public void Reported(VirtualHost host, HaEvent happened)
    {
        switch (happened.Id)
        {
            case HaEventId.FenceDecided:
                Fences++;
                Wordless(happened);
                _fenceAnnounced[host.Index] = true;
                NotWhileOff(host, "fences");
                Needless(host);
                break;
            case HaEventId.TakeoverDecided:
                Takeovers++;
                Wordless(happened);
                NotWhileOff(host, "takes over");
                break;
            case HaEventId.VmStartOrdered:
                NotWhileOff(host, "starts a VM");
                break;
        }
    }

    /// <summary>A heartbeat of the peer reached this host, whoever listens.</summary>
    public void Arrived(int host) => _arrived[host] = world.Elapsed;

    /// <summary>S6: an order that cannot be taken back needs its reason said, and on disk where it must survive.</summary>
    public void Ordered(VirtualHost host, HaAction action)
    {
        switch (action)
        {
            case HaAction.DestroyDomain destroy when !_fenceAnnounced[host.Index] && host.StateFile is not { FencePending: true }
                && !IsDeadShell(host, destroy.Domid):
                Broken("S6", $"{host.Name} destroys a domain without having said why");
                break;
            case HaAction.EndBackends when !_fenceAnnounced[host.Index] && host.StateFile is not { FencePending: true }:
                Broken("S6", $"{host.Name} ends disk back-ends without having said why");
                break;
            case HaAction.ResetPowerState or HaAction.ReleaseStorageLocks or HaAction.PromoteToMaster
                when !_intentWritten[host.Index]:
                Broken("S6", $"{host.Name} orders {action.GetType().Name} before its intent is on disk");
                break;
            case HaAction.FencePeer when world.Elapsed - _arrived[host.Index] < JustHeard:
                Broken("agent", $"{host.Name} has its peer switched off, a heartbeat of which has just come");
                break;
        }
    }

    /// <summary>The target of a migration whose source is gone: nothing ever ran in it.</summary>
    private bool IsDeadShell(VirtualHost host, int domid) => _intentWritten[host.Index]
        && host.Domains.List().Any(domain => domain.Domid == domid && domain is { IsWhole: false, Executes: false })
        && world.Hosts[1 - host.Index].Domains.List().Count == 0;

    /// <summary>No recording (design, section 7): what a daemon holds for the newest word of its peer never goes back.</summary>
    public void Heard(VirtualHost host, Core.Protocol.Heartbeat? newest)
    {
        if (newest is null)
        {
            return;
        }

        var now = (newest.Incarnation.Counter, newest.Sequence);
        if (now.CompareTo(_newest[host.Index]) < 0)
        {
            Broken("replay", $"{host.Name} takes an older heartbeat for the newest");
        }

        _newest[host.Index] = now;
    }

    public void WatchdogFired(VirtualHost host)
    {
        Resets++;
        Disturbed();

        // A device that vanished from under a daemon can be neither fed nor disarmed.
        // One that stood still since before both hosts agreed could not disarm.
        if (host.WatchdogPresent && host is not { Frozen: true } && host.Daemon is not { Frozen: true })
        {
            NotWhileOff(host, "is reset by its watchdog");
        }
    }

    /// <summary>A state file was written: both may now agree, and know of each other, that HA is off.</summary>
    public void StateWritten(VirtualHost writer)
    {
        _intentWritten[writer.Index] = writer.StateFile is { Takeover: not null };
        var off = world.Hosts.All(host => host.StateFile is { Enabled: false, StateLost: false, PeerEnabled: false } file
            && file.PeerSwitchGeneration == file.SwitchGeneration);
        _offSince = off ? _offSince ?? world.Elapsed : null;
    }

    private void NotWhileOff(VirtualHost host, string what)
    {
        if (_offSince is { } since && world.Elapsed - since > OffLongEnough && !_fenceAsked[host.Index])
        {
            Broken("S4", $"{host.Name} {what} although HA is disabled on both hosts");
        }
    }

    private void Wordless(HaEvent happened)
    {
        if (happened.Sentence.Length < 20)
        {
            Broken("S6", $"a decision without a reason: '{happened.Sentence}'");
        }
    }

    /// <summary>S5: only the gateway failed, for both, and both hear each other.</summary>
    private void Needless(VirtualHost host)
    {
        var onlyTheGateway = !world.Network.ReachesGateway(0) && !world.Network.ReachesGateway(1)
            && world.Network.HostsHearEachOther() && world.Network.Quality.All(quality => quality.IsPerfect)
            && world.Hosts.All(each => each is { PoweredOn: true, Frozen: false, Daemon.Frozen: false, WrongKey: false })
            && world.Hosts[1 - host.Index].Daemon!.State.Status == HaStatus.Paired && world.Elapsed - _disturbed > Settled;
        if (onlyTheGateway && !_fenceAsked[host.Index])
        {
            Broken("S5", $"{host.Name} fences although the hosts hear each other and only the gateway is down");
        }
    }

    private void DeclaredStopped(VirtualHost by, string vmUuid, string how)
    {
        if (world.Hosts[1 - by.Index] is { Domains.DomZeroWrites: true } other && !_operatorLied)
        {
            Broken("S3", $"{how} of {world.VmName(vmUuid)} by {by.Name} while dom0 of {other.Name} writes to the shared storage");
        }

        if (world.Hosts.FirstOrDefault(host => host.Domains.IsWriting(vmUuid)) is { } runs && !_operatorLied)
        {
            Broken("S3", $"{how} of {world.VmName(vmUuid)} by {by.Name} while it runs or writes on {runs.Name}");
        }
    }

    private void Broken(string promise, string what)
    {
        if (_operatorLied && promise is "S1" or "S2")
        {
            return;
        }

        if (_violations.Count < 20 && !_violations.Exists(known => known.EndsWith($"{promise}: {what}", StringComparison.Ordinal)))
        {
            _violations.Add($"{world.Time:F3} {promise}: {what}");
            world.Log("truth", $"{promise} is broken: {what}");
        }
    }
}
