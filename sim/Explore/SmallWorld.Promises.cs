using System.Numerics;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Judges;

namespace TwoNodeHa.Sim.Explore;

/// <content>The promises S1, S2, S3, S5 and R by the truth of the world, and the assumption A1.</content>
internal sealed partial class SmallWorld
{
    private const long NotSince = long.MaxValue;
    private DirectionTimes _carriedAt;
    private int _notCarried;
    private long _pathBadSince = NotSince;
    private long _seenSince;
    private long _outageSince = NotSince;
    private bool _onlyGateway = true;
    private bool _onlyGatewayItself = true;

    /// <summary>The first promise that was broken; null while all hold.</summary>
    public string? Violation { get; private set; }

    /// <summary>The schedule left what A1 allows: it proves nothing from here on.</summary>
    public bool OutsideAssumption { get; private set; }

    /// <summary>When the newest heartbeat of a host was sent that passed on the first link.</summary>
    public long CarriedAt(int host) => _carriedAt[host];

    private void Violate(string promise, string text)
    {
        if (Violation is null && (Site.Options.Promises.IsEmpty || Site.Options.Promises.Contains(promise)))
        {
            Violation = $"{promise}: {text}";
            OnLine?.Invoke(Now, "truth", Violation);
        }
    }

    /// <summary>S1 by the hypervisors and their back-ends.</summary>
    private void Check()
    {
        var both = _first.Writing(Now) & _second.Writing(Now);
        if (both != 0 && Violation is null)
        {
            Violate("S1", $"{ExploreSite.VmName(BitOperations.TrailingZeroCount(both))} runs or writes on both hosts");
        }
    }

    /// <summary>S3 at the moment of a takeover's decision, S5 at that of a fence.</summary>
    private void StatusChanged(byte index, HaStatus before, HaState state)
    {
        var host = Host(index);
        var peer = Host(1 - index);
        Count(before, state);
        if (state.Status == HaStatus.TakingOver && before != HaStatus.Unknown && peer.Writing(Now) != 0)
        {
            Violate("S3", $"{Name(index)} decides to take over ({state.Durable.Takeover?.Rule}) while {Name(1 - index)} runs "
                + ExploreSite.VmName(BitOperations.TrailingZeroCount(peer.Writing(Now))));
        }

        if (state.Status == HaStatus.Fencing && host.Running != 0)
        {
            if (_onlyGatewayItself && Schedule is not null)
            {
                Violate("S5", $"{Name(index)} stops VMs, and only the gateway itself failed");
            }
            else if (_onlyGateway && peer.FencedVms)
            {
                Violate("S5", $"{Name(index)} stops VMs after {Name(1 - index)} did, and only the gateway failed");
            }

            host.FencedVms = true;
        }
    }

    /// <summary>R at a state write: of a host that runs VMs; nothing can change the disk of one that is off.</summary>
    private void MatchRights(SmallHost host, SmallHost peer, int index)
    {
        if (host is { On: true, Running: not 0, StateLost: false } && !peer.StateLost && RightsOracle.Unmatched(host.File, peer.File) is { } right)
        {
            Violate("R", $"a right of {Name(index)} has no end: {right}");
        }
    }

    private void Count(HaStatus before, HaState state)
    {
        switch (state.Status)
        {
            case HaStatus.TakingOver when before != HaStatus.Unknown:
                Coverage.Takeovers[(int)(state.Durable.Takeover?.Rule ?? TakeoverRule.None)]++;
                break;
            case HaStatus.Fencing:
                Coverage.Fences++;
                break;
            case HaStatus.Fenced:
                Coverage.Fenced++;
                break;
            case HaStatus.Paired:
                Coverage.Paired++;
                break;
        }
    }

    private void ResetAssumption()
    {
        for (var direction = 0; direction < 4; direction++)
        {
            _carriedAt[direction] = Now;
        }

        _seenSince = Now;
    }

    private void Carried(int direction)
    {
        _carriedAt[direction] = Now;
        Works(direction);
    }

    private void Works(int direction)
    {
        _notCarried &= ~(1 << direction);
        if (!PathIsBad())
        {
            _pathBadSince = NotSince;
        }
    }

