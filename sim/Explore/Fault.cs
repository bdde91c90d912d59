using System.Globalization;

namespace TwoNodeHa.Sim.Explore;

/// <summary>What can happen at a point of the grid. Most are toggles: the second one repairs.</summary>
internal enum FaultKind : byte
{
    None,

    /// <summary>Both directions of a link.</summary>
    Link,

    /// <summary>One direction of a link, from a host.</summary>
    Direction,

    /// <summary>The path between one host and the gateway.</summary>
    Gateway,

    /// <summary>The gateway itself.</summary>
    GatewayDown,

    /// <summary>Power off, or power on and boot.</summary>
    Power,

    /// <summary>The daemon hangs, or goes on.</summary>
    Freeze,

    /// <summary>The daemon dies; it is started again.</summary>
    Kill,

    /// <summary>Destroying domains hangs, so that a fence ends by reset.</summary>
    Hang,

    /// <summary>The next heartbeat is lost on all links.</summary>
    Lose,

    /// <summary>The next heartbeat comes three intervals late on all links.</summary>
    Delay,

    /// <summary>The path between one host and the third party.</summary>
    ThirdParty,

    /// <summary>The third party itself.</summary>
    ThirdPartyDown,

    /// <summary>The fence agent says "off" without switching off.</summary>
    Lie,

    /// <summary>SIGTERM to the daemon, which pauses; it is started again.</summary>
    Stop,

    /// <summary>The daemon dies, and the record of its lease is lost with the run directory.</summary>
    LoseLease,

    /// <summary>A write of the state takes longer than a step of the grid, or no longer.</summary>
    SlowDisk,

    /// <summary>The state file is gone, and the daemon dies.</summary>
    LoseState,

    /// <summary>The operator disables HA.</summary>
    Disable,

    /// <summary>The operator enables HA.</summary>
    Enable,

    /// <summary>The operator begins maintenance, which an empty slave takes.</summary>
    Maintain,

    /// <summary>The operator ends it.</summary>
    Readmit,

    /// <summary>The operator says, and it is true, that the other host is dead.</summary>
    Vouch,

    /// <summary>The operator fences the host.</summary>
    FenceSelf,

    /// <summary>A firewall drops the heartbeats into the host, and nothing else; or lets them in again. Drawn when asked for.</summary>
    Filter,
}

/// <summary>One fault: kind, host where it has one, link where it has one.</summary>
internal readonly record struct Fault(FaultKind Kind, byte Host, byte Link)
{
    /// <summary>Words of the operator, and what befalls memory and disks: drawn when asked for.</summary>
    public static readonly FaultKind[] Words =
    [
        FaultKind.Stop, FaultKind.LoseLease, FaultKind.SlowDisk, FaultKind.LoseState, FaultKind.Disable, FaultKind.Enable,
        FaultKind.Maintain, FaultKind.Readmit, FaultKind.Vouch, FaultKind.FenceSelf,
    ];

    /// <summary>All faults that a site can have, in a fixed order.</summary>
    public static Fault[] All(ExploreSite site)
    {
        var faults = new List<Fault>();
        for (byte link = 0; link < site.Links; link++)
        {
            faults.Add(new Fault(FaultKind.Link, 0, link));
            faults.Add(new Fault(FaultKind.Direction, 0, link));
            faults.Add(new Fault(FaultKind.Direction, 1, link));
        }

        faults.Add(new Fault(FaultKind.GatewayDown, 0, 0));
        FaultKind[] perHost =
        [
            FaultKind.Gateway, FaultKind.Power, FaultKind.Freeze, FaultKind.Kill, FaultKind.Hang, FaultKind.Lose, FaultKind.Delay,
        ];
        faults.AddRange(perHost.SelectMany(kind => new Fault[] { new(kind, 0, 0), new(kind, 1, 0) }));
        if (site.Options.Third != ThirdParty.None)
        {
            faults.Add(new Fault(FaultKind.ThirdParty, 0, 0));
            faults.Add(new Fault(FaultKind.ThirdParty, 1, 0));
            faults.Add(new Fault(FaultKind.ThirdPartyDown, 0, 0));
        }

        if (site.Options.AgentLies)
        {
            faults.Add(new Fault(FaultKind.Lie, 0, 0));
        }

        var kinds = site.Options.Kinds;
        if (kinds.Contains(FaultKind.Filter))
        {
            faults.AddRange([new Fault(FaultKind.Filter, 0, 0), new Fault(FaultKind.Filter, 1, 0)]);
        }

        faults.AddRange(Words.Where(kind => site.Options.Words || kinds.Contains(kind))
            .SelectMany(kind => new Fault[] { new(kind, 0, 0), new(kind, 1, 0) }));
        return [.. faults.Where(fault => kinds.IsEmpty || kinds.Contains(fault.Kind))];
    }
}

/// <summary>One fault of a schedule with the faults before it.</summary>
internal sealed record ScheduledFault(long At, Fault Fault, ScheduledFault? Before)
{
    /// <summary>From the first to this one.</summary>
    public static ScheduledFault[] InOrder(ScheduledFault? last)
    {
        var list = new List<ScheduledFault>();
        for (var at = last; at is not null; at = at.Before)
        {
            list.Add(at);
        }

        list.Reverse();
        return [.. list];
    }

    /// <summary>Seconds as the reports print them.</summary>
    public static string Seconds(long ticks) =>
        (ticks / (double)TimeSpan.TicksPerSecond).ToString("F3", CultureInfo.InvariantCulture);
}
