using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>No state at all, and somebody who remembers: the pool's database, or the peer.</summary>
public sealed class ReinstalledTests
{
    private static readonly MirroredState s_enabled = new(true, 5);

    [Fact]
    public void FirstStart_HasTheRightOfAHostOnWhichHaWasNeverEnabled()
    {
        var bench = Wiped(null);
        bench.Pass(60);
        Assert.Equal((HaStatus.Disabled, false), (bench.Status, bench.State.Durable.StateLost));
        Assert.Equal(RightRules.R5, RulesOf(bench));
    }

    [Fact]
    public void DatabaseKnowsIt_NoRightComesOfBeingFirst_AndTheLeaseIsAllItGets()
    {
        var bench = Wiped(s_enabled);
        Assert.True(bench.State.Durable.StateLost);
        Assert.Contains(bench.Events, entry => entry is { Id: HaEventId.DurableTrouble, Severity: Severity.Critical });
        Assert.Equal(RightRules.None, RulesOf(bench));
        bench.Pass(bench.Config.Timing.Lease.TotalSeconds - 0.3, gateway: true);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        bench.Pass(1, gateway: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void DatabaseKnowsIt_ThePeerTellsInTime_NothingIsFenced()
    {
        var bench = Wiped(s_enabled);
        bench.Hear();
        bench.Hear();
        bench.Pass(60, gateway: true, peer: true);
        Assert.False(bench.State.Durable.StateLost);
        Assert.DoesNotContain(bench.Events, entry => entry.Id == HaEventId.FenceDecided);
    }

    [Fact]
    public void DatabaseKnowsIt_NothingRuns_NoWordIsGivenBeforeThePeerTold()
    {
        var bench = Wiped(s_enabled, guest: false);
        bench.Pass(30, gateway: true);
        Assert.Equal((HaStatus.Joining, 0), (bench.Status, bench.LastBeat.Attestation));
        Assert.DoesNotContain(bench.Orders, order => order is Command.FeedWatchdog);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HaWasDisabledThere_OrThePeerHasToldSince_ItIsAsBefore(bool told)
    {
        var bench = Wiped(told ? s_enabled : s_enabled with { Enabled = false }, peerIncarnation: told ? 7 : 0);
        bench.Pass(60);
        Assert.Equal((HaStatus.Disabled, false), (bench.Status, bench.State.Durable.StateLost));
    }

    [Fact]
    public void PeerKnowsADaemonOfIt_AndDoesNotHearIt_ItIsLost()
    {
        var bench = Wiped(null, guest: false);
        bench.Hear(beat => beat with { AckIncarnation = default, AckSentAt = null, Mirror = new Mirror { SwitchGeneration = 1, Enabled = true } });
        Assert.Equal((true, true), (bench.State.Durable.StateLost, bench.State.Durable.Enabled));
    }

    [Fact]
    public void PeerKnowsNoDaemonOfIt_ItsEnableIsAdopted()
    {
        var bench = Wiped(null, guest: false);
        bench.Hear(beat => beat with { AckIncarnation = default, AckSentAt = null, Mirror = new Mirror() });
        Assert.Equal((false, true), (bench.State.Durable.StateLost, bench.State.Durable.Enabled));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("1 enabled 5", "1 enabled 5")]
    [InlineData("1 disabled 5", "1 disabled 5")]
    [InlineData("", "1 enabled 0")]
    [InlineData("2 disabled 5", "1 enabled 0")]
    [InlineData("1 disabled", "1 enabled 0")]
    [InlineData("1 disabled 0", "1 enabled 0")]
    [InlineData("1 disabled -5", "1 enabled 0")]
    [InlineData("1 disabled 99999999999999999999", "1 enabled 0")]
    public void Entry_ThatIsNotUnderstood_CountsAsEnabled(string? text, string? read) => Assert.Equal(read, MirroredState.Of(text)?.Text);

    private static Bench Wiped(MirroredState? mirrored, bool guest = true, long peerIncarnation = 0)
    {
        var bench = new Bench().Start(new DurableState { Incarnation = 1_000_000, PeerIncarnation = peerIncarnation }, DurableOrigin.Missing);
        bench.Lists(guest ? [Bench.Web] : []);
        bench.Pass(0.5);
        bench.Toolstack(database: new DatabaseFacts
        {
            NativeHaEnabled = false, Master = Bench.HostA, Hosts = [Bench.HostA, Bench.HostB], EnabledHosts = [Bench.HostA, Bench.HostB], Vms = [], Mirrored = mirrored,
        });
        return bench;
    }

    private static RightRules RulesOf(Bench bench) => RightToRun.Of(new View(bench.Config, bench.State, bench.Now)).Rules;
}
