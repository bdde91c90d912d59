using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Step;

/// <content>The slices of the state, to be read and replaced one by one.</content>
internal sealed partial class Draft
{
    public Life Life
    {
        get => State.Life;
        set => State = State with { Life = value };
    }

    public DurableState Durable
    {
        get => State.Durable;
        set => State = State with { Durable = value };
    }

    public DiskView Disk
    {
        get => State.Disk;
        set => State = State with { Disk = value };
    }

    public WatchdogView Watchdog
    {
        get => State.Watchdog;
        set => State = State with { Watchdog = value };
    }

    public PeerView Peer
    {
        get => State.Peer;
        set => State = State with { Peer = value };
    }

    public GatewayView Gateway
    {
        get => State.Gateway;
        set => State = State with { Gateway = value };
    }

    public HostView Host
    {
        get => State.Host;
        set => State = State with { Host = value };
    }

    public ThirdPartyView ThirdParty
    {
        get => State.ThirdParty;
        set => State = State with { ThirdParty = value };
    }

    public ProceduresView Procedures
    {
        get => State.Procedures;
        set => State = State with { Procedures = value };
    }

    public Schedule Schedule
    {
        get => State.Schedule;
        set => State = State with { Schedule = value };
    }

    public PendingBook Pending
    {
        get => State.Pending;
        set => State = State with { Pending = value };
    }

    public FenceProgress? Fence
    {
        get => Procedures.Fence;
        set => Procedures = Procedures with { Fence = value };
    }

    public DepartureProgress? Departure
    {
        get => Procedures.Departure;
        set => Procedures = Procedures with { Departure = value };
    }

    public GuardProgress? Guard
    {
        get => Procedures.Guard;
        set => Procedures = Procedures with { Guard = value };
    }

    public TakeoverProgress? Takeover
    {
        get => Procedures.Takeover;
        set => Procedures = Procedures with { Takeover = value };
    }

    public RoleProgress Role
    {
        get => Procedures.Role;
        set => Procedures = Procedures with { Role = value };
    }

    public ImmutableSortedDictionary<Guid, StartAttempt> Starts
    {
        get => Procedures.Starts;
        set => Procedures = Procedures with { Starts = value };
    }

    /// <summary>The hypervisor is read now; a reading under way shows what was before, and is not waited for.</summary>
    public void ReadDomainsAnew()
    {
        Abandon(Purpose.ReadDomains);
        Schedule = Schedule with { Domains = Now };
    }

    /// <summary>The toolstack is read now, and asked; a reading under way shows what was before, and is not waited for.</summary>
    public void ReadToolstackAnew()
    {
        Abandon(Purpose.ReadToolstack);
        Schedule = Schedule with { Toolstack = Now };
        Takeover = Takeover is { ToolstackSaidAt: not null } takeover ? takeover with { ToolstackSaidAt = null } : Takeover;
    }

    /// <summary>Forgets a fence that has ended.</summary>
    public void DropFence() => Fence = null;

    /// <summary>Ends a takeover's progress: what it ordered is not waited for.</summary>
    public void DropTakeover()
    {
        Abandon(Purpose.TakeoverStep);
        Abandon(Purpose.ResetVm);
        Takeover = null;
    }

    /// <summary>Forgets all tries to start a VM.</summary>
    public void DropStarts()
    {
        Abandon(Purpose.StartVm);
        Starts = Starts.Clear();
    }

    /// <summary>Forgets a change of the own role.</summary>
    public void DropRoleChange()
    {
        Abandon(Purpose.ChangeRole);
        Role = new RoleProgress();
    }
}