    private void NotCarried(int direction)
    {
        var wasBad = _pathBadSince != NotSince;
        _notCarried |= 1 << direction;
        if (!wasBad && PathIsBad())
        {
            _pathBadSince = NewestRoundTrip(direction);
        }
    }

    /// <summary>Silence is counted from the newest round trip, so the failure of the path is too.</summary>
    private long NewestRoundTrip(int direction)
    {
        var sender = direction & 1;
        var newest = Site.Links == 1 ? _carriedAt[sender] : Math.Max(_carriedAt[sender], _carriedAt[2 + sender]);
        if (Site.Options.Assumption == GatewayAssumption.Silent)
        {
            return newest;
        }

        newest = Math.Min(newest, Heard(_first.State, newest));
        return Math.Min(newest, Heard(_second.State, newest));

        static long Heard(HaState? state, long otherwise) =>
            state is null ? otherwise : (state.Peer.LastFresh ?? state.Life.StartedAt).Ticks;
    }

    /// <summary>No link carries from one host to the other; with a one-way promise: in neither direction.</summary>
    private bool PathIsBad()
    {
        var fromFirst = (_notCarried & 1) != 0 && (Site.Links == 1 || (_notCarried & 4) != 0);
        var fromSecond = (_notCarried & 2) != 0 && (Site.Links == 1 || (_notCarried & 8) != 0);
        return Site.Options.Assumption == GatewayAssumption.Silent ? fromFirst && fromSecond : fromFirst || fromSecond;
    }

    /// <summary>Called before a change of a host's way to the gateway.</summary>
    private void SeeGateway(SmallHost host)
    {
        if (Reaches(host))
        {
            host.GatewaySeen = Now;
        }
    }

    /// <summary>A host sees the gateway as long as its newest answered probe gives it the right to run.</summary>
    private bool Sees(SmallHost host) => host.On
        && (Reaches(host) || Now < host.GatewaySeen + Site.Config.Gateway.Timeout.Ticks);

    private void WatchAssumption()
    {
        switch (Site.Options.Assumption)
        {
            case GatewayAssumption.Off:
                break;
            case GatewayAssumption.Letter:
                WatchLetter();
                break;
            default:
                WatchCounted();
                break;
        }
    }

    /// <summary>"If both hosts reach the gateway, at least one link works, save for less than the takeover delay."</summary>
    private void WatchLetter()
    {
        var pair = (Cut & 3) == 0 || (Site.Links > 1 && (Cut & 12) == 0);
        if (pair || !Reaches(_first) || !Reaches(_second))
        {
            _outageSince = NotSince;
            return;
        }

        _outageSince = _outageSince == NotSince ? Now : _outageSince;
        OutsideAssumption = Now - _outageSince >= Site.Config.Timing.TakeoverDelay.Ticks;
    }

    /// <summary>
    /// The same, counted from the newest heartbeat that passed and by verdicts instead of packets. An outage that ends
    /// because a verdict ends must leave that host time for its fence: the stagger bound.
    /// </summary>
    private void WatchCounted()
    {
        var (bad, sees) = (_pathBadSince != NotSince, Sees(_first) && Sees(_second));
        _seenSince = !sees ? NotSince : _seenSince == NotSince ? Now : _seenSince;
        if (bad && sees)
        {
            // A verdict that was missing only while the lease of R1 lasted has fenced nobody: the outage goes on.
            var whole = _seenSince < _pathBadSince + Site.Config.Timing.Lease.Ticks;
            _outageSince = _outageSince != NotSince ? _outageSince : whole ? _pathBadSince : _seenSince;
            OutsideAssumption = Now - _outageSince >= Site.Config.Timing.TakeoverDelay.Ticks;
            return;
        }

        if (bad && _outageSince != NotSince && _first.On && _second.On)
        {
            var end = Math.Max(_outageSince, VerdictEnd());
            var longest = Site.Rules.StaggerMax + Site.Config.Gateway.Timeout;
            OutsideAssumption = end - _outageSince > longest.Ticks;
        }

        _outageSince = NotSince;
    }

    private long VerdictEnd()
    {
        var timeout = Site.Config.Gateway.Timeout.Ticks;
        var first = Reaches(_first) ? NotSince : _first.GatewaySeen + timeout;
        var second = Reaches(_second) ? NotSince : _second.GatewaySeen + timeout;
        return Math.Min(first, second);
    }
}
