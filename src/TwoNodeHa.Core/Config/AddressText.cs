using System.Globalization;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>
/// Reads addresses strictly: no names, no shortened or octal forms, nothing that is not one host's address.
/// </summary>
internal static class AddressText
{
    public const int DefaultPort = 7757;

    /// <summary>Four bytes: an IPv4 address.</summary>
    public static bool IsIpv4(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var written) && written == 4;
    }

    /// <summary>An address, or null with what is wrong with it.</summary>
    public static IPAddress? Parse(string text, out string problem)
    {
        if (text.Contains('%', StringComparison.Ordinal))
        {
            problem = $"\"{text}\" names an interface, which may be another one on the other host: write a routable "
                + "or unique local address";
            return null;
        }

        if (Slips.Address(text) is { } slip)
        {
            problem = slip;
            return null;
        }

        if (!IPAddress.TryParse(text, out var address))
        {
            problem = $"\"{text}\" is not an IP address: write one like 192.0.2.11; names are not resolved, a "
                + "resolver may be down when it matters";
            return null;
        }

        // The parser of the platform reads "192.168.1" and "010.0.0.1" as something else than an admin would.
        if (IsIpv4(address) && address.ToString() != text)
        {
            problem = $"\"{text}\" is not a plain IPv4 address: write four decimal numbers without leading zeros, "
                + "like 192.0.2.11";
            return null;
        }

        problem = Unsuitable(address) ?? "";
        return problem.Length == 0 ? address : null;
    }

    /// <summary>An endpoint from <c>address</c>, <c>address:port</c>, <c>[v6]</c> or <c>[v6]:port</c>.</summary>
    public static IPEndPoint? ParseEndpoint(string text, int defaultPort, out string problem)
    {
        if (Slips.Address(text) is { } slip)
        {
            problem = slip;
            return null;
        }

        var (addressText, rest) = Halves(text, out problem);
        if (problem.Length == 0 && rest.Length == 1)
        {
            problem = $"\"{text}\" has no port after the colon: write {text}{DefaultPort}, or leave the colon out";
        }

        if (problem.Length > 0)
        {
            return null;
        }

        var portText = rest.Length > 0 ? rest[1..] : "";

        var port = defaultPort;
        if (portText.Length > 0 && !TryPort(portText, out port))
        {
            problem = $"\"{portText}\" is not a port: write a number from 1 to 65535, for example {DefaultPort}";
            return null;
        }

        return Parse(addressText, out problem) is { } address ? new IPEndPoint(address, port) : null;
    }

    /// <summary>The address, and the colon with what is behind it.</summary>
    private static (string Address, string Tail) Halves(string text, out string problem)
    {
        problem = "";
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            var rest = close < 0 ? "" : text[(close + 1)..];
            if (close < 0 || (rest.Length > 0 && rest[0] != ':'))
            {
                problem = $"\"{text}\" is not an endpoint: write [2001:db8::11] or [2001:db8::11]:{DefaultPort}";
                return ("", "");
            }

            return (text[1..close], rest);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon != text.LastIndexOf(':'))
        {
            problem = $"\"{text}\" is ambiguous: write an IPv6 address in brackets, like [2001:db8::11]:{DefaultPort}";
        }

        return colon < 0 ? (text, "") : (text[..colon], text[colon..]);
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    private static string? Unsuitable(IPAddress address)
    {
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            return $"{address} means \"any address\": write the address of this one interface";
        }

        if (address.Equals(IPAddress.Broadcast))
        {
            return $"{address} is the broadcast address: write the address of one host";
        }

        if (address.IsIPv6Multicast || (IsIpv4(address) && address.GetAddressBytes()[0] is >= 224 and <= 239))
        {
            return $"{address} is a multicast address: write the address of one host";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return $"{address} is an IPv4 address in IPv6 form: write {address.MapToIPv4()}";
        }

        return address.IsIPv6LinkLocal
            ? $"{address} is a link-local address, which needs an interface: write a routable or unique local address"
            : null;
    }
}
