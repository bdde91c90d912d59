using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// S6: each order that cannot be taken back has a precondition, looked up on the disks and in the world at the moment of the order.
/// The table stands in docs/simulator.md.
/// </content>
public sealed partial class PromiseChecker
{
    private readonly TimeSpan?[] _killsSince = new TimeSpan?[2];

    /// <summary>A daemon orders an action.</summary>
    public void Ordered(VirtualHost host, HaAction action)
    {
        NotWhileOff(host, action);
        if (action is HaAction.StartVm start)
        {
            Starts(host, start);
        }

        if (Refusal(host, action) is { } reason)
        {
            Broken("S6", $"{host.Name} orders {action.GetType().Name} {reason}");
        }

        switch (action)
        {
            case HaAction.DestroyDomain destroy when IsDeadShell(host, destroy.Domid):
                break;
            case HaAction.DestroyDomain:
                _killsSince[host.Index] = world.Elapsed;
                Needless(host);
                break;
            case HaAction.StartToolstack or HaAction.RestartToolstack:
                _startOrdered[host.Index] = world.Elapsed;
                break;
            case HaAction.KillToolstack:
                _killsSince[host.Index] = world.Elapsed;
                break;
            case HaAction.PromoteToMaster:
                Promotes(host);
                break;
            case HaAction.RecoverSlaves:
                Acts(host, "calls the slaves to itself");
                break;
        }
    }

    /// <summary>The watchdog is disarmed: nothing runs here, or the other's disk does not count on it.</summary>
    public void WatchdogDisarmed(VirtualHost host)
    {
        if (host.WatchdogDue is not null && host.Domains.WritingCount > 0 && host.StateFile is { Enabled: true }
            && world.Hosts[1 - host.Index].StateFile is { } peer && RightsOracle.CountsOnFence(peer))
        {
            Broken("S6", $"{host.Name} disarms its watchdog while VMs run and the other's disk counts on its fence");
        }
    }

    /// <summary>Why an order must not be given; null when its precondition holds.</summary>
    private string? Refusal(VirtualHost host, HaAction action)
    {
        var file = host.StateFile;
        return action switch
        {
            HaAction.DestroyDomain destroy when IsDeadShell(host, destroy.Domid) => null,
            HaAction.EndBackends when file is not { FencePending: true } && !HasFenced(host) => "without a fence",
            HaAction.DestroyDomain or HaAction.EndBackends => IsWhole(host) ? "although it is heard, has the gateway, and nothing was disturbed" : null,
            HaAction.KillToolstack => IsWhole(host) && IsHealthy(host) && !ChangesMaster(host) ? "although it is heard, has the gateway, and its toolstack is well" : null,
            HaAction.RestartToolstack => file is not { Takeover: not null } && IsHealthy(host) && !DatabaseErrs(host) ? "although it is well and in the role of its file" : null,
            HaAction.WriteRoleMaster or HaAction.WriteRoleSlave when LostItsFile(host) || LostItsFile(world.Hosts[1 - host.Index]) => null,
            HaAction.WriteRoleMaster or HaAction.WriteRoleSlave when host.Toolstack.State == ServiceState.Active && file is not { Takeover: not null } && !StartedByAnother(host) =>
                "while the toolstack runs, without a takeover",
            HaAction.WriteRoleMaster => file?.Master == host.Config.Self.Uuid ? null : "before its disk names it as the master",
            HaAction.WriteRoleSlave => IsOrBecomesMaster(world.Hosts[1 - host.Index]) || WordIsUnanswered(host) || BootsUnvouched(host) ? null : "although the other is no master, neither by role file nor by state",
            HaAction.PromoteToMaster or HaAction.ResetPowerState or HaAction.ReleaseStorageLocks when !HasFile(host) => null,

            // Whether the VM runs is judged where it happens; a survivor that is alone resets what its takeover could not.
            HaAction.ResetPowerState when file?.Master == host.Config.Self.Uuid => null,
            HaAction.PromoteToMaster or HaAction.ResetPowerState or HaAction.ReleaseStorageLocks or HaAction.BlockPeerToolstack { Block: true } =>
                file is { Takeover: not null } ? null : "before its intent is on disk",
            HaAction.StartVm => StartRefusal(host, ((HaAction.StartVm)action).Host),

            // An empty host that could not write its attestation: its silence is all that it can give.
            HaAction.ResetHost when !host.Domains.Writing.Any() && (host.DiskReadOnly || HasFenced(host, Deadlines.SlowDisk)) => null,
            HaAction.ResetHost or HaAction.PowerOffHost => file is { FencePending: true } or { Committed: true, FenceReason.Length: > 0 } || HasFenced(host) ? null : "without a fence",
            HaAction.FencePeer when world.Elapsed - _arrived[host.Index] < JustHeard => "a heartbeat of which has just come",
            HaAction.FencePeer when !HasFile(host) => null,
            HaAction.FencePeer { OnlyRead: false } when file is { PeerDisarm: not 0 } or { PeerPromise: not 0 } => "which asked it to hold",
            HaAction.ReleaseLease => LeansOnLease(host),
            HaAction.FencePeer => file is { Enabled: true, StateLost: false, PromiseStands: false } ? null : "without HA on its disk",
            HaAction.DesignateMaster when file is { Maintenance.Returning: false } && host.Domains.WritingCount == 0 => null,
            HaAction.MoveVm or HaAction.SwitchHost { Enabled: false } when HasFile(host) => file is { Maintenance: not null } ? null : "without a maintenance on its disk",
            HaAction.DesignateMaster => (_masterSince[host.Index] is not null || WasMaster(host)) && (host.GoingDown || !HasFile(host)) ? null : "without a shutdown, or as a slave",
            _ => null,
        };
    }

