using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using Xunit;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Heartbeats that pass one way only: who hears ends one fence before the takeover that the other announces.</summary>
public class OneWayTests
{
    private static readonly TimeSpan Offset = TimeSpan.FromSeconds(-777);

    [Fact]
    public void HeardOneWay_PeerThatHoldsAndSaysSo_CostsNothing()
    {
        var (bench, deaf) = Deaf();
        bench.Pass(60, gateway: true, peer: true, peerBeat: beat => deaf(beat) with { TakeoverInMs = 6500 });

        Assert.DoesNotContain(bench.Actions, action => action is HaAction.KillToolstack);
        Assert.Equal(HaStatus.Holding, bench.Status);
    }

    [Fact]
    public void HeardOneWay_EndsOneFenceBeforeTheAnnouncedTakeover()
    {
        var (bench, deaf) = Deaf();
        var due = bench.Now + TimeSpan.FromSeconds(20);
        Heartbeat Counting(Heartbeat beat) => deaf(beat) with { TakeoverInMs = (int)(due - bench.Now).TotalMilliseconds };
        var end = due - bench.Config.Rules.OneWayFence;

        // The clocks are known to one heartbeat interval; the error is on the safe side.
        bench.Pass((end - bench.Now).TotalSeconds - 1.2, gateway: true, peer: true, peerBeat: Counting);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        bench.Pass((end - bench.Now).TotalSeconds, gateway: true, peer: true, peerBeat: Counting);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void HeardOneWay_PeerThatAnnouncesNothing_IsFencedForAtTheEndOfTheLease()
    {
        var (bench, deaf) = Deaf();
        bench.Pass(6.2, gateway: true, peer: true, peerBeat: beat => deaf(beat) with { TakeoverInMs = 0 });

        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void HeardOneWay_NewIncarnationOfThePeer_OldAnnouncementsAreForgotten()
    {
        var (bench, deaf) = Deaf();
        bench.Pass(10, gateway: true, peer: true, peerBeat: beat => deaf(beat) with { TakeoverInMs = 3_000_000 });
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        bench.Pass(10, gateway: true, peer: true, peerBeat: beat => deaf(beat) with
        {
            Incarnation = new Incarnation(8, 88),
            TakeoverInMs = 3_000_000,
        });

        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Null(bench.State.Peer.TakeoverFloor);
    }

    [Fact]
    public void HeardOneWay_PeerThatTakesOverOnAnOperatorsWord_NoAnnouncementCounts()
    {
        var (bench, deaf) = Deaf();
        bench.Pass(10, gateway: true, peer: true, peerBeat: beat => deaf(beat) with { TakeoverInMs = 3_000_000 });
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        bench.Hear(beat => deaf(beat) with { Status = HaStatus.TakingOver });

        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void Taker_NeverTakesOverBeforeWhatItAnnounced()
    {
        var bench = Bench.Paired();
        var announced = Instant.Zero;
        for (var i = 0; i < 600 && bench.Status != HaStatus.TakingOver; i++)
        {
            bench.Pass(0.1, gateway: true);
            if (i < 230 && i % 7 == 0)
            {
                bench.Post(new Observation.PeerAnswered("icmp", bench.Now));
            }

            if (bench.Status != HaStatus.TakingOver)
            {
                var said = bench.LastBeat.SentAt + TimeSpan.FromMilliseconds(bench.LastBeat.TakeoverInMs + 1);
                Assert.True(said >= announced, $"announced {said} after {announced}");
                announced = Instant.Max(announced, said - TimeSpan.FromMilliseconds(1));
            }
        }

        Assert.Equal(HaStatus.TakingOver, bench.Status);
        Assert.True(bench.Now >= announced, $"{bench.Now} is before {announced}");
        Assert.True(bench.Now - announced < TimeSpan.FromSeconds(0.3));
    }

    [Fact]
    public void Taker_SaysItAlsoWhileItHolds()
    {
        var bench = Bench.Paired();
        for (var i = 0; i < 200; i++)
        {
            bench.Pass(0.1, gateway: true);
            bench.Post(new Observation.PeerAnswered("icmp", bench.Now));
        }

        Assert.Equal(HaStatus.Holding, bench.Status);
        Assert.True(bench.LastBeat.Has(HeartbeatFlags.IntendsTakeover));
        Assert.InRange(bench.LastBeat.TakeoverInMs, 6000, 7004);
    }

    [Fact]
    public void WaitingHeartbeat_CountsBeforeTheEndOfTheLeaseIsJudged()
    {
        var bench = Bench.Paired();

        // A peer without a gateway: nothing to yield to.
        bench.Pass(2, gateway: true, peer: true, peerBeat: beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.GatewayFresh });
        var end = Instant.Max(
            bench.State.Peer.LastAcked!.Value + bench.Config.Timing.Lease,
            bench.State.Gateway.Answered[0]!.Value + bench.Config.Config.Gateway.Timeout);
        bench.Pass((end - bench.Now).TotalSeconds - 0.02);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        var heartbeat = bench.Said();
        var other = new Observation.PeerAnswered("icmp", bench.Now);
        bench.Later(TimeSpan.FromSeconds(0.05), other, heartbeat, new Observation.Ticked(0));

        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        Assert.True(bench.State.Peer.LastAcked > end - bench.Config.Timing.Lease);
    }

    [Fact]
    public void OperatorsWord_IsJudgedByWhatWaitsBehindIt()
    {
        var bench = Bench.Paired();
        bench.Pass(8, gateway: true);
        bench.Post(new Observation.PeerAnswered("icmp", bench.Now));
        bench.Pass(6.8, gateway: true);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
        bench.Orders.Clear();
        bench.Later(
            TimeSpan.FromSeconds(0.01),
            new Observation.OperatorAsked(1, new OperatorRequest.Takeover { PeerIsDead = true, DespiteSignsOfLife = true }), bench.Said());

        Assert.False(Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer.Accepted);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    /// <summary>A pair whose peer stops hearing now, and what such a peer says: it acknowledges the newest one that it heard.</summary>
    private static (Bench Bench, Func<Heartbeat, Heartbeat> Deaf) Deaf()
    {
        var bench = Bench.Paired();
        bench.Pass(3, gateway: true, peer: true, peerBeat: beat => beat with { SentAt = bench.Now + Offset, TakeoverInMs = 10_000 });
        var acked = bench.State.Peer.LastAcked;
        return (bench, beat => beat with
        {
            SentAt = bench.Now + Offset,
            AckSentAt = acked,
            Status = HaStatus.Holding,
            Flags = beat.Flags & ~HeartbeatFlags.Near,
        });
    }
}
