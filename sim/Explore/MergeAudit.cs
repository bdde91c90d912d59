using System.Collections.Concurrent;

namespace TwoNodeHa.Sim.Explore;

/// <summary>
/// Looks whether merged situations really go on alike: both are played on, without and with one more fault, and must
/// stay equal at every point of the grid.
/// </summary>
internal sealed class MergeAudit(ExploreOptions options, Fault[] faults)
{
    private const int StepCount = 12;
    private readonly ConcurrentDictionary<StateHash, SmallWorld> _known = new();
    private long _merges;
    private long _played;

    /// <summary>Pairs that were played on.</summary>
    public long Played => _played;

    /// <summary>The first pair that did not stay equal; null when all did.</summary>
    public string? Difference { get; private set; }

    /// <summary>Remembers a situation that is new.</summary>
    public void Keep(StateHash hash, SmallWorld world) => _known.TryAdd(hash, world.Copy());

    /// <summary>A world was taken for a situation that is known.</summary>
    public void Merged(StateHash hash, SmallWorld world)
    {
        var count = Interlocked.Increment(ref _merges);
        if (count % options.AuditEvery != 0 || !_known.TryGetValue(hash, out var known))
        {
            return;
        }

        Interlocked.Increment(ref _played);
        var fault = faults[(int)(count / options.AuditEvery % faults.Length)];
        Compare(world.Copy(), known.Copy(), default);
        if (world.Applies(fault))
        {
            Compare(world.Copy(), known.Copy(), fault);
        }
    }

    private void Compare(SmallWorld one, SmallWorld other, Fault fault)
    {
        if (fault.Kind != FaultKind.None)
        {
            one.Apply(fault);
            other.Apply(fault);
        }

        for (var step = 0; step < StepCount; step++)
        {
            one.RunTo(one.Now + options.Grid.Ticks);
            other.RunTo(other.Now + options.Grid.Ticks);
            if (one.Hash(out var left) != other.Hash(out var right) || one.Violation != other.Violation
                || one.OutsideAssumption != other.OutsideAssumption)
            {
                var part = left.World != right.World ? "world"
                    : left.First != right.First ? "a"
                    : left.Second != right.Second ? "b" : "events";
                Difference ??= $"after {Story(one)} and after {Story(other)}, {step + 1} steps on: {part}";
                return;
            }

            if (one.Violation is not null || one.OutsideAssumption)
            {
                return;
            }
        }
    }

    private static string Story(SmallWorld world) => string.Join(", ", ScheduledFault.InOrder(world.Schedule).Select(one =>
        $"{ScheduledFault.Seconds(one.At)} {one.Fault.Kind} {one.Fault.Host}/{one.Fault.Link}"));
}
