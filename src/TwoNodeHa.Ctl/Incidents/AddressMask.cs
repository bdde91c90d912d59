using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace TwoNodeHa.Ctl.Incidents;

/// <summary>
/// Puts documentation addresses (RFC 5737, RFC 3849) and MAC addresses (RFC 7042) in the place of real ones: the same one always for the
/// same one, so that what belongs together still does.
/// </summary>
internal sealed class AddressMask
{
    private static readonly string[] s_networks = ["192.0.2.", "198.51.100.", "203.0.113."];
    private readonly Dictionary<string, string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _networks = new(StringComparer.Ordinal);
    private readonly int[] _last = new int[s_networks.Length];
    private int _sixes;
    private int _macs;

    /// <summary>The text with every address replaced; addresses of the machine itself (127.0.0.0/8, ::1) and none at all (0.0.0.0, ::) stay.</summary>
    public string Of(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var end = at;
            while (end < text.Length && IsPart(text[end]))
            {
                end++;
            }

            if (end == at)
            {
                result.Append(text[at++]);
                continue;
            }

            // A word that only contains such characters is none: beta, added.
            var isWord = (at > 0 && char.IsLetterOrDigit(text[at - 1])) || (end < text.Length && char.IsLetterOrDigit(text[end]));
            result.Append(isWord ? text[at..end] : Replaced(text[at..end]));
            at = end;
        }

        return result.ToString();
    }

    private static bool IsPart(char character) => char.IsAsciiHexDigit(character) || character is '.' or ':';

    /// <summary>An address, with the port and the full stop that may be behind it.</summary>
    private string Replaced(string run)
    {
        var body = run.TrimEnd('.', ':');
        var tail = run[body.Length..];
        if (body.Count(character => character == '.') == 3)
        {
            var colon = body.IndexOf(':', StringComparison.Ordinal);
            var (host, port) = colon < 0 ? (body, "") : (body[..colon], body[colon..]);
            return IPAddress.TryParse(host, out var four) && four.AddressFamily == AddressFamily.InterNetwork ? Four(host, four) + port + tail : run;
        }

        if (body.Count(character => character == ':') == 5 && body.Split(':').All(part => part.Length == 2))
        {
            return Known(body, () => string.Create(CultureInfo.InvariantCulture, $"00:00:5e:00:53:{++_macs & 0xff:x2}")) + tail;
        }

        // "::" at an end belongs to the address.
        var whole = run.TrimEnd('.');
        return whole.Count(character => character == ':') >= 2 && IPAddress.TryParse(whole, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6
            ? Six(whole, six) + run[whole.Length..] : run;
    }

    private string Four(string text, IPAddress address) => IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) ? text : Known(text, () =>
    {
        var network = text[..(text.LastIndexOf('.') + 1)];
        if (!_networks.TryGetValue(network, out var index))
        {
            _networks[network] = index = _networks.Count % s_networks.Length;
        }

        return s_networks[index] + (1 + (_last[index]++ % 254)).ToString(CultureInfo.InvariantCulture);
    });

    private string Six(string text, IPAddress address) => IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any) ? text
        : Known(address.ToString(), () => string.Create(CultureInfo.InvariantCulture, $"2001:db8::{++_sixes:x}"));

    private string Known(string real, Func<string> make)
    {
        if (!_known.TryGetValue(real, out var mask))
        {
            _known[real] = mask = make();
        }

        return mask;
    }
}
