using System.Net.Sockets;
using System.Net;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// ICMP echo to the gateway addresses; to every address of the peer ICMP echo, ARP and a TCP knock, because a firewall that
/// drops one of them does not show that a kernel is dead. Reports answers; silence is no report.
/// </summary>
internal sealed class Prober : IDisposable
{
    private readonly IObservationSink _sink;
    private readonly IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> _gateways;
    private readonly IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> _peers;
    private readonly Dictionary<AddressFamily, IcmpSocket> _sockets;
    private readonly ArpSocket _arp;
    private readonly TcpKnock _tcp;

    public Prober(LocalConfig config, IMonotonicClock clock, IObservationSink sink, Counters counters, ILogger logger,
        Action<string>? entered = null)
    {
        _sink = sink;
        _gateways = [.. config.Config.Gateway.Addresses.Select((address, index) =>
            (address, (Func<Instant, Observation>)(sent => new Observation.GatewayAnswered(index, sent))))];
        var peers = PeerAddresses(config);
        _peers = [.. peers.Select(target => (target.Address,
            (Func<Instant, Observation>)(sent => new Observation.PeerAnswered($"icmp on {target.Name}", sent))))];
        var log = new RateLimitedLog(logger, TimeProvider.System);
        _sockets = _gateways.Concat(_peers).Select(target => target.Address.AddressFamily).Distinct()
            .ToDictionary(family => family, family => new IcmpSocket(family, clock, counters, log, entered ?? (_ => { })));
        void Alive(string kind, Instant sent) => sink.Post(new Observation.PeerAnswered(kind, sent));
        _arp = new ArpSocket(peers, clock, counters, log, Alive);
        _tcp = new TcpKnock(peers, clock, counters, Alive);
    }

    public void Start()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Start();
        }

        _arp.Start();
    }

    public void ProbeGateway() => Probe(_gateways);

    public void ProbePeer()
    {
        Probe(_peers);
        _arp.Probe();
        _tcp.Probe();
    }

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }

        _arp.Dispose();
        _tcp.Dispose();
    }

    private static List<PeerAddress> PeerAddresses(LocalConfig config) =>
        [.. config.Config.Links
            .Select(link => new PeerAddress((config.SelfIndex == 0 ? link.Second : link.First).Address, link.Name))
            .Append(new PeerAddress(config.Peer.Address, "management"))
            .DistinctBy(target => target.Address)];

    private void Probe(IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> targets)
    {
        foreach (var (address, answered) in targets)
        {
            _sockets[address.AddressFamily].Probe(address, sent => _sink.Post(answered(sent)));
        }
    }
}

/// <summary>An address of the peer, and the network that it is on.</summary>
internal readonly record struct PeerAddress(IPAddress Address, string Name);
