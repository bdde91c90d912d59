using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>ICMP echo to the gateway addresses and to every address of the peer. Reports answers; silence is no report.</summary>
internal sealed class IcmpProber : IDisposable
{
    private readonly IObservationSink _sink;
    private readonly IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> _gateways;
    private readonly IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> _peers;
    private readonly Dictionary<AddressFamily, IcmpSocket> _sockets;

    public IcmpProber(LocalConfig config, IMonotonicClock clock, IObservationSink sink, Counters counters, ILogger logger,
        Action<string>? entered = null)
    {
        _sink = sink;
        _gateways = [.. config.Config.Gateway.Addresses.Select((address, index) =>
            (address, (Func<Instant, Observation>)(sent => new Observation.GatewayAnswered(index, sent))))];
        _peers = PeerTargets(config);
        var log = new RateLimitedLog(logger, TimeProvider.System);
        _sockets = _gateways.Concat(_peers).Select(target => target.Address.AddressFamily).Distinct()
            .ToDictionary(family => family, family => new IcmpSocket(family, clock, counters, log, entered ?? (_ => { })));
    }

    public void Start()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Start();
        }
    }

    public void ProbeGateway() => Probe(_gateways);

    public void ProbePeer() => Probe(_peers);

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
        {
            socket.Dispose();
        }
    }

    private static List<(IPAddress Address, Func<Instant, Observation> Answered)> PeerTargets(LocalConfig config)
    {
        var named = config.Config.Links
            .Select(link => (Address: (config.SelfIndex == 0 ? link.Second : link.First).Address, Name: link.Name))
            .Append((Address: config.Peer.Address, Name: "management"))
            .DistinctBy(target => target.Address);
        return [.. named.Select(target => (target.Address,
            (Func<Instant, Observation>)(sent => new Observation.PeerAnswered($"icmp on {target.Name}", sent))))];
    }

    private void Probe(IReadOnlyList<(IPAddress Address, Func<Instant, Observation> Answered)> targets)
    {
        foreach (var (address, answered) in targets)
        {
            _sockets[address.AddressFamily].Probe(address, sent => _sink.Post(answered(sent)));
        }
    }
}
