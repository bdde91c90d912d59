using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Links;

/// <summary>All UDP links of this host.</summary>
internal sealed class UdpLinks : IDisposable
{
    private readonly UdpLink[] _links;

    /// <param name="config">Configuration.</param>
    /// <param name="key">Shared key.</param>
    /// <param name="sink">Where heartbeats go.</param>
    /// <param name="counters">Counts what is refused.</param>
    /// <param name="logger">Log.</param>
    /// <param name="entered">Called first of all by each receiving thread, with what it does.</param>
    public UdpLinks(LocalConfig config, byte[] key, IObservationSink sink, Counters counters, ILogger logger, Action<string>? entered = null)
    {
        var log = new RateLimitedLog(logger, TimeProvider.System);
        var enter = entered ?? (_ => { });
        _links = [.. config.Config.Links.Select((link, index) => config.SelfIndex == 0
            ? new UdpLink(index, link.Name, link.First, link.Second, key, sink, counters, log, enter)
            : new UdpLink(index, link.Name, link.Second, link.First, key, sink, counters, log, enter))];
    }

    public void Start()
    {
        foreach (var link in _links)
        {
            link.Start();
        }
    }

    /// <summary>Sends on every link, at once; what cannot be sent is lost, as a packet may be.</summary>
    public void Send(Heartbeat beat)
    {
        foreach (var link in _links)
        {
            link.Send(beat);
        }
    }

    public void Dispose()
    {
        foreach (var link in _links)
        {
            link.Stop();
        }

        foreach (var link in _links)
        {
            link.Dispose();
        }
    }
}
