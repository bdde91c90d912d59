using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Rules;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// How long each part of one failover took. What the taker did comes from its own events, which carry the wall clock of
/// this machine; when a VM ran comes from the judge.
/// </summary>
internal sealed record FailoverPhases
{
    /// <summary>From the failure to the decision to take over: detection and the wait that safety asks for.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>From the failure to the suspicion of the taker. Null where it suspected nothing, as after an attestation.</summary>
    public TimeSpan? Suspected { get; init; }

    /// <summary>From the failure to the verified fence of the cut host; it is a part of the wait. Null without one.</summary>
    public TimeSpan? Fence { get; init; }

    /// <summary>From the decision to a written role and a toolstack that was told: intent on disk, promotion.</summary>
    public required TimeSpan Promote { get; init; }

    /// <summary>Until the emulated toolstack could start VMs; none of this is the daemon's own time.</summary>
    public required TimeSpan Toolstack { get; init; }

    /// <summary>Power states reset and storage locks released.</summary>
    public required TimeSpan Storage { get; init; }

    /// <summary>From there to the first order to start a VM.</summary>
    public required TimeSpan Order { get; init; }

    /// <summary>From the failure to the first order.</summary>
    public required TimeSpan FirstOrder { get; init; }

    /// <summary>From the failure to the first VM that ran.</summary>
    public required TimeSpan FirstVm { get; init; }

    /// <summary>From the failure to the last one.</summary>
    public required TimeSpan AllVms { get; init; }

    /// <summary>XAPI calls of the taker from the failure to the end of its takeover, for each VM that it started.</summary>
    public double CallsPerVm { get; init; }

    /// <summary>The same calls by the name of the method, for each VM that it started.</summary>
    public IReadOnlyDictionary<string, double> CallsByMethod { get; init; } = new Dictionary<string, double>();

    /// <summary>From the decision to the first order, without the time of the toolstack: what comes behind the permit.</summary>
    public TimeSpan BehindPermit => Promote + Storage + Order;

    /// <summary>From the failure to the first order without the time of the toolstack: what this daemon costs.</summary>
    public TimeSpan Own => FirstOrder - Toolstack;

    /// <summary>From the suspicion to the first order, without the time of the toolstack.</summary>
    public TimeSpan? SinceSuspicion => Own - Suspected;

    /// <param name="struck">When the failure was made.</param>
    /// <param name="taker">Events of the host that took over.</param>
    /// <param name="victim">Events of the other one; empty when it cannot be asked.</param>
    /// <param name="started">Starts of VMs on the taker.</param>
    public static FailoverPhases Read(
        DateTimeOffset struck, EventLine[] taker, EventLine[] victim, IEnumerable<VmChange> started)
    {
        TimeSpan decided = At(struck, taker, HaEventId.TakeoverDecided, "");
        TimeSpan promoted = At(struck, taker, HaEventId.TakeoverStep, nameof(TakeoverStep.AwaitToolstack));
        TimeSpan ready = At(struck, taker, HaEventId.TakeoverStep, nameof(TakeoverStep.ResetPowerStates));
        TimeSpan released = At(struck, taker, HaEventId.TakeoverStep, nameof(TakeoverStep.StartVms));
        TimeSpan ordered = At(struck, taker, HaEventId.VmStartOrdered, "");
        TimeSpan[] ran = [.. started.Where(change => change.Started && change.At > struck).Select(change => change.At - struck)];
        return new FailoverPhases
        {
            Wait = decided,
            Suspected = Find(struck, taker, HaEventId.StateChanged, "Suspecting"),
            Fence = Find(struck, victim, HaEventId.FenceVerified, ""),
            Promote = promoted - decided,
            Toolstack = ready - promoted,
            Storage = released - ready,
            Order = ordered - released,
            FirstOrder = ordered,
            FirstVm = ran.Min(),
            AllVms = ran.Max(),
        };
    }

    private static TimeSpan At(DateTimeOffset struck, EventLine[] events, HaEventId id, string ending) =>
        Find(struck, events, id, ending)
            ?? throw new InvalidOperationException($"no event {id} {ending} after the failure");

    private static TimeSpan? Find(DateTimeOffset struck, EventLine[] events, HaEventId id, string ending)
    {
        long from = struck.ToUnixTimeMilliseconds();
        EventLine? line = events.FirstOrDefault(line =>
            line.UnixMs >= from && line.Id == (int)id && (line.Sentence.EndsWith(ending, StringComparison.Ordinal) || line.Sentence.Contains($"-> {ending}:", StringComparison.Ordinal)));
        return line is null ? null : DateTimeOffset.FromUnixTimeMilliseconds(line.UnixMs) - struck;
    }
}

/// <summary>Minimum, median, 95th percentile and maximum.</summary>
internal readonly record struct Spread(double Min, double Median, double P95, double Max)
{
    /// <summary>Nearest rank, so that each number shown was measured.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0
            ? null
            : new Spread(sorted[0], Rank(sorted, 0.5), Rank(sorted, 0.95), sorted[^1]);
    }

    private static double Rank(double[] sorted, double share) =>
        sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
