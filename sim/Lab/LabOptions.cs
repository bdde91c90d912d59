namespace TwoNodeHa.Sim.Lab;

/// <summary>What a lab is made of.</summary>
internal sealed record LabOptions
{
    /// <summary>A second cable between the hosts.</summary>
    public bool Crossover { get; init; }

    /// <summary>Two management cables per host; see <see cref="NetworkOptions.Bonds"/>.</summary>
    public bool Bonds { get; init; }

    /// <summary>A switch and a router per host; see <see cref="NetworkOptions.TwoSides"/>.</summary>
    public bool TwoSides { get; init; }

    /// <summary>From carrier to forwarding on the switch's ports.</summary>
    public TimeSpan SpanningTree { get; init; }

    /// <summary>A disk link over a file that both hosts share.</summary>
    public bool Disk { get; init; }

    /// <summary>Each host probes a file of its own as its storage, and fences when it loses that.</summary>
    public bool StorageProbes { get; init; }

    /// <summary>Class A: an arbiter, a real etcd on stations of the management network; see <see cref="Parts.LabArbiter"/>.</summary>
    public bool Arbiter { get; init; }

    /// <summary>Members of that etcd, 1 to 5, each on a station of its own.</summary>
    public int ArbiterMembers { get; init; } = 1;

    /// <summary>Class A: a fence agent for each host, a real ipmi_sim on a network of its own; see <see cref="Parts.LabBoard"/>.</summary>
    public bool Boards { get; init; }

    /// <summary>
    /// Class A: LUNs of a real tgtd on a network of its own, on which both hosts hold reservations and to which the VMs write; 0 to 8. See
    /// <see cref="Parts.LabSan"/>.
    /// </summary>
    public int Luns { get; init; }

    /// <summary>Timing profile of the daemons.</summary>
    public string Profile { get; init; } = "fast";

    /// <summary>Timings of the emulated toolstack: fast or realistic.</summary>
    public string Toolstack { get; init; } = "fast";

    /// <summary>VMs <c>vm1</c>, <c>vm2</c>, …; the odd ones run on the first master at the beginning.</summary>
    public int Vms { get; init; } = 4;

    /// <summary>From power, or from a reset, to the start of the first process.</summary>
    public TimeSpan BootTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>HA daemons run on the hosts; without them the lab is only an emulated pool.</summary>
    public bool WithDaemons { get; init; } = true;

    /// <summary>The service manager starts a daemon again that ended.</summary>
    public bool DaemonRestarts { get; init; } = true;

    /// <summary>Lines of the section <c>[policy]</c>.</summary>
    public IReadOnlyList<string> Policy { get; init; } = [];

    /// <summary>Factor on every ceiling of a wait, for slow machines; TWONODEHA_LAB_PATIENCE sets it.</summary>
    public static double Patience { get; } =
        double.TryParse(Environment.GetEnvironmentVariable("TWONODEHA_LAB_PATIENCE"), out double factor) ? factor : 1;
}
