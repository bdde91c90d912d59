using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class FencingTests
{
    private static Bench Fencing()
    {
        var bench = Bench.Paired();
        bench.Pass(6);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        return bench;
    }

    [Fact]
    public void Ladder_KillsToolstackAndDomainsSideBySide()
    {
        var bench = Fencing();
        Assert.Contains(bench.Actions, action => action is HaAction.KillToolstack);
        Assert.Contains(bench.Actions, action => action is HaAction.DestroyDomain { Vm: var vm } && vm == Bench.Web);
    }

    [Fact]
    public void Verified_OnlyByAListAskedForAfterTheToolstackWasDead()
    {
        var bench = Fencing();
        bench.Finish<HaAction.DestroyDomain>();
        bench.Lists();
        bench.Pass(0.3);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        bench.Finish<HaAction.KillToolstack>();
        bench.Pass(0.3);
        Assert.Equal(HaStatus.Fenced, bench.Status);
    }

    [Fact]
    public void Fenced_WhatWasKnownOfTheKilledToolstackIsForgotten()
    {
        // Else a fenced host would rejoin on the readiness of a toolstack that is dead.
        var bench = Fencing();
        bench.Finish<HaAction.DestroyDomain>();
        bench.Finish<HaAction.KillToolstack>();
        bench.Lists();
        bench.Pass(0.3);
        Assert.Equal(HaStatus.Fenced, bench.Status);
        bench.Hear(beat => beat with { Status = HaStatus.Sole, Epoch = 4, Declined = 1000 });
        bench.Hear(beat => beat with { Status = HaStatus.Sole, Epoch = 4, Declined = 1000 });
        Assert.Equal(HaStatus.Fenced, bench.Status);
    }

    [Fact]
    public void List_IsAskedForAtOnceAndWhenAKillEnded()
    {
        // The periodic reading of a quiet pair is two seconds apart: a fence cannot wait for it.
        var bench = Fencing();
        Assert.Contains(bench.Orders, order => order is Command.ListDomains);
        bench.Orders.Clear();
        bench.Finish(bench.State.Pending.IdOf(Purpose.KillDomain));
        Assert.Contains(bench.Orders, order => order is Command.ListDomains);
    }

    /// <summary>What the old list shows was destroyed a moment ago; its number may be that of another domain by now.</summary>
    [Fact]
    public void Kill_EndedAfterTheList_IsNotRepeatedByIt()
    {
        var bench = Fencing();
        bench.Pass(0.3);
        bench.Orders.Clear();
        bench.Later(TimeSpan.FromSeconds(0.1));
        bench.Finish(bench.State.Pending.IdOf(Purpose.KillDomain));
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.DestroyDomain);
    }

    [Theory]
    [InlineData(FenceAction.Kill)]
    [InlineData(FenceAction.Reboot)]
    [InlineData(FenceAction.PowerOff)]
    public void Fenced_TheActionOfTheSiteFollowsOnceWhenThePeerHeardOfIt(FenceAction action)
    {
        var bench = Bench.Paired(new PolicyConfig { FenceAction = action });
        bench.Pass(6);
        bench.Finish<HaAction.DestroyDomain>();
        bench.Finish<HaAction.KillToolstack>();
        bench.Lists();
        bench.Pass(0.3);
        Assert.Equal(HaStatus.Fenced, bench.Status);
        Assert.DoesNotContain(bench.Actions, order => order is HaAction.ResetHost or HaAction.PowerOffHost);
        bench.Pass(3);
        Assert.Equal(action == FenceAction.Reboot, bench.Actions.Any(order => order is HaAction.ResetHost));
        Assert.Equal(action == FenceAction.PowerOff, bench.Actions.Any(order => order is HaAction.PowerOffHost));
    }

    [Fact]
    public void OpenBackend_IsNotVerified()
    {
        var bench = Fencing();
        bench.Backends = 1;
        bench.Finish<HaAction.DestroyDomain>();
        bench.Finish<HaAction.KillToolstack>();
        bench.Lists();
        bench.Pass(1);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void NotVerifiedInTime_ResetsTheHost()
    {
        var bench = Fencing();
        var left = bench.State.Procedures.Fence!.DecidedAt + bench.Config.Timing.KillBound - bench.Now;
        bench.Pass(left.TotalSeconds);
        Assert.Contains(bench.Actions, action => action is HaAction.ResetHost);
    }

    [Fact]
    public void Watchdog_IsNotFedWhileFencing()
    {
        var bench = Fencing();
        bench.Orders.Clear();
        bench.Pass(3);
        Assert.DoesNotContain(bench.Orders, order => order is Command.FeedWatchdog or Command.DisarmWatchdog);
    }

    [Fact]
    public void Watchdog_IsFedWithTheRestOfTheRightAndTheKillBound()
    {
        var bench = Bench.Paired();
        bench.Pass(1, gateway: true, peer: true);
        var feed = bench.Orders.OfType<Command.FeedWatchdog>().Last();
        Assert.InRange(feed.Timeout, bench.Config.Timing.KillBound, bench.Config.Timing.Lease + bench.Config.Timing.KillBound);
    }

    [Fact]
    public void Attestation_IsSpokenOnlyWhenDurable()
    {
        var bench = Fencing();
        bench.DiskWorks = false;
        bench.Finish<HaAction.DestroyDomain>();
        bench.Finish<HaAction.KillToolstack>();
        bench.Lists();
        bench.Pass(1);
        Assert.Equal(0, bench.LastBeat.Attestation);
        bench.DiskWorks = true;
        bench.Pass(3);
        Assert.NotEqual(0, bench.LastBeat.Attestation);
    }

    [Fact]
    public void Yield_GatewayLostHereOnly_FencesAttested()
    {
        var bench = Bench.Paired();
        bench.Pass(3.9, gateway: true, peer: true);
        bench.Pass(2, gateway: true, peer: true);
        bench.Pass(4, peer: true);
        Assert.Equal(HaStatus.Paired, bench.Status);
        bench.Pass(2, peer: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Equal(1, bench.State.Procedures.Yields!.Count);
        Assert.Contains("yielding", bench.State.Procedures.Fence!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Yield_PathWasMendedAMomentAgo_ProbesBehindItHaveTheirTime()
    {
        var bench = Bench.Paired();
        bench.Pass(8, gateway: true, peer: true);
        bench.Pass(4);
        bench.Hear();
        bench.Pass(3, peer: true);
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void Yield_SoonAfterAHandover_NeedsALongerLoss()
    {
        var now = Instant.FromSeconds(5000);
        var one = YieldRecord.OneMore(null, now);
        var two = YieldRecord.OneMore(one, now + TimeSpan.FromMinutes(30));
        Assert.Equal(1, one.Count);
        Assert.Equal(2, two.Count);
        Assert.Equal(2 * (one.RestUntil - one.NewestAt), two.RestUntil - two.NewestAt);
        Assert.Equal(1, YieldRecord.OneMore(two, two.NewestAt + Deadlines.YieldMemory).Count);

        var bench = Bench.Paired();
        var calm = Yielding.Patience(new View(bench.Config, bench.State, bench.Now));
        var state = bench.State with { Procedures = bench.State.Procedures with { Yields = YieldRecord.OneMore(null, bench.Now) } };
        Assert.Equal(6 * calm, Yielding.Patience(new View(bench.Config, state, bench.Now)));
        Assert.Equal(calm, Yielding.Patience(new View(bench.Config, state, bench.Now + Deadlines.YieldRest)));
    }

    [Fact]
    public void Yield_PeerSawTheGatewayJustNow_IsNoReason()
    {
        var bench = Bench.Paired();
        bench.Pass(10, peer: true, peerBeat: beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.GatewayFresh });
        bench.Hear();
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void Conflict_PeerIsSoleWithHigherEpochAndRunsOurVm_FencesAtOnce()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with
        {
            Epoch = 9,
            Status = HaStatus.Sole,
            Master = Bench.HostB,
            Running = [VmShortId.Of(Bench.Web)],
        });
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }
}
