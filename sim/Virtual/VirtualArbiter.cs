using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The arbiter of safety class A: a lease store that both hosts reach over a network of its own. It can be down, slow, full,
/// refuse one host, change its leader, and go back to a copy of itself.
/// </summary>
public sealed class VirtualArbiter(VirtualWorld world)
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan Election = TimeSpan.FromSeconds(1.2);

    private int _holder = -1;
    private long _lease;
    private readonly long[] _leases = [0, 0];
    private long _given;
    private Instant _until;
    private long _term = 2;
    private long _revision = 1;
    private Instant _electsUntil;

    /// <summary>Per host: the store can be reached.</summary>
    public bool[] Reached { get; } = [true, true];

    /// <summary>Per host: the store takes its credentials.</summary>
    public bool[] Trusted { get; } = [true, true];

    public bool StoreUp { get; set; } = true;

    /// <summary>No room for new data: leases are renewed, and none is given.</summary>
    public bool Full { get; set; }

    public TimeSpan StoreLag { get; set; }

    /// <summary>Not all of it works for both hosts.</summary>
    public bool InDoubt => !StoreUp || Full || StoreLag > TimeSpan.Zero || Reached.Contains(false) || Trusted.Contains(false);

    /// <summary>Another member leads: nothing is answered for a moment, and every lease runs its full time again.</summary>
    public void ChangeLeader()
    {
        _term++;
        _electsUntil = world.Scheduler.Now + Election;
        if (_holder >= 0)
        {
            _until = world.Scheduler.Now + Election + ArbiterRules.LeaseOf(world.Hosts[0].Config.Config);
        }
    }

    /// <summary>The store is a copy from before every lease: it knows of none, and its revision is that of the copy.</summary>
    public void RestoreBackup()
    {
        (_holder, _until, _lease, _revision, _term) = (-1, default, 0, 1, 2);
        _electsUntil = world.Scheduler.Now + Election;
    }

    public void Heal()
    {
        (StoreUp, Full, StoreLag) = (true, false, TimeSpan.Zero);
        Array.Fill(Reached, true);
        Array.Fill(Trusted, true);
    }

    /// <summary>Who holds the lease; -1 for nobody.</summary>
    internal int Holder => LeaseLeft > TimeSpan.Zero ? _holder : -1;

    /// <summary>What is left of it.</summary>
    internal TimeSpan LeaseLeft => _until > world.Scheduler.Now ? _until - world.Scheduler.Now : TimeSpan.Zero;

    /// <summary>The store elects its leader.</summary>
    internal bool Elects => world.Scheduler.Now < _electsUntil;

    /// <summary>
    /// The host forgets its lease, then the store does: by the number of that lease, so that one which it took after the order is safe from
    /// an order that comes late.
    /// </summary>
    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> ReleaseAsync(VirtualHost host)
    {
        var lease = _leases[host.Index];
        _leases[host.Index] = 0;
        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        if (!StoreUp || !Reached[host.Index] || Elects)
        {
            await Never.Task().ConfigureAwait(false);
        }

        if (!Trusted[host.Index])
        {
            return (ActionOutcome.Failed, "DENIED", "the store refuses the credentials");
        }

        if (lease != 0 && lease == _lease)
        {
            (_holder, _until, _lease) = (-1, default, 0);
        }

        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        return (ActionOutcome.Succeeded, "", "");
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> AcquireAsync(VirtualHost host, Action<Observation> post)
    {
        var (sent, life) = (host.LocalNow, host.Life);
        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        if (!StoreUp || !Reached[host.Index] || Elects)
        {
            await Never.Task().ConfigureAwait(false);
        }

        var now = world.Scheduler.Now;
        var mine = _holder == host.Index && now < _until && _lease == _leases[host.Index];
        var free = mine || ((_holder < 0 || _holder == host.Index || now >= _until) && !Full);
        var trusted = Trusted[host.Index];

        // As it was before the own write: one that a backup has just forgotten would hide behind that.
        var mark = new StoreMark("virtual", _term, _revision);
        if (free && trusted)
        {
            _revision += mine ? 0 : 1;
            _lease = _leases[host.Index] = mine ? _lease : ++_given;
            (_holder, _until) = (host.Index, now + ArbiterRules.LeaseOf(host.Config.Config));
        }

        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        if (host.Life != life || host.LocalNow - sent > ArbiterConfig.CallBound)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone, or waits no more");
        }

        if (!trusted)
        {
            return (ActionOutcome.Failed, "DENIED", "the store refuses the credentials");
        }

        var detail = free ? "lease held" : Full ? "the store has no room" : "the peer holds the lease";
        var usable = ArbiterRules.UsableOf(host.Config.Config);
        post(new Observation.ArbiterObserved(free ? sent + usable : null, detail) { Store = mark });
        return free ? (ActionOutcome.Succeeded, "", "") : (ActionOutcome.Failed, "LEASE_TAKEN", detail);
    }
}
