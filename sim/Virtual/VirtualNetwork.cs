using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>How well a link carries what it carries. Shares are 0 to 1.</summary>
public sealed class LinkQuality
{
    public double Loss { get; set; }

    public double Duplicate { get; set; }

    /// <summary>Share of packets that are held back long enough for later ones to pass them.</summary>
    public double Reorder { get; set; }

    public TimeSpan Delay { get; set; }

    public TimeSpan Jitter { get; set; }

    public bool IsPerfect => Loss <= 0 && Duplicate <= 0 && Reorder <= 0 && Delay == TimeSpan.Zero && Jitter == TimeSpan.Zero;

    public void Heal()
    {
        (Loss, Duplicate, Reorder) = (0, 0, 0);
        (Delay, Jitter) = (TimeSpan.Zero, TimeSpan.Zero);
    }
}

/// <summary>
/// Switch, cables, gateway, optional crossover and the storage network of the two hosts 0 and 1. A path over the switch
/// needs the sender's port outwards and the receiver's port inwards; a dropped direction is a fault behind the switch.
/// </summary>
public sealed class VirtualNetwork
{
    /// <summary>One way over a healthy wire.</summary>
    public static readonly TimeSpan Wire = TimeSpan.FromMicroseconds(500);

    private readonly VirtualScheduler _scheduler;
    private readonly Random _random;
    private readonly bool[] _out = [true, true];
    private readonly bool[] _in = [true, true];
    private readonly bool[] _hidden = new bool[2];
    private readonly bool[,] _drop;

    public VirtualNetwork(VirtualScheduler scheduler, Random random, int links)
    {
        _scheduler = scheduler;
        _random = random;
        _drop = new bool[links, 2];
        Quality = [.. Enumerable.Range(0, links).Select(_ => new LinkQuality())];
    }

    /// <summary>Told after every change: a checker of assumptions looks again.</summary>
    public event Action? Changed;

    /// <summary>The newest change was of the gateway, or of a host's sight of it, alone.</summary>
    public bool ChangeWasOfGateway { get; private set; }

    public int Links => Quality.Count;

    /// <summary>Per link; the gateway is reached over link 0's.</summary>
    public IReadOnlyList<LinkQuality> Quality { get; }

    public bool Gateway { get; private set; } = true;

    public bool Switch { get; private set; } = true;

    /// <summary>The crossover cable is plugged in.</summary>
    public bool Crossover { get; private set; } = true;

    /// <summary>Nothing is broken and nothing is lost, late or twice.</summary>
    public bool IsPerfect => Gateway && Switch && (Links == 1 || Crossover) && _out[0] && _out[1] && _in[0] && _in[1]
        && !_hidden[0] && !_hidden[1] && Quality.All(quality => quality.IsPerfect) && !AnyDrop();

    public void SetGateway(bool up) => Set(() => Gateway = up, gateway: true);

    public void SetSwitch(bool up) => Set(() => Switch = up);

    public void SetCrossover(bool up) => Set(() => Crossover = up);

    /// <summary>The gateway does not answer this host, although its port works (a filter, a full table).</summary>
    public void HideGateway(int host, bool hidden) => Set(() => _hidden[host] = hidden, gateway: true);

    /// <summary>Both directions of a host's management port.</summary>
    public void Cable(int host, bool up) => Set(() => (_out[host], _in[host]) = (up, up));

    /// <summary>One direction of a host's management port.</summary>
    public void Port(int host, bool outwards, bool up) => Set(() => (outwards ? _out : _in)[host] = up);

    /// <summary>Drops everything that <paramref name="from"/> sends to the other host on a link.</summary>
    public void Drop(int link, int from, bool dropped) => Set(() => _drop[link, from] = dropped);

    /// <summary>Everything works again.</summary>
    public void Heal() => Set(() =>
    {
        Gateway = Switch = Crossover = true;
        for (var host = 0; host < 2; host++)
        {
            _out[host] = _in[host] = true;
            _hidden[host] = false;
        }

        Array.Clear(_drop);
        foreach (var quality in Quality)
        {
            quality.Heal();
        }
    });

    /// <summary>A packet on a link would arrive, if it is not lost.</summary>
    public bool Carries(int link, int from) => !_drop[link, from]
        && (link == 0 ? Switch && _out[from] && _in[1 - from] : Crossover);

    /// <summary>The host's management port sends, and receives.</summary>
    public (bool Sends, bool Receives) PortOf(int host) => (_out[host], _in[host]);

    /// <summary>The host's network card sees a carrier: a plugged cable and a switch with power.</summary>
    public bool HasCarrier(int host) => Switch && (_out[host] || _in[host]);

    /// <summary>Both reach the gateway, and no link carries both ways: what assumption A1 excludes.</summary>
    public bool BreaksA1 => ReachesGateway(0) && ReachesGateway(1) && !HostsHearEachOther();

    /// <summary>What is cut, to be put back.</summary>
    public Action Remember()
    {
        var (gateway, @switch, crossover) = (Gateway, Switch, Crossover);
        var (@out, @in, hidden, drop) = ((bool[])_out.Clone(), (bool[])_in.Clone(), (bool[])_hidden.Clone(), (bool[,])_drop.Clone());
        return () => Set(() =>
        {
            (Gateway, Switch, Crossover) = (gateway, @switch, crossover);
            @out.CopyTo(_out, 0);
            @in.CopyTo(_in, 0);
            hidden.CopyTo(_hidden, 0);
            Array.Copy(drop, _drop, drop.Length);
        });
    }

    /// <summary>Some link carries both ways.</summary>
    public bool HostsHearEachOther()
    {
        for (var link = 0; link < Links; link++)
        {
            if (Carries(link, 0) && Carries(link, 1))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The gateway can be reached and can answer.</summary>
    public bool ReachesGateway(int host) => Gateway && Switch && _out[host] && _in[host] && !_hidden[host];

    /// <summary>Delivers after the delay of the link, unless the path is cut or the packet is lost; perhaps twice.</summary>
    public void Send(int link, bool carries, Action deliver)
    {
        if (!carries)
        {
            return;
        }

        var quality = Quality[link];
        if (quality.IsPerfect)
        {
            _scheduler.After(Wire, deliver);
            return;
        }

        if (quality.Loss > 0 && _random.NextDouble() < quality.Loss)
        {
            return;
        }

        _scheduler.After(Draw(quality), deliver);
        if (quality.Duplicate > 0 && _random.NextDouble() < quality.Duplicate)
        {
            _scheduler.After(Draw(quality), deliver);
        }
    }

    private TimeSpan Draw(LinkQuality quality)
    {
        var time = Wire + quality.Delay + (quality.Jitter * _random.NextDouble());
        return quality.Reorder > 0 && _random.NextDouble() < quality.Reorder ? time + (TimeSpan.FromSeconds(3) * _random.NextDouble()) : time;
    }

    private bool AnyDrop()
    {
        foreach (var dropped in _drop)
        {
            if (dropped)
            {
                return true;
            }
        }

        return false;
    }

    private void Set(Action change, bool gateway = false)
    {
        change();
        ChangeWasOfGateway = gateway;
        Changed?.Invoke();
    }
}
