using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Situation;

/// <content>What runs here, and the own toolstack.</content>
public readonly partial struct View
{
    /// <summary>
    /// Guests run here, or what they left behind may still write for them, or it is not known that neither is so. What dom0
    /// opens for itself is none of that. An old list knows nothing; an empty host need not know, while its peer holds for it.
    /// </summary>
    public bool MayRun => State.Host.Domains is not { IsEmpty: true } || (ListOlderThan(Deadlines.ListAge) && !PeerHoldsForEmpty);

    /// <summary>
    /// Something here needs a right to run. What only arrives needs none under a word that nothing runs here: it executes nothing, and the
    /// word is not spoken beside it.
    /// </summary>
    public bool NeedsRight => MayRun && !(BoundByWord && OnlyArrives);

    /// <summary>
    /// This host waits, its toolstack is up as a master's, and the peer may know of its word: it may be taken over from while the toolstack acts, also
    /// when HA was disabled here and the peer has not heard of it, or when the state that held the word is lost.
    /// One that the peer has not heard in this boot is left alone: somebody has to be able to manage a host that starts alone (design, 5.6).
    /// </summary>
    public bool WaitsAsMaster => MayBeTakenOverFrom
        && State.Host.Toolstack is { RoleFile: PoolRole.Master, Running: true } or { RoleFile: PoolRole.Master, ProcessAlive: true }
        && (State.Peer.LastAcked is not null || State.Watchdog.CarriedLease is not null);

    /// <summary>The peer may count on a word of this host. A master in maintenance has none any more once the peer has that on its disk.</summary>
    private bool MayBeTakenOverFrom => Status is HaStatus.Joining or HaStatus.Fenced
        || (Status == HaStatus.Maintenance && State.Peer.Beat is not { Mirror.Bound: false });

    /// <summary>Something here needs a right: VMs, or the role of a master that waits.</summary>
    public bool NeedsAnyRight => NeedsRight || WaitsAsMaster;

    /// <summary>Nothing here needs a right but the role of a master that waits.</summary>
    public bool OnlyRoleNeedsRight => WaitsAsMaster && !NeedsRight;

    /// <summary>
    /// By a new list nothing is here but paused targets of migrations, and the host that still runs their VMs is near: XAPI moves VMs only to
    /// a host that it has enabled.
    /// </summary>
    public bool OnlyArrives => PeerNear && !ListOlderThan(Deadlines.WordListAge)
        && State.Host.Domains is { Guests.IsEmpty: false, OpenBackends: 0, Unserved.IsEmpty: true } domains
        && domains.Guests.All(static guest => guest is { Part: DomainPart.Incoming, State: DomainState.Paused });

    /// <summary>The peer knows that this host, which runs nothing by its newest list, is not bound.</summary>
    private bool PeerHoldsForEmpty => Status is HaStatus.Maintenance or HaStatus.Joining or HaStatus.Fenced && PeerFresh
        && State.Peer.Beat is { Mirror.Bound: false };

    /// <summary>Something here may write to shared storage, or it is not known that nothing does: guests, what they left behind, and dom0.</summary>
    public bool MayWrite => State.Host.Domains is not { IsQuiet: true };

    /// <summary>The newest list of the hypervisor was asked for longer ago than this.</summary>
    public bool ListOlderThan(TimeSpan age) => Now - State.Host.DomainsAskedAt > age;

    /// <summary>
    /// The hypervisor's own list was read and shows guests, were they shells (whatever has a domain can be started), or what
    /// they left behind.
    /// </summary>
    public bool Runs => State.Host.Domains is { IsEmpty: false };

    /// <summary>No guest is left here, only writers of guests that are gone.</summary>
    public bool OnlyLeftovers => State.Host.Domains is { IsEmpty: false, Guests.Length: 0 };

    /// <summary>The hypervisor's own list shows the VM here. A shell of a migration is not the VM.</summary>
    public bool RunsHere(Guid vm)
    {
        if (State.Host.Domains is not { } domains)
        {
            return false;
        }

        foreach (var guest in domains.Guests)
        {
            if (guest.Vm == vm && !guest.IsShell)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Protected VMs that should run and do not run here, in order of their start.</summary>
    public ImmutableArray<VmRecord> Missing()
    {
        var missing = new List<VmRecord>();
        foreach (var vm in Durable.Vms)
        {
            if (vm is { Protected: true, Wanted: true } && !RunsHere(vm.Uuid))
            {
                missing.Add(vm);
            }
        }

        return [.. StartOrder.Of(missing).Select(static ranked => ranked.Vm)];
    }

    /// <summary>Whether anything is missing here; the allocation-free form of <see cref="Missing"/>.</summary>
    public bool AnyMissing
    {
        get
        {
            foreach (var vm in Durable.Vms)
            {
                if (vm is { Protected: true, Wanted: true } && !RunsHere(vm.Uuid))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The VMs of the pool are known: without that, "nothing is missing" means nothing.</summary>
    public bool KnowsVms => State.Host.DatabaseAt is not null || !Durable.Vms.IsEmpty;

    /// <summary>XAPI's role of this host is master, by its role file.</summary>
    public bool IsMaster => State.Host.Toolstack is { RoleFile: PoolRole.Master };

    /// <summary>The toolstack answers.</summary>
    public bool ToolstackHealthy => State.Host.Toolstack is { Running: true, Answers: true };

    /// <summary>The toolstack has finished its start-up in the role it should have.</summary>
    public bool ToolstackReady =>
        State.Host.Toolstack is { Running: true, Answers: true, Emergency: false, InitComplete: true };

    /// <summary>The toolstack may have started a VM that the newest list of the hypervisor does not show.</summary>
    public bool ToolstackMayStart => !GuardHoldsItBack
        && (State.Host.StandsDownSince is not { } since || State.Host.DomainsAskedAt < since);

    /// <summary>This host boots, and the toolstack, seen down since the guard was asked, is not started before the guard has decided.</summary>
    private bool GuardHoldsItBack => State.Procedures.Guard is { Said.Length: 0 } guard
        && State.Host.Toolstack is { Running: false, ProcessAlive: false } && State.Host.ToolstackAt >= guard.AskedAt;

    /// <summary>The role file says what the epoch says.</summary>
    public bool RoleAsItShouldBe
    {
        get
        {
            var toolstack = State.Host.Toolstack;
            if (toolstack is null || Durable.Master == Guid.Empty)
            {
                return toolstack is { RoleFile: PoolRole.Master or PoolRole.Slave };
            }

            return Durable.Master == Config.Self.Uuid
                ? toolstack.RoleFile == PoolRole.Master
                : toolstack.RoleFile == PoolRole.Slave && toolstack.MasterAddress == Config.Peer.Address.ToString();
        }
    }

    /// <summary>The toolstack is up in the role that the epoch gives it.</summary>
    public bool RoleIsSettled => State.Procedures.Role.Phase == RoleChangePhase.Idle && ToolstackReady && RoleAsItShouldBe;
}
