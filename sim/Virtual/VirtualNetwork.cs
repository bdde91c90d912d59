using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Switch, cables, gateway and optional crossover of the two hosts 0 and 1. A management path needs the sender's port
/// outwards and the receiver's port inwards; a dropped direction is a fault behind the switch.
/// </summary>
public sealed class VirtualNetwork(VirtualScheduler scheduler, Random random)
{
    private readonly bool[] _out = [true, true];
    private readonly bool[] _in = [true, true];
    private readonly bool[] _drop = new bool[2];

    /// <summary>The gateway answers.</summary>
    public bool Gateway { get; set; } = true;

    /// <summary>The crossover cable is plugged in.</summary>
    public bool Crossover { get; set; } = true;

    /// <summary>Share of packets lost on every path, 0 to 1.</summary>
    public double Loss { get; set; }

    /// <summary>Most that one packet is delayed.</summary>
    public TimeSpan DelayMax { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Sets both directions of a host's management port.</summary>
    public void Cable(int host, bool up) => (_out[host], _in[host]) = (up, up);

    /// <summary>Sets one direction of a host's management port.</summary>
    public void Port(int host, bool outwards, bool up)
    {
        var side = outwards ? _out : _in;
        side[host] = up;
    }

    /// <summary>Drops everything that <paramref name="from"/> sends to the other host over the switch.</summary>
    public void Drop(int from, bool dropped) => _drop[from] = dropped;

    /// <summary>Everything works again.</summary>
    public void Heal()
    {
        Cable(0, up: true);
        Cable(1, up: true);
        _drop[0] = _drop[1] = false;
        Gateway = Crossover = true;
        Loss = 0;
        DelayMax = TimeSpan.FromMilliseconds(1);
    }

    /// <summary>A packet on a link would arrive now, if it is not lost.</summary>
    public bool Carries(int link, int from) => link == 0
        ? _out[from] && _in[1 - from] && !_drop[from]
        : Crossover;

    /// <summary>The gateway can be reached and can answer.</summary>
    public bool ReachesGateway(int host) => Gateway && _out[host] && _in[host];

    /// <summary>Delivers after a drawn delay, unless the path is cut or the packet is lost.</summary>
    public void Send(bool carries, Action deliver)
    {
        if (carries && (Loss <= 0 || random.NextDouble() >= Loss))
        {
            scheduler.After(Delay(), deliver);
        }
    }

    private TimeSpan Delay() => TimeSpan.FromMicroseconds(100) + (DelayMax * random.NextDouble());
}
