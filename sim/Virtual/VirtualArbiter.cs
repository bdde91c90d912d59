using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The third party of safety class A: a lease store that both hosts reach over a network of its own, and a fence agent for
/// each host's power. Either can be down, slow, or (the agent) lie.
/// </summary>
public sealed class VirtualArbiter(VirtualWorld world)
{
    /// <summary>Life of a lease in the store, counted from the arrival of its renewal.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AgentTime = TimeSpan.FromSeconds(3);

    private int _holder = -1;
    private Instant _until;

    /// <summary>Per host: the store can be reached.</summary>
    public bool[] Reached { get; } = [true, true];

    public bool StoreUp { get; set; } = true;

    public TimeSpan StoreLag { get; set; }

    public bool AgentUp { get; set; } = true;

    /// <summary>Not all of it works for both hosts.</summary>
    public bool InDoubt => !StoreUp || !AgentUp || AgentLies || StoreLag > TimeSpan.Zero || !Reached[0] || !Reached[1];

    /// <summary>The agent says "off" and does nothing: no class survives that.</summary>
    public bool AgentLies { get; set; }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> AcquireAsync(VirtualHost host, Action<Observation> post)
    {
        var (sent, life) = (host.LocalNow, host.Life);
        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        if (!StoreUp || !Reached[host.Index])
        {
            await world.Scheduler.Delay(TimeSpan.FromHours(1)).ConfigureAwait(false);
            return (ActionOutcome.Unknown, "TRANSPORT", "the store does not answer");
        }

        var now = world.Scheduler.Now;
        var free = _holder < 0 || _holder == host.Index || now >= _until;
        if (free)
        {
            (_holder, _until) = (host.Index, now + LeaseTime);
        }

        await world.Scheduler.Delay(OneWay + StoreLag).ConfigureAwait(false);
        if (host.Life != life)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
        }

        // What the holder may use ends one fence, and the drift, before the store gives the lease to the other.
        var timing = host.Config.Timing;
        var usable = LeaseTime - timing.FenceBound - timing.Margin;
        post(new Observation.ArbiterObserved(free ? sent + usable : null, free ? "lease held" : "the peer holds the lease"));
        return free ? (ActionOutcome.Succeeded, "", "") : (ActionOutcome.Failed, "LEASE_TAKEN", "the peer holds the lease");
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> PowerOffAsync(VirtualHost host, Action<Observation> post)
    {
        var (asked, life) = (host.LocalNow, host.Life);
        await world.Scheduler.Delay(AgentTime).ConfigureAwait(false);
        if (!AgentUp)
        {
            return (ActionOutcome.Failed, "AGENT", "the fence agent cannot reach the board");
        }

        if (host.Life != life)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
        }

        var peer = world.Hosts[1 - host.Index];
        if (!AgentLies)
        {
            world.Log("agent", $"power of {peer.Name} is off");
            peer.PowerOff();
        }

        post(new Observation.PeerPowerOff("virtual agent", asked));
        return (ActionOutcome.Succeeded, "", "");
    }
}
