using System.Globalization;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>What a path carries.</summary>
internal enum PathHealth
{
    /// <summary>Everything, both ways.</summary>
    Whole,

    /// <summary>One way only, for one host only, or not everything.</summary>
    Partly,

    /// <summary>Nothing.</summary>
    Cut,
}

/// <summary>A link or the gateway, as it is from one moment on.</summary>
/// <param name="Time">Seconds since second 0 of the run.</param>
/// <param name="Path">Name of the link, or "gateway".</param>
/// <param name="Health">In one word.</param>
/// <param name="Text">In a few.</param>
internal sealed record PathState(double Time, string Path, PathHealth Health, string Text)
{
    /// <summary>The state of every link, then of the gateway.</summary>
    public static IEnumerable<PathState> Of(VirtualWorld world, IReadOnlyList<string> links)
    {
        var (network, time) = (world.Network, (world.Elapsed - world.Origin).TotalSeconds);
        var (a, b) = (world.Hosts[0].Name, world.Hosts[1].Name);
        for (var link = 0; link < network.Links; link++)
        {
            var quality = Describe(network.Quality[link]);
            var (there, back) = (network.Carries(link, 0), network.Carries(link, 1));
            yield return (there, back) switch
            {
                (true, true) => new PathState(time, links[link], quality.Length > 0 ? PathHealth.Partly : PathHealth.Whole,
                    quality.Length > 0 ? $"{links[link]}: {quality}" : $"{links[link]} works both ways"),
                (true, false) => new PathState(time, links[link], PathHealth.Partly, $"{links[link]}: only from {a} to {b}"),
                (false, true) => new PathState(time, links[link], PathHealth.Partly, $"{links[link]}: only from {b} to {a}"),
                _ => new PathState(time, links[link], PathHealth.Cut, $"{links[link]} carries nothing between the hosts"),
            };
        }

        yield return (network.ReachesGateway(0), network.ReachesGateway(1)) switch
        {
            (true, true) => new PathState(time, "gateway", PathHealth.Whole, $"{a} and {b} reach the gateway"),
            (true, false) => new PathState(time, "gateway", PathHealth.Partly, $"only {a} reaches the gateway"),
            (false, true) => new PathState(time, "gateway", PathHealth.Partly, $"only {b} reaches the gateway"),
            _ => new PathState(time, "gateway", PathHealth.Cut, "nobody reaches the gateway"),
        };
    }

    private static string Describe(LinkQuality quality)
    {
        var parts = new List<string>();
        Share(quality.Loss, "lost");
        Share(quality.Duplicate, "twice");
        Share(quality.Reorder, "out of order");
        Time(quality.Delay, "late");
        Time(quality.Jitter, "of jitter");
        return string.Join(", ", parts);

        void Share(double share, string what)
        {
            if (share > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} % {what}"));
            }
        }

        void Time(TimeSpan time, string what)
        {
            if (time > TimeSpan.Zero)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.#} ms {what}"));
            }
        }
    }
}
