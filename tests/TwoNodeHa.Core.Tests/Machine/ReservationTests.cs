using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using Xunit;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>What readings of the reservations on the storage are worth, and which orders they give.</summary>
public sealed class ReservationTests
{
    private static readonly LunFact Both = new(true, Own: true, Peer: true, 0, LunReservation.WriteExclusiveRegistrants);
    private static readonly LunFact Alone = Both with { Peer = false };
    private static readonly LunFact Lost = Both with { Own = false };
    private static readonly LunFact Blank = new(true, false, false, 0, LunReservation.None);

    private static Bench Pair() => Bench.Paired(
        new PolicyConfig { UsesArbiter = true, UsesReservation = true },
        config => config with { Storage = config.Storage with { ReservedLuns = ["/dev/mapper/one", "/dev/mapper/two"] } });

    private static View Seen(Bench bench) => new(bench.Config, bench.State, bench.Now);

    private static void Read(Bench bench, LunFact first, LunFact? second = null, double secondsAgo = 0) => bench.Post(
        new Observation.ReservationsRead(bench.Now - TimeSpan.FromSeconds(secondsAgo), [first, second ?? first]));

    private static bool HoldsR3(Bench bench) => RightToRun.Of(Seen(bench)).Rules.HasFlag(RightRules.R3);

    [Fact]
    public void Key_ThatHasJustCome_GivesNoRightYet()
    {
        var bench = Pair();
        Read(bench, Both);
        Assert.False(HoldsR3(bench));

        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Both);
        Assert.True(HoldsR3(bench));
    }

    [Fact]
    public void Key_WithoutTheReservation_GivesNothing()
    {
        var bench = Pair();
        Read(bench, Both with { Reservation = LunReservation.None });
        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Alone with { Reservation = LunReservation.Other });

        Assert.False(HoldsR3(bench));
        Assert.Null(Seen(bench).ArbiterSince);
    }

    [Fact]
    public void Key_ThatIsGone_EndsTheRightAtOnce_AndCountsAnewWhenItIsBack()
    {
        var bench = Pair();
        Read(bench, Both);
        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Both);
        bench.Pass(0.1, gateway: true, peer: true);
        Read(bench, Lost);
        Assert.False(HoldsR3(bench));

        bench.Pass(0.1, gateway: true, peer: true);
        Read(bench, Both);
        Assert.False(HoldsR3(bench));
    }

    [Fact]
    public void Reading_ThatFailed_SaysNothing()
    {
        var bench = Pair();
        Read(bench, Both);
        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Both);
        bench.Pass(0.2, gateway: true, peer: true);
        Read(bench, LunFact.Unread);
        Assert.True(HoldsR3(bench));

        bench.Pass(5, gateway: true, peer: true);
        Assert.False(HoldsR3(bench));
    }

    /// <summary>The peer counts on it that this host, heard in another state while the peer's key was there, has no reading of a sole one.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(0.3, false)]
    public void Reading_AskedForBeforeThisHostWasSole_IsNoneOfASoleHost(double secondsAgo, bool counts)
    {
        var bench = Pair();
        Read(bench, Both);
        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Both);
        bench.Pass(0.5, gateway: true);
        var state = bench.State;
        var sole = state with
        {
            Status = HaStatus.Sole,
            Life = state.Life with { StatusSince = bench.Now },
            Peer = state.Peer with { Beat = null, LastFresh = null, LastHeard = null },
        };
        var read = new Observation.ReservationsRead(bench.Now - TimeSpan.FromSeconds(secondsAgo), [Alone, Alone]);
        var after = HaMachine.Step(bench.Config, sole, read, bench.Now).State;
        Assert.Equal(HaStatus.Sole, after.Status);
        Assert.Equal(counts, after.ThirdParty.Reservation.SoleAskedAt is not null);
    }

    [Fact]
    public void Reading_OlderThanTheNewest_ChangesNothing()
    {
        var bench = Pair();
        Read(bench, Both);
        bench.Pass(5, gateway: true, peer: true);
        Read(bench, Lost);
        Read(bench, Both, secondsAgo: 0.5);

        Assert.True(Seen(bench).IsPreempted);
        Assert.Null(bench.State.ThirdParty.Reservation.KeySince);
    }

    [Fact]
    public void Exclusive_ByAnOldReading_GivesNoPermit()
    {
        var bench = Pair();
        Read(bench, Alone);
        Assert.NotNull(Seen(bench).ArbiterSince);

        bench.Pass(2.5, gateway: true, peer: true);
        Assert.Null(Seen(bench).ArbiterSince);
    }

    [Fact]
    public void Exclusive_OfOneLun_IsNone()
    {
        var bench = Pair();
        Read(bench, Alone, Both);
        Assert.Null(Seen(bench).ArbiterSince);
        Read(bench, Alone, LunFact.Unread, secondsAgo: -0.0);
        Assert.Null(Seen(bench).ArbiterSince);
    }

    [Fact]
    public void Keys_AreRegistered_BesideAPeerThatIsHeard_AndOnlyWhereTheyLack()
    {
        var bench = Pair();
        Read(bench, Blank, Both);
        var order = Assert.Single(bench.Actions.OfType<HaAction.RegisterKeys>());
        Assert.Equal([0, 1], order.Luns);

        bench.Finish<HaAction.RegisterKeys>();
        bench.Pass(0.1, gateway: true, peer: true);
        Read(bench, Blank, Both);
        Assert.Equal([0], bench.Actions.OfType<HaAction.RegisterKeys>().Last().Luns);
    }

    [Fact]
    public void Preempt_IsWithdrawn_WhenThePeerIsHeard()
    {
        var bench = Pair();
        Read(bench, Both);
        bench.Finish<HaAction.RegisterKeys>();
        for (var step = 0; step < 80 && !bench.State.Pending.Has(Purpose.PreemptPeer); step++)
        {
            bench.Pass(0.1, gateway: true);
            Read(bench, Both);
        }

        Assert.Contains(bench.Actions, action => action is HaAction.PreemptPeer);
        Assert.True(bench.State.Pending.Has(Purpose.PreemptPeer));
        bench.Pass(0.2, gateway: true, peer: true);
        Assert.False(bench.State.Pending.Has(Purpose.PreemptPeer));
    }

    [Fact]
    public void KeyOf_IsOfOneHostOfOnePair_AndStaysOverABoot()
    {
        var config = Pair().Config.Config;
        var other = config with { Hosts = [config.Hosts[0], config.Hosts[1] with { Uuid = Guid.NewGuid() }] };
        ulong[] keys = [ReservationRules.KeyOf(config, 0), ReservationRules.KeyOf(config, 1), ReservationRules.KeyOf(other, 0)];

        Assert.Equal(keys, keys.Distinct());
        Assert.All(keys, key => Assert.Equal(0x544EUL, key >> 48));
        Assert.Equal(keys[0], ReservationRules.KeyOf(config with { Links = [] }, 0));
    }
}
