using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The management board of each host, and the agent that reaches it over a network of its own. A board carries out what it
/// was told although the sender is gone by then.
/// </summary>
public sealed class VirtualBoard(VirtualWorld world)
{
    private static readonly TimeSpan ToTheBoard = TimeSpan.FromMilliseconds(200);

    /// <summary>The agents can be reached and work.</summary>
    public bool AgentUp { get; set; } = true;

    /// <summary>Per host: its board answers nobody. The usual case: it shares the power supply of a host that lost its power.</summary>
    public bool[] Silent { get; } = [false, false];

    /// <summary>Time from the order until the board cuts the power and says so.</summary>
    public TimeSpan OffTime { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>The boards say "off" and do nothing.</summary>
    public bool Lies { get; set; }

    /// <summary>Not all of it works as it should.</summary>
    public bool InDoubt => !AgentUp || Lies || Silent.Contains(true) || OffTime > TimeSpan.FromSeconds(3);

    public void Heal()
    {
        (AgentUp, Lies, OffTime) = (true, false, TimeSpan.FromSeconds(2.5));
        Array.Fill(Silent, false);
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> PowerOffAsync(VirtualHost host, bool onlyRead, Action<Observation> post)
    {
        var (life, peer) = (host.Life, world.Hosts[1 - host.Index]);
        await world.Scheduler.Delay(ToTheBoard).ConfigureAwait(false);
        if (host.Life != life)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
        }

        if (!AgentUp || Silent[peer.Index])
        {
            return (ActionOutcome.Failed, "AGENT", "the fence agent cannot reach the board");
        }

        if (onlyRead && peer.PoweredOn && !Lies)
        {
            return (ActionOutcome.Failed, HaAction.IsOn, "it is on");
        }

        // A host that is off already is read, not switched: one that is being switched on must not be cut again.
        if (peer.PoweredOn && !onlyRead)
        {
            _ = CutAsync(peer);
            await world.Scheduler.Delay(OffTime + ToTheBoard).ConfigureAwait(false);
        }

        if (host.Life != life)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
        }

        var asked = host.LocalNow;
        await world.Scheduler.Delay(ToTheBoard).ConfigureAwait(false);
        if (host.Life != life || Silent[peer.Index] || (peer.PoweredOn && !Lies))
        {
            return (ActionOutcome.Unknown, "AGENT", "off was ordered, and not read back");
        }

        post(new Observation.PeerPowerOff("virtual agent", asked));
        return (ActionOutcome.Succeeded, "", "");
    }

    private async Task CutAsync(VirtualHost peer)
    {
        var life = peer.Life;
        await world.Scheduler.Delay(OffTime).ConfigureAwait(false);
        if (!Lies && peer.PoweredOn)
        {
            world.Log("agent", $"power of {peer.Name} is off{(peer.Life == life ? "" : ", after it was started anew")}");
            peer.PowerOff();
        }
    }
}
