using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Each right at its last moment and at the one after, alone: what else would hold is taken away.</summary>
public sealed class EndOfRightTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    private static RightRules At(Bench bench, HaState state, Instant now) => RightToRun.Of(new View(bench.Config, state, now)).Rules;

    /// <summary>A pair's state with neither an acknowledgement nor an answer of the gateway.</summary>
    private static (Bench Bench, HaState Bare) Bare(PolicyConfig? policy = null)
    {
        var bench = Bench.Paired(policy);
        return (bench, bench.State with { Peer = bench.State.Peer with { LastAcked = null }, Gateway = new GatewayView(), Watchdog = new WatchdogView() });
    }

    private static HaState Both(HaState state, Func<DurableState, DurableState> change) =>
        state with { Durable = change(state.Durable), Disk = state.Disk with { Confirmed = change(state.Disk.Confirmed) } };

    [Fact]
    public void R1_EndsOneLeaseAfterWhatWasAcknowledgedWasSent()
    {
        var (bench, bare) = Bare();
        var acked = bench.State.Peer.LastAcked!.Value;
        var state = bare with { Peer = bare.Peer with { LastAcked = acked } };
        var end = acked + bench.Config.Timing.Lease;
        Assert.Equal(RightRules.R1, At(bench, state, end - Tick));
        Assert.Equal(RightRules.None, At(bench, state, end));
        Assert.Equal(RightRules.None, At(bench, state with { Durable = state.Durable with { Committed = true } }, end - Tick));
        Assert.Equal(RightRules.None, At(bench, state with { Status = HaStatus.Unknown }, end - Tick));
    }

    [Fact]
    public void R2_EndsAtTheGatewaysTimeout()
    {
        var (bench, bare) = Bare();
        var answered = new View(bench.Config, bench.State, bench.Now).GatewayAnsweredAt!.Value;
        var state = bare with { Gateway = bench.State.Gateway, Peer = new PeerView() };
        var end = answered + bench.Config.Config.Gateway.Timeout;
        Assert.Equal(RightRules.R2, At(bench, state, end - Tick));
        Assert.Equal(RightRules.None, At(bench, state, end));
    }

    [Fact]
    public void CarriedLease_EndsWhenItSays_AndIsNothingUnderAWord()
    {
        var (bench, bare) = Bare();
        var end = bench.Now + TimeSpan.FromSeconds(3);
        var state = bare with { Watchdog = bare.Watchdog with { CarriedLease = end } };
        Assert.Equal(RightRules.Carried, At(bench, state, end - Tick));
        Assert.Equal(RightRules.None, At(bench, state, end));
        Assert.Equal(RightRules.None, At(bench, state with { Durable = state.Durable with { Committed = true } }, end - Tick));
    }

    [Fact]
    public void R4_HasNoEnd_AndIsNothingUnderAWord()
    {
        var (bench, bare) = Bare();
        var state = Both(bare, durable => durable with { PeerPromise = 7 });
        Assert.Equal(RightRules.R4, At(bench, state, bench.Now));
        Assert.Equal(RightToRun.Forever, RightToRun.Of(new View(bench.Config, state, bench.Now)).Until);
        Assert.Equal(RightRules.None, At(bench, state with { Durable = state.Durable with { Committed = true } }, bench.Now));
    }

    [Fact]
    public void AcknowledgedPause_CountsInMemoryAndOnDisk_AndIsNothingUnderAWord()
    {
        var (bench, bare) = Bare();
        static DurableState Acknowledged(DurableState durable) => durable with { Disarm = 3, DisarmAcknowledged = true };
        Assert.Equal(RightRules.Paused, At(bench, Both(bare, Acknowledged), bench.Now));
        Assert.Equal(RightRules.None, At(bench, bare with { Durable = Acknowledged(bare.Durable) }, bench.Now));
        Assert.Equal(RightRules.None, At(bench, bare with { Disk = bare.Disk with { Confirmed = Acknowledged(bare.Disk.Confirmed) } }, bench.Now));
        Assert.Equal(RightRules.None, At(bench, Both(bare, durable => Acknowledged(durable) with { Committed = true }), bench.Now));
    }

    [Theory]
    [InlineData(HaStatus.Sole, LoneStart.Hold, RightRules.SoleHeld)]
    [InlineData(HaStatus.Holding, LoneStart.Hold, RightRules.None)]
    [InlineData(HaStatus.Sole, LoneStart.Takeover, RightRules.None)]
    public void SoleHeld_NeedsBoth(HaStatus status, LoneStart loneStart, RightRules wanted)
    {
        var (bench, bare) = Bare(new PolicyConfig { LoneStart = loneStart });
        Assert.Equal(wanted, At(bench, bare with { Status = status }, bench.Now));
    }

    /// <summary>The role of a host that waits holds where its right to run VMs does not; of one that does not wait, nothing does.</summary>
    [Theory]
    [InlineData(HaStatus.Joining, PoolRole.Master, RightRules.R1)]
    [InlineData(HaStatus.Joining, PoolRole.Slave, RightRules.None)]
    [InlineData(HaStatus.Maintenance, PoolRole.Master, RightRules.R1)]
    [InlineData(HaStatus.Holding, PoolRole.Master, RightRules.None)]
    public void RoleOfAHostThatWaits_HoldsBesideItsWord(HaStatus status, PoolRole role, RightRules wanted)
    {
        var (bench, bare) = Bare();
        var state = bare with
        {
            Status = status,
            Peer = bench.State.Peer,
            Durable = bare.Durable with { Committed = true },
            Host = bare.Host with { Domains = bare.Host.Domains! with { Guests = [], OpenBackends = 0, Backends = [] }, Toolstack = bare.Host.Toolstack! with { RoleFile = role } },
        };
        Assert.Equal(wanted, RightToRun.OfWhatIsHere(new View(bench.Config, state, bench.Now)).Rules);
    }

    /// <summary>Only an empty host beside a promise that may still be written beside is told so.</summary>
    [Theory]
    [InlineData(true, true, false, true)]
    [InlineData(false, true, false, false)]
    [InlineData(true, false, false, false)]
    [InlineData(true, true, true, false)]
    public void Refusal_BesideAPeerThatIsHeard_SaysWhatStandsAgainstIt(bool committed, bool promised, bool bound, bool writes)
    {
        var (bench, _) = Bare();
        var state = Both(bench.State, durable => durable with { Committed = committed, PeerPromise = promised ? 7 : 0, PeerBound = bound });
        var permit = TakeoverPermit.Of(new View(bench.Config, state, bench.Now));
        Assert.False(permit.Granted);
        Assert.Equal(writes, permit.Refusal.Contains("may still write", StringComparison.Ordinal));
        Assert.StartsWith("the peer is heard", permit.Refusal, StringComparison.Ordinal);
    }
}
