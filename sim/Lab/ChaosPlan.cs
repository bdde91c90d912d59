namespace TwoNodeHa.Sim.Lab;

/// <summary>A real fault of the lab.</summary>
internal enum ChaosKind
{
    /// <summary>The management cable of a host is pulled.</summary>
    Cable,

    /// <summary>What one host sends to the other is dropped; both still see the gateway.</summary>
    OneWay,

    /// <summary>What one host sends to the other's heartbeat port is dropped, and nothing else.</summary>
    PortOneWay,

    /// <summary>A share of what the hosts send to each other is lost, both ways.</summary>
    Loss,

    /// <summary>What a host receives comes late, and not evenly so.</summary>
    Delay,

    /// <summary>What the hosts send to each other comes twice or out of order.</summary>
    Disorder,

    /// <summary>A cable is pulled for a moment, and the switch's port then learns and forwards nothing for a while (spanning tree).</summary>
    PortClosed,

    /// <summary>The active cable of a host's bond is pulled; the bond takes its time.</summary>
    Bond,

    /// <summary>The switch takes a host for being elsewhere.</summary>
    Mislearned,

    /// <summary>The trunk between the hosts' switches is cut, and each side has a router that answers. With a crossover only.</summary>
    Split,

    /// <summary>The gateway answers nobody.</summary>
    Gateway,

    /// <summary>The gateway fails over: it answers nobody for a moment.</summary>
    GatewayBlink,

    /// <summary>The daemon is killed; it is started again.</summary>
    DaemonKilled,

    /// <summary>The daemon is stopped in order, as an upgrade does; it is started again.</summary>
    DaemonRestarted,

    /// <summary>The daemon stands still for a while that its lease may or may not outlast.</summary>
    DaemonFrozen,

    /// <summary>XAPI accepts calls and answers none.</summary>
    ToolstackHung,

    /// <summary>A host loses power and has it again later.</summary>
    PowerLoss,

    /// <summary>A host is reset.</summary>
    Reset,

    /// <summary>A host is shut down in order without disabling HA, and switched on again later.</summary>
    OrderlyShutdown,

    /// <summary>The arbiter is killed: with a its leader, with b all members. Class A only, as all that follow.</summary>
    ArbiterKilled,

    /// <summary>The arbiter stands still: with a its leader, with b all members.</summary>
    ArbiterFrozen,

    /// <summary>One host and the arbiter do not reach each other.</summary>
    ArbiterCut,

    /// <summary>The arbiter's leader and its other members do not reach each other. Nothing where there is one member.</summary>
    ArbiterSplit,

    /// <summary>The board of a host stands still, and carries out afterwards what it was told meanwhile.</summary>
    BoardFrozen,

    /// <summary>The board of a host answers, and can neither read nor switch the power.</summary>
    BoardSick,

    /// <summary>The cable of a host's board is pulled.</summary>
    BoardCut,
}

/// <summary>One fault of a round.</summary>
/// <param name="Kind">What.</param>
/// <param name="Host">On which host; "a" for what has none.</param>
/// <param name="After">Seconds after the begin of the round.</param>
/// <param name="For">Seconds until it is repaired, where it does not end by itself.</param>
internal sealed record ChaosFault(ChaosKind Kind, string Host, double After, double For)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Kind} {Host} at {After:F1} s for {For:F1} s");
}

/// <summary>Draws the faults of a round. The same seed and round give the same faults.</summary>
internal static class ChaosPlan
{
    private static readonly (int Weight, ChaosKind Kind)[] Kinds =
    [
        (4, ChaosKind.Cable), (2, ChaosKind.OneWay), (2, ChaosKind.Gateway), (3, ChaosKind.DaemonKilled), (3, ChaosKind.DaemonFrozen),
        (2, ChaosKind.ToolstackHung), (4, ChaosKind.PowerLoss), (2, ChaosKind.Reset),
        (2, ChaosKind.DaemonRestarted), (3, ChaosKind.OrderlyShutdown),
        (2, ChaosKind.PortOneWay), (2, ChaosKind.Loss), (1, ChaosKind.Delay), (1, ChaosKind.Disorder), (2, ChaosKind.PortClosed),
        (2, ChaosKind.Bond), (2, ChaosKind.Mislearned), (2, ChaosKind.GatewayBlink), (2, ChaosKind.Split),
    ];

    private static readonly (int Weight, ChaosKind Kind)[] InClassA = [.. Kinds, (4, ChaosKind.Split), (4, ChaosKind.OneWay)];

    private static readonly (int Weight, ChaosKind Kind)[] OfArbiter =
        [(3, ChaosKind.ArbiterKilled), (3, ChaosKind.ArbiterFrozen), (3, ChaosKind.ArbiterCut), (3, ChaosKind.ArbiterSplit)];

    private static readonly (int Weight, ChaosKind Kind)[] OfBoards = [(2, ChaosKind.BoardFrozen), (2, ChaosKind.BoardSick), (2, ChaosKind.BoardCut)];

    /// <summary>
    /// One to three faults that overlap. A one-way drop or a split comes alone: beside another cut both hosts could see a gateway
    /// and not each other, which class C excludes (assumption A1). Without a crossover a split alone is that already. In class A
    /// everything may come beside everything.
    /// </summary>
    public static IReadOnlyList<ChaosFault> Round(int seed, int round, bool crossover, bool arbiter = false, bool boards = false)
    {
        var classA = arbiter || boards;
        (int, ChaosKind)[] kinds = !classA ? Kinds : [.. InClassA, .. arbiter ? OfArbiter : [], .. boards ? OfBoards : []];
        var random = new Random(unchecked((seed * 7919) + (round * 104729)) & int.MaxValue);
        var faults = new List<ChaosFault>();
        var count = random.Next(10) switch { < 5 => 1, < 8 => 2, _ => 3 };
        while (faults.Count < count)
        {
            var kind = Draw(random, kinds);
            var fault = new ChaosFault(kind, random.Next(2) == 0 ? "a" : "b", faults.Count == 0 ? 0 : random.NextDouble() * 8, Duration(kind, random));
            var alone = !classA && kind is (ChaosKind.OneWay or ChaosKind.Split);
            if ((alone && faults.Count > 0) || (kind == ChaosKind.Split && !crossover && !classA))
            {
                continue;
            }

            faults.Add(fault);
            if (alone)
            {
                break;
            }
        }

        return faults;
    }

    private static ChaosKind Draw(Random random, (int Weight, ChaosKind Kind)[] kinds)
    {
        var at = random.Next(kinds.Sum(pair => pair.Weight));
        foreach (var (weight, kind) in kinds)
        {
            if (at < weight)
            {
                return kind;
            }

            at -= weight;
        }

        throw new InvalidOperationException("weights");
    }

    private static double Duration(ChaosKind kind, Random random) => kind switch
    {
        ChaosKind.DaemonFrozen => random.Next(2) == 0 ? 0.2 + random.NextDouble() : 4 + (random.NextDouble() * 6),
        ChaosKind.GatewayBlink or ChaosKind.Bond => 0.5 + (random.NextDouble() * 3),
        ChaosKind.DaemonKilled or ChaosKind.DaemonRestarted or ChaosKind.Reset => 0,
        _ => 2 + (random.NextDouble() * 12),
    };
}
