using System.Collections.Immutable;
using System.Numerics;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Agent;

/// <summary>
/// How late the loop's due turns were over the last hour, in memory of fixed size: 60 slots of a minute with 80 buckets
/// each. A bucket is 0.1 ms wide at the low end and a quarter of its value above, so that a percentile is never
/// shown too small and at most a quarter too large. Adding allocates nothing and takes no lock.
/// </summary>
/// <remarks>
/// One thread adds, any thread reads: a reader may miss the newest sample or see a slot while it is cleared, which
/// is less harm than a reader that holds the loop up.
/// </remarks>
public sealed class LatenessHistogram
{
    private const int Slots = 60;
    private const int Buckets = 80;
    private const long UnitTicks = TimeSpan.TicksPerMillisecond / 10;

    private readonly int[] _counts = new int[Slots * Buckets];
    private readonly long[] _minutes = new long[Slots];
    private readonly long[] _worst = new long[Slots];

    /// <summary>Counts one due turn.</summary>
    /// <param name="late">By how much it was late; negative counts as zero.</param>
    /// <param name="now">Monotonic time of the turn, never before that of an earlier one.</param>
    public void Add(TimeSpan late, Instant now)
    {
        // Minute 0 marks a slot that was never used.
        var minute = Minute(now);
        var slot = (int)(minute % Slots);
        if (_minutes[slot] != minute)
        {
            Array.Clear(_counts, slot * Buckets, Buckets);
            _worst[slot] = 0;
            _minutes[slot] = minute;
        }

        _counts[(slot * Buckets) + BucketOf(late)]++;
        _worst[slot] = Math.Max(_worst[slot], late.Ticks);
    }

    /// <summary>The last hour as percentiles; null when no turn was due in it.</summary>
    /// <param name="now">Monotonic time.</param>
    /// <param name="limit">Lateness that counts as a fault, passed on to the reader.</param>
    public LoopLateness? Report(Instant now, TimeSpan limit)
    {
        var oldest = Minute(now) - Slots + 1;
        Span<long> sums = stackalloc long[Buckets];
        sums.Clear();
        long worst = 0;
        for (var slot = 0; slot < Slots; slot++)
        {
            if (_minutes[slot] == 0 || _minutes[slot] < oldest)
            {
                continue;
            }

            worst = Math.Max(worst, _worst[slot]);
            for (var bucket = 0; bucket < Buckets; bucket++)
            {
                sums[bucket] += _counts[(slot * Buckets) + bucket];
            }
        }

        long total = 0;
        var filled = ImmutableArray.CreateBuilder<LatenessBucket>();
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (sums[bucket] > 0)
            {
                total += sums[bucket];
                filled.Add(new LatenessBucket(Milliseconds(EndOf(bucket).Ticks), sums[bucket]));
            }
        }

        return total == 0 ? null : new LoopLateness
        {
            Turns = total,
            P50Ms = Percentile(sums, total, 500, worst),
            P99Ms = Percentile(sums, total, 990, worst),
            P999Ms = Percentile(sums, total, 999, worst),
            MaxMs = Milliseconds(worst),
            LimitMs = Milliseconds(limit.Ticks),
            Buckets = filled.ToImmutable(),
        };
    }

    /// <summary>Index of the bucket that holds a lateness: four per power of two.</summary>
    private static int BucketOf(TimeSpan late)
    {
        var units = Math.Max(0, late.Ticks) / UnitTicks;
        if (units < 4)
        {
            return (int)units;
        }

        var exponent = BitOperations.Log2((ulong)units);
        return (int)Math.Min(Buckets - 1, ((exponent - 1) * 4) + ((units >> (exponent - 2)) & 3));
    }

    /// <summary>Upper end of a bucket.</summary>
    private static TimeSpan EndOf(int bucket)
    {
        var units = bucket < 4 ? bucket + 1L : (5L + (bucket % 4)) << ((bucket / 4) - 1);
        return TimeSpan.FromTicks(units * UnitTicks);
    }

    private static long Minute(Instant now) => (now.Ticks / TimeSpan.TicksPerMinute) + 1;

    private static double Percentile(Span<long> sums, long total, int permille, long worst)
    {
        var rank = ((total * permille) + 999) / 1000;
        long seen = 0;
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            seen += sums[bucket];
            if (seen >= rank)
            {
                // The last bucket has no end.
                return Milliseconds(bucket == Buckets - 1 ? worst : Math.Min(worst, EndOf(bucket).Ticks));
            }
        }

        return Milliseconds(worst);
    }

    private static double Milliseconds(long ticks) => Math.Round(ticks / (double)TimeSpan.TicksPerMillisecond, 1);
}