    /// <summary>What of a host would outlive the lease that it gives back; null when nothing does.</summary>
    private string? LeansOnLease(VirtualHost host)
    {
        var timing = host.Config.Timing;
        return host.StateFile is { Takeover: not null } ? "with a takeover on its disk"
            : !HearsAndIsHeard(host) ? "although the hosts do not hear each other"
            : host.LeaseFile > host.LocalNow + timing.Lease ? "and the record of its right goes on by it"
            : host.WatchdogDue - world.Scheduler.Now > timing.Lease + timing.KillBound ? "and its watchdog waits for it" : null;
    }

    /// <summary>S3 at each start.</summary>
    private void Starts(VirtualHost host, HaAction.StartVm start)
    {
        var vm = start.Vm.ToString();
        if (world.Hosts.FirstOrDefault(each => each.Config.Self.Uuid != start.Host && each.Domains.IsWriting(vm)) is { } runs)
        {
            Broken("S3", $"{host.Name} orders a start of {world.VmName(vm)}, which runs or writes on {runs.Name}");
        }
    }

    /// <summary>A file that the story took away or damaged under a running daemon says nothing of what that daemon may do.</summary>
    /// <summary>Stopped or demoted by an administrator so short a time ago that no reading can show it; XAPI refuses the order then.</summary>
    private bool WasMaster(VirtualHost host) => _masterUntil[host.Index] is { } until && world.Elapsed - until <= Deadlines.QuietReading;

    /// <summary>Taken away or damaged under a daemon that runs, and goes by what it wrote.</summary>
    private bool LostItsFile(VirtualHost host) => _tampered[host.Index] && !HasFile(host);

    private static bool HasFile(VirtualHost host) => host.StateFile is not null && host.StateFileOrigin == DurableOrigin.Intact;

    private static string? StartRefusal(VirtualHost host, Guid where)
    {
        if (!HasFile(host))
        {
            return null;
        }

        if (host.StateFile is not { Enabled: true, StateLost: false } file)
        {
            return "without HA on its disk";
        }

        return where == host.Config.Self.Uuid && (file.PromiseStands || (file.Committed && file.Takeover is null))
            ? "although a word of it stands on its disk" : null;
    }

    /// <summary>S3 at the promotion; S2 is judged by what a master does.</summary>
    private void Promotes(VirtualHost host)
    {
        var peer = world.Hosts[1 - host.Index];
        if (WhatWrites(peer) is { } writer)
        {
            Broken("S3", $"{host.Name} promotes itself while {writer} runs or writes on {peer.Name}");
        }
    }

    /// <summary>The target of a migration whose source is gone: nothing ever ran in it.</summary>
    private bool IsDeadShell(VirtualHost host, int domid) => host.StateFile is { Takeover: not null }
        && host.Domains.List().Any(domain => domain.Domid == domid && domain is { IsWhole: false, Executes: false })
        && world.Hosts[1 - host.Index].Domains.List().Count == 0;

