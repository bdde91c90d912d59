using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The judge of what the storage took, on sectors as it reads them.</summary>
public sealed class WriteJudgeTests
{
    private readonly WriteJudge _judge = new("web");

    [Fact]
    public void Runs_that_follow_each_other_are_none()
    {
        See("1 a r1 1", "");
        See("2 a r1 2", "3 b r2 3");
        See("2 a r1 2", "4 b r2 4");
        See("5 a r3 5", "4 b r2 4");
        See("6 a r3 6", "4 b r2 4");
        Assert.Empty(_judge.Violations);
        Assert.Equal([4, 2], _judge.Accepted);
    }

    [Fact]
    public void A_run_that_writes_after_the_one_of_the_other_host_is_a_violation()
    {
        See("1 a r1 1", "");
        See("1 a r1 1", "2 b r2 2");
        See("3 a r1 3", "2 b r2 2");
        LateWrite late = Assert.Single(_judge.Violations);
        Assert.Equal(("web", "a"), (late.Vm, late.Host));
    }

    [Fact]
    public void Both_within_one_look_and_again_is_a_violation()
    {
        See("1 b r2 1", "");
        See("", "2 b r2 2");
        See("3 a r1 3", "3 b r2 3");
        Assert.Empty(_judge.Violations);
        See("4 a r1 4", "4 b r2 4");
        Assert.Equal("b", Assert.Single(_judge.Violations).Host);
    }

    /// <summary>A sector that is read while it is written is half of each; it is read again.</summary>
    [Fact]
    public void Half_a_sector_says_nothing()
    {
        See("1 a r1 1", "");
        See("2 a r1 1", "2 b r2");
        Assert.Empty(_judge.Violations);
        Assert.Equal([1, 0], _judge.Accepted);
    }

    private void See(string a, string b) => _judge.See(DateTimeOffset.UnixEpoch, a, b);
}
