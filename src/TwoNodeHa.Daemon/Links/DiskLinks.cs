using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Links;

/// <summary>All disk links of this host; none in most pools. Their indexes follow those of the UDP links.</summary>
internal sealed class DiskLinks : IDisposable
{
    private readonly int _first;
    private readonly DiskLink[] _links;

    public DiskLinks(LocalConfig config, byte[] key, IObservationSink sink, Counters counters, ILogger logger)
    {
        var log = new RateLimitedLog(logger, TimeProvider.System);
        _first = config.Config.Links.Length;
        _links = [.. config.Config.DiskLinks.Select((link, index) =>
            new DiskLink(_first + index, link, config, key, sink, counters, log, logger))];
    }

    public void Start()
    {
        foreach (var link in _links)
        {
            link.Start();
        }
    }

    /// <summary>Hands the heartbeat to every disk link; returns at once.</summary>
    public void Send(Heartbeat beat)
    {
        foreach (var link in _links)
        {
            link.Send(beat);
        }
    }

    /// <summary>The status of all links with what the disk links complain of.</summary>
    /// <param name="links">UDP links, then disk links.</param>
    public ImmutableArray<LinkStatus> WithTrouble(ImmutableArray<LinkStatus> links)
    {
        var builder = links.ToBuilder();
        for (var index = 0; index < _links.Length; index++)
        {
            builder[_first + index] = builder[_first + index] with { Trouble = _links[index].Trouble is { Length: > 0 } trouble ? trouble : null };
        }

        return builder.ToImmutable();
    }

    public void Dispose()
    {
        foreach (var link in _links)
        {
            link.Dispose();
        }
    }
}
