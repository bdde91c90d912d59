using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

public sealed class PlanTimesTests
{
    private readonly PoolDraft _pool = new();

    [Fact]
    public void Times_CountWavesLevelsAndDelays()
    {
        var (first, second, third) = (_pool.Add("one", 1), _pool.Add("two", 1), _pool.Add("three", 1, change: vm => vm with { StartDelay = TimeSpan.FromSeconds(30) }));
        var later = _pool.Add("later", 1, order: 1);
        var times = PlanTimes.Of(_pool.Plan(), parallel: 2, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2));
        Assert.Equal([12, 12, 14, 46], new[] { first, second, third, later }.Select(vm => times[vm].TotalSeconds));
    }

    [Fact]
    public void Gap_NamesThreeAtMost_AndOneReasonOnce()
    {
        Assert.Null(PlanText.Gap(_pool.Plan(), "b"));
        _pool.Add("sql", 99);
        Assert.Equal("if b fails, sql does not come back: needs 99.0 GiB, 16.0 GiB free", PlanText.Gap(_pool.Plan(), "b"));
        _pool.Add("mail", 98);
        Assert.Equal("if b fails, 2 VMs do not come back: sql (needs 99.0 GiB, 16.0 GiB free), mail (needs 98.0 GiB, 16.0 GiB free)", PlanText.Gap(_pool.Plan(), "b"));
        _pool.Facts = _pool.Facts with { HostFacts = [.. _pool.Facts.HostFacts.Select(host => host with { Enabled = false })] };
        _pool.Add("web", 1);
        _pool.Add("files", 1);
        Assert.Equal("if b fails, sql, mail, web and 1 more do not come back: a is disabled: xe host-enable", PlanText.Gap(_pool.Plan(), "b"));
    }
}
