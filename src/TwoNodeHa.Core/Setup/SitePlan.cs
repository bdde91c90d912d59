using System.Collections.Immutable;
using System.Net;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Setup;

/// <summary>What an administrator says that cannot be read anywhere.</summary>
public sealed record SiteWishes
{
    /// <summary>Gateways to probe; empty: the default gateway of the management networks.</summary>
    public ImmutableArray<string> Gateways { get; init; } = [];

    /// <summary>Settings of HA-Lizard that were translated.</summary>
    public LizardImport? Lizard { get; init; }

    /// <summary>This host has a watchdog device.</summary>
    public bool HasWatchdog { get; init; } = true;
}

/// <summary>A host of the plan, with a name that a configuration takes.</summary>
/// <param name="Name">Name.</param>
/// <param name="Uuid">host.uuid.</param>
/// <param name="Address">Management address.</param>
public sealed record PlannedHost(string Name, Guid Uuid, IPAddress Address);

/// <summary>A link of the plan.</summary>
/// <param name="Name">Name.</param>
/// <param name="First">Address of the first host.</param>
/// <param name="Second">Address of the second host.</param>
public sealed record PlannedLink(string Name, IPAddress First, IPAddress Second);

/// <summary>What a configuration of this pool says, from what the toolstack knows. Pure.</summary>
public sealed record SitePlan
{
    private const string DiskDrivers = " nfs ext smb cephfs glusterfs moosefs xfs gfs2 file ";

    /// <summary>The two hosts, this one first.</summary>
    public required ImmutableArray<PlannedHost> Hosts { get; init; }

    /// <summary>Links, the management network first.</summary>
    public required ImmutableArray<PlannedLink> Links { get; init; }

    /// <summary>Gateways to probe.</summary>
    public required ImmutableArray<IPAddress> Gateways { get; init; }

    /// <summary>Shared repositories for disks, plugged on both hosts.</summary>
    public ImmutableArray<Repository> Shared { get; init; } = [];

    /// <summary>A path for a slot on shared storage; empty where no repository has files.</summary>
    public string DiskLink { get; init; } = "";

    /// <summary>What the administrator said.</summary>
    public required SiteWishes Wishes { get; init; }

    /// <summary>What works, at a price.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    /// <summary>Why nothing can be set up here, each with what to do; empty when something can.</summary>
    public static ImmutableArray<string> Refusals(PoolFacts facts)
    {
        var refusals = ImmutableArray.CreateBuilder<string>();
        if (facts.Hosts.Length != 2)
        {
            refusals.Add($"the pool has {facts.Hosts.Length} host{(facts.Hosts.Length == 1 ? "" : "s")}, this is HA for exactly two: "
                + (facts.Hosts.Length < 2 ? "join the second one first (xe pool-join)" : "for more the platform's own HA is the right one"));
        }
        else if (facts.Hosts.All(host => host.Uuid != facts.Self))
        {
            refusals.Add($"this host ({facts.Self}) is none of the pool's: its inventory and the toolstack's database disagree");
        }

        if (facts.NativeHa)
        {
            refusals.Add("the platform's own HA is on: two HA managers at once corrupt disks. Switch it off first: xe pool-ha-disable");
        }

        if (LizardSettings.IsEnabled(facts.OtherConfig))
        {
            refusals.Add("HA-Lizard is enabled in the pool: ha-cfg ha-disable, then stop and disable ha-lizard-watchdog and ha-lizard on both hosts "
                + "(docs/from-ha-lizard.md)");
        }

        if (!facts.OtherHa.IsEmpty)
        {
            refusals.Add($"{string.Join(", ", facts.OtherHa)} runs on this host: stop and disable it first, on both hosts");
        }

        return refusals.ToImmutable();
    }

    /// <summary>The plan; null, with the reason, when something that is needed cannot be read.</summary>
    /// <param name="facts">A pool without <see cref="Refusals"/>.</param>
    /// <param name="wishes">What the administrator said.</param>
    /// <param name="trouble">Why there is no plan.</param>
    public static SitePlan? Of(PoolFacts facts, SiteWishes wishes, out string trouble)
    {
        ImmutableArray<HostInPool> ordered = [.. facts.Hosts.OrderBy(host => host.Uuid == facts.Self ? 0 : 1)];
        var names = Names(ordered);
        var hosts = ImmutableArray.CreateBuilder<PlannedHost>();
        for (var index = 0; index < ordered.Length; index++)
        {
            if (!IPAddress.TryParse(ordered[index].Address, out var address))
            {
                trouble = $"the toolstack knows no management address of {names[index]} ('{ordered[index].Address}')";
                return null;
            }

            hosts.Add(new PlannedHost(names[index], ordered[index].Uuid, address));
        }

        if (GatewaysOf(facts, wishes, out trouble) is not { } gateways)
        {
            return null;
        }

        var links = LinksOf(facts, hosts.ToImmutable());
        ImmutableArray<Repository> shared = [.. facts.Repositories.Where(one => one is { IsForDisks: true, IsShared: true }
            && facts.Hosts.All(host => one.Hosts.Contains(host.Uuid)))];
        var files = shared.FirstOrDefault(one => DiskDrivers.Contains($" {one.Type} ", StringComparison.Ordinal));
        return new SitePlan
        {
            Hosts = hosts.ToImmutable(),
            Links = links,
            Gateways = gateways,
            Shared = shared,
            DiskLink = files is null ? "" : $"/run/sr-mount/{files.Uuid}/twonodeha",
            Wishes = wishes,
            Remarks = RemarksOn(links, shared, wishes),
        };
    }

