using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Sim.Lab;

/// <summary>How late the loops of both daemons were while something pressed on the machine; milliseconds.</summary>
/// <param name="Turns">Turns that were due.</param>
/// <param name="P50">Half of them were not later.</param>
/// <param name="P99">99 %.</param>
/// <param name="P999">99.9 %.</param>
/// <param name="Max">Upper end of the last bucket.</param>
/// <param name="StayedPaired">Neither host left Paired.</param>
internal sealed record LatenessFigures(long Turns, double P50, double P99, double P999, double Max, bool StayedPaired);

/// <summary>Measures by the daemons' own histograms: what they hold after the time less what they held before.</summary>
internal static class LatenessRuns
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    public static async Task<LatenessFigures> RunAsync(
        LabHarness lab, PressureKind kind, int memoryPercent, TimeSpan duration, CancellationToken stop)
    {
        using var pressure = Pressure.Start(kind, memoryPercent);
        await Task.Delay(Settle, stop);
        DateTimeOffset began = DateTimeOffset.UtcNow;
        Dictionary<double, long> before = await BucketsAsync(lab);
        await Task.Delay(duration, stop);
        Dictionary<double, long> after = await BucketsAsync(lab);
        bool stayed = true;
        foreach (string host in new[] { "a", "b" })
        {
            stayed &= !(await lab.EventsAsync(host)).Any(line =>
                line.UnixMs >= began.ToUnixTimeMilliseconds() && line.Sentence.StartsWith("Paired -> ", StringComparison.Ordinal));
        }

        return Figures(
            [.. after.Select(entry => (entry.Key, entry.Value - before.GetValueOrDefault(entry.Key))).OrderBy(entry => entry.Key)],
            stayed);
    }

    private static LatenessFigures Figures((double End, long Turns)[] buckets, bool stayed)
    {
        long total = buckets.Sum(bucket => bucket.Turns);
        return new LatenessFigures(total, Rank(0.5), Rank(0.99), Rank(0.999), Rank(1), stayed);

        double Rank(double share)
        {
            long rank = (long)Math.Ceiling(total * share);
            long seen = 0;
            foreach ((double end, long turns) in buckets)
            {
                seen += turns;
                if (turns > 0 && seen >= rank)
                {
                    return end;
                }
            }

            return double.NaN;
        }
    }

    private static async Task<Dictionary<double, long>> BucketsAsync(LabHarness lab)
    {
        var sum = new Dictionary<double, long>();
        foreach (string host in new[] { "a", "b" })
        {
            // A starved host may answer late; without an answer there is no figure.
            LabView view = await lab.UntilAsync($"{host} answers", view => view[host].Status?.LoopLateness is not null);
            foreach (LatenessBucket bucket in view[host].Status!.LoopLateness!.Buckets)
            {
                sum[bucket.EndMs] = sum.GetValueOrDefault(bucket.EndMs) + bucket.Turns;
            }
        }

        return sum;
    }
}
