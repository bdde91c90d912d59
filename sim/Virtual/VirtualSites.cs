using System.Collections.Immutable;
using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>Ready-made sites for stories and campaigns.</summary>
public static class VirtualSites
{
    /// <summary>Hosts a and b, VMs web and mail on a, db and files on b, one SR.</summary>
    public static PoolDefinition Pool() => new PoolDefinition
    {
        Hosts =
        [
            new HostDefinition { Name = "a", Address = "192.0.2.11", MemoryMib = 16384 },
            new HostDefinition { Name = "b", Address = "192.0.2.12", MemoryMib = 16384 },
        ],
        Vms =
        [
            new VmDefinition { Name = "web", RunningOn = "a", HaRestartPriority = "restart" },
            new VmDefinition { Name = "mail", RunningOn = "a", HaRestartPriority = "restart", Order = 1 },
            new VmDefinition { Name = "db", RunningOn = "b", HaRestartPriority = "restart" },
            new VmDefinition { Name = "files", RunningOn = "b", HaRestartPriority = "best-effort" },
        ],
    }.Completed();

    /// <summary>The configuration of that site.</summary>
    public static HaConfig Config(PoolDefinition pool, string profile = "balanced", bool crossover = false)
    {
        var fast = profile == "fast";
        var links = ImmutableArray.Create(new LinkConfig("mgmt", Endpoint("192.0.2.11"), Endpoint("192.0.2.12")));
        if (crossover)
        {
            links = links.Add(new LinkConfig("crossover", Endpoint("198.51.100.1"), Endpoint("198.51.100.2")));
        }

        return new HaConfig
        {
            Hosts = [.. pool.Hosts.Select(host => new HostConfig(host.Name, Guid.Parse(host.Uuid), IPAddress.Parse(host.Address)))],
            Links = links,
            Gateway = new GatewayConfig
            {
                Addresses = [IPAddress.Parse("192.0.2.1")],
                Require = 1,
                ProbeInterval = TimeSpan.FromSeconds(fast ? 0.25 : 0.5),
                Timeout = TimeSpan.FromSeconds(fast ? 2.5 : 5),
            },
            Timing = new TimingConfig
            {
                Profile = profile,
                HeartbeatInterval = TimeSpan.FromSeconds(fast ? 0.5 : 1),
                LossesTolerated = 4,
                StallTolerance = TimeSpan.FromSeconds(fast ? 0.3 : 0.5),
                KillBound = TimeSpan.FromSeconds(fast ? 2 : 4),
                ClockDriftPpm = 500,
                Margin = TimeSpan.FromSeconds(fast ? 0.2 : 0.5),
                StaggerTolerance = TimeSpan.Zero,
                TakeoverDelay = TimeSpan.FromSeconds(fast ? 5.005 : 10.01),
                FixedWatchdog = TimeSpan.Zero,
            },
            Policy = new PolicyConfig(),
            Watchdog = new WatchdogConfig(WatchdogKind.Device, "/dev/watchdog"),
            Paths = new PathsConfig(),
            Tools = new ToolsConfig(),
        };
    }

    private static IPEndPoint Endpoint(string address) => new(IPAddress.Parse(address), 7757);
}
