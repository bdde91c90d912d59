using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

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
        bench.Pass(3, peer: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Contains("yielding", bench.State.Procedures.Fence!.Reason, StringComparison.Ordinal);
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
