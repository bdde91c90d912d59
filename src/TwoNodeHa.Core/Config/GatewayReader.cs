using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[gateway]</c> section.</summary>
internal sealed class GatewayReader(IniDocument document, FindingList findings, AddressBook addresses)
{
    private const int AddressesMax = 8;

    private readonly SectionReader _reader = new(document.Find("gateway"), findings);

    public GatewayConfig Read(TimingProfile profile)
    {
        if (document.Find("gateway") is null)
        {
            findings.Error(
                0, "gateway", "the section is missing: write [gateway] with addresses = the router that both "
                    + "hosts use");
        }

        var list = ReadAddresses();
        var errors = findings.Errors;
        var gateway = new GatewayConfig
        {
            Addresses = list,
            Require = ReadRequire(list.Length),
            ProbeInterval = _reader.Seconds("probe_interval_seconds", profile.ProbeInterval, 0.1, 5),
            Timeout = _reader.Seconds("timeout_seconds", profile.GatewayTimeout, 0.5, 300),
            YieldAfter = _reader.Seconds("yield_after_seconds", profile.YieldAfter, 1, 600),
        };
        if (findings.Errors == errors && gateway.Timeout < 3 * gateway.ProbeInterval)
        {
            _reader.Error(
                _reader.Has("timeout_seconds") ? "timeout_seconds" : "probe_interval_seconds",
                $"the timeout of {TimingRules.Text(gateway.Timeout)} s leaves less than three probes of "
                + $"{TimingRules.Text(gateway.ProbeInterval)} s: write a timeout of at least "
                + $"{TimingRules.Text(3 * gateway.ProbeInterval)}, or probe more often");
        }

        return gateway;
    }

    private ImmutableArray<IPAddress> ReadAddresses()
    {
        if (_reader.Required("addresses", "192.0.2.1") is not { } text)
        {
            return [];
        }

        var list = ImmutableArray.CreateBuilder<IPAddress>();
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (AddressText.Parse(word, out var problem) is not { } address)
            {
                _reader.Error(
                    "addresses", word.Length == 0 ? "an address is missing beside a comma: write a, b, c" : problem);
            }
            else if (list.Contains(address))
            {
                _reader.Error("addresses", $"{address} is written twice and would count twice: remove one");
            }
            else
            {
                list.Add(address);
                addresses.AddGateway(address, _reader.LineOf("addresses"), _reader.PathOf("addresses"));
            }
        }

        if (list.Count > AddressesMax)
        {
            _reader.Error("addresses", $"{list.Count} addresses: write at most {AddressesMax}");
        }

        return list.ToImmutable();
    }

    private int ReadRequire(int count)
    {
        switch (_reader.Text("require"))
        {
            case null or "any":
                return 1;
            case "all":
                return Math.Max(1, count);
            case var text:
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1
                    && (number <= count || count == 0))
                {
                    return number;
                }

                _reader.Error("require", $"\"{text}\" is not possible: write any, all, or a number from 1 to "
                    + $"{Math.Max(1, count)}");
                return 1;
        }
    }
}