    private bool HasFenced(VirtualHost host, TimeSpan late = default) => _killsSince[host.Index] is { } since
        && world.Elapsed - since <= host.Config.Config.Timing.KillBound + host.Config.Config.Timing.FenceBound + late;

    /// <summary>Nothing that could end a right has happened for long: it hears and is heard, and sees the gateway.</summary>
    private bool IsWhole(VirtualHost host) => !_fenceAsked[host.Index] && !_tampered[host.Index] && _doubleSince is null
        && world.Elapsed - _changed > Settled && HearsAndIsHeard(host) && world.Network.ReachesGateway(host.Index)
        && world.Network.Quality[0].Loss <= 0 && !host.StorageLost && host.StateFile is { FencePending: false }
        && _masterSince.Count(since => since is not null) < 2 && !world.Arbiter.InDoubt && !world.Board.InDoubt && !world.Luns.InDoubt;

    /// <summary>An administrator started the toolstack a moment ago: no reading can show it yet.</summary>
    private bool StartedByAnother(VirtualHost host)
    {
        if (_upSince[host.Index] is not { } up || world.Elapsed - up > Deadlines.GuardReading
            || _startOrdered[host.Index] > up - Deadlines.ToolstackUnit || host.GuardEndedAt > up - Deadlines.ToolstackUnit)
        {
            return false;
        }

        Pass("the role is written while an administrator starts the toolstack");
        return true;
    }

    private static bool IsHealthy(VirtualHost host) => host.Toolstack.Status is { InitComplete: true, Emergency: false } status
        && status.RoleFile == status.CachedRole && !host.Toolstack.Faults.HangAll && !host.Toolstack.Faults.HangDatabase
        && host.Toolstack.Faults.SlowBy == TimeSpan.Zero;

    /// <summary>The pool's database shows a VM running here that the hypervisor does not have: a restart makes it compare the two.</summary>
    private bool DatabaseErrs(VirtualHost host) => (host.Toolstack.Records ?? world.Hosts[1 - host.Index].Toolstack.Records) is { } records
        && records.All("VM").Any(vm => vm.Text("power_state") == "Running" && vm.Text("resident_on") == host.Toolstack.HostRef
            && !vm.Flag("is_control_domain") && !host.Domains.IsWriting(vm.Uuid));

    /// <summary>A takeover on the other host, or the epoch on a disk, gives the toolstack here another role.</summary>
    private bool ChangesMaster(VirtualHost host) => world.Hosts[1 - host.Index].StateFile is { Takeover: not null }
        || world.Hosts.Any(each => each.StateFile is { } file && file.Master != Guid.Empty
            && file.Master != world.Hosts[host.Toolstack.Status.RoleFile == "master" ? host.Index : 1 - host.Index].Config.Self.Uuid);

    /// <summary>Class A and lone_start = hold, before the toolstack of a boot starts: nobody says who is master, and a slave does nothing that a master may do.</summary>
    private bool BootsUnvouched(VirtualHost host)
    {
        if (!(host.BootGuarded || IsFencedAlone(host)) || !host.Config.Policy.AloneMayMeetMaster)
        {
            return false;
        }

        Pass("a lone boot or a lone fenced host in class A, or with lone_start = hold, is a slave until it takes over");
        return true;
    }

    private bool IsFencedAlone(VirtualHost host) => host.StateFile is { Committed: true, ToolstackOwed: true } && !HearsAndIsHeard(host)
        && host.Toolstack.State != ServiceState.Active && host.Domains.List().Count == 0;

    /// <summary>
    /// Its own word that nothing runs there is on disk and unanswered, and the other host is one that may take it up, for all that can be known
    /// here: a word of its own that its disk no longer takes the end of does not tell.
    /// </summary>
    private bool WordIsUnanswered(VirtualHost host)
    {
        var peer = world.Hosts[1 - host.Index];
        return host.BootGuarded && host.StateFile is { Committed: true } file
            && peer.StateFile is { Enabled: true } other && (!other.Committed || peer.DiskReadOnly) && other.Declined < file.Attestation;
    }

    private static bool IsOrBecomesMaster(VirtualHost peer) => peer.Toolstack.Status.RoleFile == "master"
        || peer.StateFile?.Master == peer.Config.Self.Uuid;
}
