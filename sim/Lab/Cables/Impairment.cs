using System.Collections.Immutable;
using System.Globalization;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>Some of the frames on a wire.</summary>
/// <param name="Kind">EtherType.</param>
/// <param name="Protocol">Protocol above IPv4; null for any.</param>
/// <param name="Port">Port that it is sent to; null for any.</param>
internal sealed record Traffic(ushort Kind, byte? Protocol, ushort? Port)
{
    /// <summary>Reads <c>arp</c>, <c>icmp</c>, <c>udp</c>, <c>tcp</c>, the last two also with <c>:PORT</c>.</summary>
    public static Traffic Parse(string text)
    {
        string[] words = text.Split(':', 2);
        ushort? port = words.Length == 2 ? ushort.Parse(words[1], CultureInfo.InvariantCulture) : null;
        return (words[0], port) switch
        {
            ("arp", null) => new Traffic(Frame.Arp, null, null),
            ("icmp", null) => new Traffic(Frame.Ipv4, Frame.Icmp, null),
            ("udp", _) => new Traffic(Frame.Ipv4, Frame.Udp, port),
            ("tcp", _) => new Traffic(Frame.Ipv4, Frame.Tcp, port),
            _ => throw new FormatException($"no traffic '{text}': arp, icmp, udp, tcp, udp:PORT or tcp:PORT"),
        };
    }

    /// <summary>The later parts of a datagram that was cut count by its protocol.</summary>
    public bool Has(ReadOnlySpan<byte> frame) =>
        Frame.Kind(frame) == Kind
        && (Protocol is null || Protocol == Frame.Protocol(frame))
        && (Port is null || Frame.TargetPort(frame) is not { } port || port == Port);

    public override string ToString() => (Kind == Frame.Arp, Protocol) switch
    {
        (true, _) => "arp",
        (_, Frame.Icmp) => "icmp",
        (_, Frame.Udp) => "udp" + Suffix,
        _ => "tcp" + Suffix,
    };

    private string Suffix => Port is { } port ? string.Create(CultureInfo.InvariantCulture, $":{port}") : "";
}

/// <summary>What happens to frames of one direction inside of the switch. Several may hold at once.</summary>
internal sealed record Impairment
{
    /// <summary>Sending station; <c>*</c> for any.</summary>
    public required string From { get; init; }

    /// <summary>Receiving station; <c>*</c> for any.</summary>
    public required string To { get; init; }

    /// <summary>Wire, <c>mgmt</c> or <c>cross</c>; empty for both.</summary>
    public string On { get; init; } = "";

    /// <summary>Which frames; none for all.</summary>
    public ImmutableArray<Traffic> Of { get; init; } = [];

    /// <summary>Share that is lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>Share that arrives twice, 0 to 1.</summary>
    public double Duplicate { get; init; }

    /// <summary>Share that is overtaken by what is sent in the next <see cref="Held"/>, 0 to 1.</summary>
    public double Reorder { get; init; }

    public TimeSpan Delay { get; init; }

    /// <summary>Delay is drawn evenly from this much below to this much above; order is kept.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>A SYN is answered with a reset in the name of its target, other frames are lost.</summary>
    public bool Reject { get; init; }

    /// <summary>How long a frame is held that shall be overtaken; longer than the heartbeat interval of each profile but patient.</summary>
    public static TimeSpan Held { get; } = TimeSpan.FromMilliseconds(600);

    /// <summary>
    /// Reads <c>FROM&gt;TO [mgmt|cross] [TRAFFIC,…] [loss N%] [delay Nms] [jitter Nms] [duplicate N%] [reorder N%] [reject]</c>;
    /// without any effect everything is lost.
    /// </summary>
    public static Impairment Parse(string[] words)
    {
        string[] ends = words.Length > 0 ? words[0].Split('>') : [];
        if (ends.Length != 2 || ends.Any(end => end.Length == 0))
        {
            throw new FormatException("which direction? for example 'a>b'");
        }

        var result = new Impairment { From = ends[0], To = ends[1] };
        bool hasEffect = false;
        for (int index = 1; index < words.Length; index++)
        {
            string word = words[index];
            if (word is "loss" or "delay" or "jitter" or "duplicate" or "reorder" && index + 1 < words.Length)
            {
                result = result.With(word, words[++index]);
                hasEffect = true;
            }
            else if (word == "reject")
            {
                result = result with { Reject = true };
                hasEffect = true;
            }
            else if (word is "mgmt" or "cross")
            {
                result = result with { On = word };
            }
            else
            {
                result = result with { Of = [.. word.Split(',').Select(Traffic.Parse)] };
            }
        }

        return hasEffect ? result : result with { Loss = 1 };
    }

    public bool Concerns(string wire, string from, string to, ReadOnlySpan<byte> frame)
    {
        if ((From != "*" && From != from) || (To != "*" && To != to) || (On.Length > 0 && On != wire))
        {
            return false;
        }

        if (Of.IsEmpty)
        {
            return true;
        }

        foreach (Traffic traffic in Of)
        {
            if (traffic.Has(frame))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString()
    {
        string what = string.Join(',', Of);
        string[] effects =
        [
            Share("loss", Loss), Time("delay", Delay), Time("jitter", Jitter), Share("duplicate", Duplicate),
            Share("reorder", Reorder), Reject ? "reject" : "",
        ];
        return string.Join(' ', ((string[])[$"{From}>{To}", On, what, .. effects]).Where(word => word.Length > 0));
    }

    private Impairment With(string effect, string value) => effect switch
    {
        "loss" => this with { Loss = ShareOf(value) },
        "duplicate" => this with { Duplicate = ShareOf(value) },
        "reorder" => this with { Reorder = ShareOf(value) },
        "delay" => this with { Delay = TimeOf(value) },
        _ => this with { Jitter = TimeOf(value) },
    };

    private static double ShareOf(string text) =>
        text.EndsWith('%') && double.TryParse(text[..^1], CultureInfo.InvariantCulture, out double percent) && percent is >= 0 and <= 100
            ? percent / 100
            : throw new FormatException($"'{text}' is no share: 0% to 100%");

    private static TimeSpan TimeOf(string text) =>
        text.EndsWith("ms", StringComparison.Ordinal) && double.TryParse(text[..^2], CultureInfo.InvariantCulture, out double time) && time >= 0
            ? TimeSpan.FromMilliseconds(time)
            : throw new FormatException($"'{text}' is no time: for example 50ms");

    private static string Share(string name, double share) =>
        share > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name} {share * 100:0.#}%") : "";

    private static string Time(string name, TimeSpan time) =>
        time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"{name} {time.TotalMilliseconds:0.#}ms") : "";
}