    private static ImmutableArray<string> RemarksOn(ImmutableArray<PlannedLink> links, ImmutableArray<Repository> shared, SiteWishes wishes)
    {
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (links.Length == 1)
        {
            remarks.Add("there is one network that both hosts have an address on: a cut wire and a dead host look the same. A cable from NIC to NIC "
                + "with addresses of its own is the cheapest step to more safety; give both ends an address and run init again with --force");
        }

        if (shared.IsEmpty)
        {
            remarks.Add("no shared storage is plugged on both hosts: a VM with a local disk cannot start on the other host");
        }

        if (!wishes.HasWatchdog)
        {
            remarks.Add("no watchdog device was found and xen_wdt could not be loaded: 'device = none' was written, and a host that hangs is not reset");
        }

        if (wishes.Gateways.IsEmpty)
        {
            remarks.Add("the gateway is the router of the management network. Better is what your users come through; more than one may be named: --gateway A,B");
        }

        return remarks.ToImmutable();
    }

    private static ImmutableArray<IPAddress>? GatewaysOf(PoolFacts facts, SiteWishes wishes, out string trouble)
    {
        var texts = !wishes.Gateways.IsEmpty ? wishes.Gateways
            : [.. facts.Addresses.Where(address => address is { IsManagement: true, Gateway.Length: > 0 }).Select(address => address.Gateway).Distinct()];
        var gateways = ImmutableArray.CreateBuilder<IPAddress>();
        foreach (var text in texts)
        {
            if (AddressText.Parse(text.Trim(), out var problem) is not { } address)
            {
                trouble = $"--gateway: {problem}";
                return null;
            }

            gateways.Add(address);
        }

        trouble = gateways.Count > 0 ? "" : "the management network has no default gateway: name one to eight addresses outside the pool that answer ping and "
            + "fail when a host is cut off, a router or a managed switch: --gateway ADDRESS";
        return gateways.Count > 0 ? gateways.ToImmutable() : null;
    }

    /// <summary>Each network on which both hosts have an address; the first one between the management addresses.</summary>
    private static ImmutableArray<PlannedLink> LinksOf(PoolFacts facts, ImmutableArray<PlannedHost> hosts)
    {
        var links = ImmutableArray.CreateBuilder<PlannedLink>();
        links.Add(new PlannedLink("mgmt", hosts[0].Address, hosts[1].Address));
        foreach (var own in facts.Addresses.Where(address => address.Host == hosts[0].Uuid && !address.IsManagement).OrderBy(address => address.Device))
        {
            var other = facts.Addresses.FirstOrDefault(address => address.Host == hosts[1].Uuid && address.Network == own.Network && !address.IsManagement);
            if (links.Count < 8 && IsIpv4(own.Address, out var first) && IsIpv4(other?.Address, out var second)
                && !links.Any(link => link.First.Equals(first) || link.Second.Equals(second)))
            {
                links.Add(new PlannedLink(IsName(own.Device) ? own.Device : $"link{links.Count + 1}", first, second));
            }
        }

        return links.ToImmutable();
    }

    private static bool IsIpv4(string? text, out IPAddress address)
    {
        var parsed = IPAddress.TryParse(text, out var known) && AddressText.IsIpv4(known);
        address = known ?? IPAddress.None;
        return parsed;
    }

    /// <summary>The first label of each host's name, as far as a configuration takes it; else alpha and beta.</summary>
    private static ImmutableArray<string> Names(ImmutableArray<HostInPool> hosts)
    {
        ImmutableArray<string> names = [.. hosts.Select(host => host.Name.Split('.')[0].ToLowerInvariant())];
        return names.All(IsName) && names.Distinct().Count() == names.Length ? names : ["alpha", "beta"];
    }

    private static bool IsName(string name) => HostsReader.IsName(name) && name is not ("port" or "disk" or "mgmt");
}
