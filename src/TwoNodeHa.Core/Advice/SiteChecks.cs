using System.Collections.Immutable;
using System.Net;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What is valid in a file and still cannot be meant: the example's own values, a gateway that is none.</summary>
internal static class SiteChecks
{
    /// <summary>Networks of RFC 5737 and RFC 3849: for documentation only.</summary>
    private static readonly IPNetwork[] s_documentation =
        [IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("2001:db8::/32")];

    private static readonly Guid[] s_exampleUuids =
        [new("11111111-1111-4111-8111-111111111111"), new("22222222-2222-4222-8222-222222222222")];

    public static void Add(ImmutableArray<CheckItem>.Builder items, HaConfig config)
    {
        AddExample(items, config);
        foreach (var gateway in config.Gateway.Addresses)
        {
            AddGateway(items, config, gateway);
        }
    }

    private static void AddExample(ImmutableArray<CheckItem>.Builder items, HaConfig config)
    {
        if (config.Hosts.All(host => s_exampleUuids.Contains(host.Uuid)))
        {
            items.Add(new CheckItem("configuration", CheckGrade.Problem, "the uuids are those of ha.conf.example",
                "Write INSTALLATION_UUID of each host's /etc/xensource-inventory."));
        }

        var ends = config.Links.SelectMany(link => (IPAddress[])[link.First.Address, link.Second.Address]);
        var examples = config.Hosts.Select(host => host.Address).Concat(ends).Concat(config.Gateway.Addresses)
            .Where(address => s_documentation.Any(network => network.Contains(address))).Distinct().ToList();
        if (examples.Count > 0)
        {
            items.Add(new CheckItem("configuration", CheckGrade.Problem,
                $"{string.Join(", ", examples)}: addresses of a network for documentation, that no site has",
                "Write the addresses of this site."));
        }
    }

    private static void AddGateway(ImmutableArray<CheckItem>.Builder items, HaConfig config, IPAddress gateway)
    {
        // The configuration has no prefix lengths: /24 is assumed, as for independent links.
        if (!AddressText.IsIpv4(gateway) || IPAddress.IsLoopback(gateway))
        {
            return;
        }

        var bytes = gateway.GetAddressBytes();
        var shares = config.Hosts.Any(host => SameNetwork(host.Address, gateway))
            || config.Links.Any(link => SameNetwork(link.First.Address, gateway) || SameNetwork(link.Second.Address, gateway));
        if (shares && bytes[3] is (0 or 255))
        {
            items.Add(new CheckItem("gateway", CheckGrade.Warning, $"{gateway} is probably a network's own or its broadcast address: other hosts "
                + "may answer for it", "Write the address of the router, ip route show default."));
        }
        else if (!shares)
        {
            items.Add(new CheckItem("gateway", CheckGrade.Warning, $"{gateway} is in no network of the hosts (/24 assumed): it is reached through a router, "
                + "so it also falls silent for reasons far away, and then both hosts lose it at once",
                "Write the router itself, ip route show default."));
        }
    }

    private static bool SameNetwork(IPAddress left, IPAddress right) => AddressText.IsIpv4(left)
        && left.GetAddressBytes().AsSpan(0, 3).SequenceEqual(right.GetAddressBytes().AsSpan(0, 3));
}
