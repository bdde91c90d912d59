using System.Globalization;

namespace TwoNodeHa.Sim.Lab;

/// <summary>The faults of a chaos round that are the network's.</summary>
internal sealed class WireChaos(LabNetwork network, int seed)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.3);

    private readonly Random _random = new(seed);

    /// <summary>Strikes; false when it is no fault of the network.</summary>
    public bool Strike(ChaosFault fault)
    {
        string host = fault.Host;
        string other = host == "a" ? "b" : "a";
        switch (fault.Kind)
        {
            case ChaosKind.Cable:
                network.Cut(host);
                break;
            case ChaosKind.OneWay:
                network.Drop(host, other);
                break;
            case ChaosKind.PortOneWay:
                network.Impair($"{host}>{other} udp:7757");
                break;
            case ChaosKind.Loss:
                BothWays(string.Create(CultureInfo.InvariantCulture, $"loss {Share(20, 70)}%"));
                break;
            case ChaosKind.Delay:
                network.Impair(string.Create(CultureInfo.InvariantCulture, $"*>{host} delay {Share(20, 250)}ms jitter {Share(0, 150)}ms"));
                break;
            case ChaosKind.Disorder:
                BothWays(string.Create(CultureInfo.InvariantCulture, $"duplicate {Share(10, 60)}% reorder {Share(10, 40)}%"));
                break;
            case ChaosKind.PortClosed:
                network.Cut(host);
                Thread.Sleep(Moment);
                network.SpanningTree = TimeSpan.FromSeconds(fault.For);
                network.Plug(host);
                network.SpanningTree = TimeSpan.Zero;
                break;
            case ChaosKind.Bond:
                network.BondFailover = TimeSpan.FromSeconds(fault.For);
                network.Cut(host + (_random.Next(2) + 1).ToString(CultureInfo.InvariantCulture));
                break;
            case ChaosKind.Mislearned:
                network.Mislearn(host, TimeSpan.FromSeconds(fault.For));
                break;
            case ChaosKind.Split:
                network.Split(true);
                break;
            case ChaosKind.Gateway or ChaosKind.GatewayBlink:
                network.GatewayAnswers(false);
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>What ends by itself; the rest lasts to the end of the round.</summary>
    public void EndOf(ChaosFault fault)
    {
        if (fault.Kind == ChaosKind.GatewayBlink)
        {
            network.GatewayAnswers(true);
        }
    }

    /// <summary>All is well; may be said of what is.</summary>
    public void Heal()
    {
        network.Undrop();
        network.Split(false);
        network.GatewayAnswers(true);
        network.Plug("a");
        network.Plug("b");
    }

    private void BothWays(string effect)
    {
        network.Impair("a>b " + effect);
        network.Impair("b>a " + effect);
    }

    private int Share(int from, int to) => _random.Next(from, to + 1);
}
