using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Tests.Agent;

public sealed class LatenessHistogramTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);

    [Fact]
    public void Nothing_measured_is_nothing_reported() =>
        Assert.Null(new LatenessHistogram().Report(Instant.FromSeconds(1000), Limit));

    [Fact]
    public void Percentiles_are_never_too_small_and_at_most_a_quarter_too_large()
    {
        var histogram = new LatenessHistogram();
        for (var i = 1; i <= 10_000; i++)
        {
            histogram.Add(TimeSpan.FromMilliseconds(i / 10.0), Instant.FromSeconds(50));
        }

        var report = histogram.Report(Instant.FromSeconds(60), Limit)!;
        Assert.Equal(10_000, report.Turns);
        Assert.InRange(report.P50Ms, 500, 625);
        Assert.InRange(report.P99Ms, 990, 1000);
        Assert.InRange(report.P999Ms, 999, 1000);
        Assert.Equal(1000, report.MaxMs);
        Assert.Equal(250, report.LimitMs);
        Assert.Equal(10_000, report.Buckets.Sum(bucket => bucket.Turns));
        Assert.Equal(report.Buckets.Select(bucket => bucket.EndMs).Order(), report.Buckets.Select(bucket => bucket.EndMs));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    [InlineData(0.39)]
    [InlineData(0.4)]
    [InlineData(12.8)]
    [InlineData(60_000)]
    [InlineData(86_400_000)]
    public void One_sample_is_every_percentile(double milliseconds)
    {
        var histogram = new LatenessHistogram();
        histogram.Add(TimeSpan.FromMilliseconds(milliseconds), Instant.FromSeconds(0));
        var report = histogram.Report(Instant.FromSeconds(0), Limit)!;
        Assert.Equal([Math.Round(milliseconds, 1), report.MaxMs, report.MaxMs, report.MaxMs],
            [report.MaxMs, report.P50Ms, report.P99Ms, report.P999Ms]);
    }

    [Fact]
    public void What_is_older_than_an_hour_is_forgotten()
    {
        var histogram = new LatenessHistogram();
        histogram.Add(TimeSpan.FromSeconds(3), Instant.FromSeconds(30));
        histogram.Add(TimeSpan.FromMilliseconds(1), Instant.FromSeconds(90));
        Assert.Equal(3000, histogram.Report(Instant.FromSeconds(3599), Limit)!.MaxMs);
        Assert.Equal(1, histogram.Report(Instant.FromSeconds(3600), Limit)!.MaxMs);
        Assert.Null(histogram.Report(Instant.FromSeconds(4000), Limit));

        // The slot is used again for another minute.
        histogram.Add(TimeSpan.FromMilliseconds(2), Instant.FromSeconds(3630));
        Assert.Equal(1, histogram.Report(Instant.FromSeconds(3630), Limit)!.Turns - 1);
        Assert.Equal(2, histogram.Report(Instant.FromSeconds(3630), Limit)!.MaxMs);
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        var histogram = new LatenessHistogram();
        histogram.Add(TimeSpan.FromMilliseconds(1), Instant.FromSeconds(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Add(TimeSpan.FromMilliseconds(i), Instant.FromSeconds(i));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
