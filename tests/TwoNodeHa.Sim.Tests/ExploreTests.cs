using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Small searches: what must be clean is, and what must be found is found.</summary>
public sealed class ExploreTests
{
    [Theory]
    [InlineData('C')]
    [InlineData('B')]
    public void One_fault_breaks_nothing(char letter)
    {
        var report = new Explorer(new ExploreOptions { Class = letter, Faults = 1, Threads = 1 }).Run();
        Assert.Empty(report.Broken);
        Assert.True(report is { Complete: true, FaultsDone: 1, Unique: > 300 });
        Assert.True(report.Coverage.Takeovers[1] > 0 && report.Coverage.Fences > 0 && report.Coverage.WatchdogResets > 0);
    }

    [Fact]
    public void Two_faults_of_the_network_break_nothing_in_class_C()
    {
        var options = new ExploreOptions { Threads = 1, Kinds = [FaultKind.Link, FaultKind.Direction, FaultKind.Gateway, FaultKind.Power] };
        var report = new Explorer(options).Run();
        Assert.Empty(report.Broken);
        Assert.True(report.Outside > 0, "some schedules must leave what A1 allows");
    }

    [Fact]
    public void Without_A1_one_cut_splits_class_C()
    {
        var report = Broken(new ExploreOptions { Assumption = GatewayAssumption.Off, Promises = ["S1"], Kinds = [FaultKind.Link] });
        Assert.Equal(1, report.Broken[0].Faults);
        Assert.StartsWith("S1", report.Broken[0].Promise, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_A1_class_B_needs_a_fault_for_each_link()
    {
        var report = Broken(new ExploreOptions
        {
            Class = 'B', Assumption = GatewayAssumption.Off, Kinds = [FaultKind.Link], Horizon = TimeSpan.FromSeconds(8),
        });
        Assert.Equal(2, report.Broken[0].Faults);
        Assert.StartsWith("S3", report.Broken[0].Promise, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fence_agent_that_lies_is_found()
    {
        var report = Broken(new ExploreOptions
        {
            Class = 'A', Third = ThirdParty.Agent, Assumption = GatewayAssumption.Off, AgentLies = true, Window = TimeSpan.FromSeconds(1),
            Kinds = [FaultKind.Lie, FaultKind.Link], Horizon = TimeSpan.FromSeconds(8),
        });
        Assert.Contains("PowerOff", report.Broken[0].Promise, StringComparison.Ordinal);
    }

    [Fact]
    public void Hosts_without_a_watchdog_are_found()
    {
        var options = new ExploreOptions
        {
            Faults = 3, Kinds = [FaultKind.Freeze, FaultKind.Link, FaultKind.Gateway], Window = TimeSpan.FromSeconds(0.5),
            Horizon = TimeSpan.FromSeconds(8), Threads = 1,
        };
        Assert.Empty(new Explorer(options).Run().Broken);
        Assert.Equal(3, Broken(options with { HasWatchdog = false }).Broken[0].Faults);
    }

    [Fact]
    public void A_wait_below_its_bound_needs_no_stagger()
    {
        var options = new ExploreOptions { TakeoverDelay = TimeSpan.FromSeconds(3.5) };
        var report = new StaggerSweep(options, TimeSpan.FromSeconds(0.25), shiftCount: 0).Run();
        Assert.Equal(0, report.Decided.AfterLink);
    }

    [Fact]
    public void Threads_do_not_change_what_is_found()
    {
        var options = new ExploreOptions { Kinds = [FaultKind.Gateway, FaultKind.Power, FaultKind.Kill], Window = TimeSpan.FromSeconds(1) };
        var one = new Explorer(options with { Threads = 1 }).Run();
        var two = new Explorer(options with { Threads = 2 }).Run();
        Assert.Equal(
            (one.States, one.Unique, one.Merged, one.Outside, one.Coverage.ToString()),
            (two.States, two.Unique, two.Merged, two.Outside, two.Coverage.ToString()));
    }

    [Theory]
    [InlineData('B')]
    [InlineData('A')]
    public void Merged_situations_go_on_alike(char letter)
    {
        var third = letter == 'A' ? ThirdParty.Both : ThirdParty.None;
        var report = new Explorer(new ExploreOptions
        {
            Class = letter, Third = third, Threads = 1, AuditEvery = 3, Promises = ["S2"], Window = TimeSpan.FromSeconds(1),
            Assumption = third == ThirdParty.None ? GatewayAssumption.Counted : GatewayAssumption.Off,
            Kinds = [FaultKind.Gateway, FaultKind.Direction, FaultKind.Power, FaultKind.Lose, FaultKind.Kill, FaultKind.Freeze],
        }).Run();
        Assert.True(report.Audited > 100, $"{report.Audited} merges");
        Assert.Null(report.WrongMerge);
    }

    [Fact]
    public void A_counterexample_can_be_played_again()
    {
        var options = new ExploreOptions { Assumption = GatewayAssumption.Off, Kinds = [FaultKind.Link] };
        var found = Broken(options).Broken[0];
        var lines = new List<string>();
        Explorer.Replay(options, found.Schedule, found.At, (_, who, text) => lines.Add($"{who} {text}"));
        Assert.Equal("fault link 0 cut", lines[0]);
        Assert.Contains($"truth {found.Promise}", lines);
    }

    [Theory]
    [InlineData("fast", 0, 0.1)]
    [InlineData("balanced", 0, 0.2)]
    [InlineData("fast", 2, 0.2)]
    public void Staggered_loss_breaks_where_the_rules_say_and_not_below(string profile, double tolerance, double step)
    {
        var options = new ExploreOptions { Profile = profile, StaggerTolerance = TimeSpan.FromSeconds(tolerance) };
        var report = new StaggerSweep(options, TimeSpan.FromSeconds(step), shiftCount: 3).Run();
        Assert.True(report.Holds);
        Assert.InRange(report.Decided.AfterHeartbeat!.Value, report.PrintedAfterHeartbeat, report.PrintedAfterHeartbeat + 0.6);
        Assert.InRange(report.Ran.AfterHeartbeat!.Value, report.Decided.AfterHeartbeat.Value, report.PrintedAfterHeartbeat + 1);
    }

    private static ExploreReport Broken(ExploreOptions options)
    {
        var report = new Explorer(options with { Threads = 1 }).Run();
        Assert.NotEmpty(report.Broken);
        return report;
    }
}
