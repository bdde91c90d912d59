using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class PausingTests
{
    [Fact]
    public void Disabled_EndsAtOnce()
    {
        var bench = new Bench().Start(new DurableState(), DurableOrigin.Missing);
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.Disabled, bench.Status);
        bench.Post(new Observation.StopRequested());
        Assert.Contains(bench.Orders, order => order is Command.Exit);
    }

    [Fact]
    public void Paired_EndsDisarmedOnlyWhenThePeerHoldsForIt()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.StopRequested());
        Assert.DoesNotContain(bench.Orders, order => order is Command.Exit or Command.DisarmWatchdog);
        Assert.NotEqual(0, bench.LastBeat.Disarm);
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.Armed));
        bench.Hear(beat => beat with { DisarmAck = bench.LastBeat.Disarm });
        Assert.Contains(bench.Orders, order => order is Command.DisarmWatchdog);
        Assert.Contains(bench.Orders, order => order is Command.Exit);
    }

    [Fact]
    public void Paired_PeerDoesNotAnswer_EndsWithTheWatchdogArmed()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.StopRequested());
        bench.Pass(3, gateway: true);
        Assert.Contains(bench.Orders, order => order is Command.Exit);
        Assert.DoesNotContain(bench.Orders, order => order is Command.DisarmWatchdog);
    }

    [Fact]
    public void Restart_AfterAnAcknowledgedPause_KeepsItsVmsWithoutALease()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Disarm = 4, DisarmAcknowledged = true });
        bench.Lists(Bench.Web);
        bench.Pass(20);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.Armed));
    }

    [Fact]
    public void Maintenance_PromiseAndReadmission()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { Status = HaStatus.Maintenance, Promise = 3, RunningCount = 0, Running = [] });
        bench.Pass(30, gateway: false);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        Assert.True(RightToRun.Of(new View(bench.Config, bench.State, bench.Now)).Rules.HasFlag(RightRules.R4));
        bench.Hear(beat => beat with
        {
            Status = HaStatus.Maintenance, Promise = 3, RunningCount = 0, Running = [], Flags = beat.Flags | HeartbeatFlags.WantsReadmission,
        });
        Assert.Equal(3, bench.LastBeat.Readmitted);
        Assert.False(RightToRun.Of(new View(bench.Config, bench.State, bench.Now)).Rules.HasFlag(RightRules.R4));
    }
}
