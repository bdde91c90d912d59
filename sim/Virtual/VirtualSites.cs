using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>Ready-made sites for stories and campaigns.</summary>
public static class VirtualSites
{
    private static readonly ConcurrentDictionary<int, PoolDefinition> Pools = new();
    private static readonly ConcurrentDictionary<string, HaConfig> Parsed = new(StringComparer.Ordinal);

    /// <summary>VMs web and mail on the first host, db and files on the second, one shared SR.</summary>
    public static PoolDefinition Pool(HaConfig? config = null, int memoryMib = 16384) => config is null
        ? Pools.GetOrAdd(memoryMib, static memory => Build(null, memory))
        : Build(config, memoryMib);

    private static PoolDefinition Build(HaConfig? config, int memoryMib)
    {
        var (first, second) = config is null ? ("a", "b") : (config.Hosts[0].Name, config.Hosts[1].Name);
        return new PoolDefinition
        {
            Hosts = config is null
                ?
                [
                    new HostDefinition { Name = "a", Address = "192.0.2.11", MemoryMib = memoryMib },
                    new HostDefinition { Name = "b", Address = "192.0.2.12", MemoryMib = memoryMib },
                ]
                : [.. config.Hosts.Select(host => new HostDefinition
                {
                    Name = host.Name, Uuid = host.Uuid.ToString(), Address = host.Address.ToString(), MemoryMib = memoryMib,
                })],
            Vms =
            [
                new VmDefinition { Name = "web", RunningOn = first, HaRestartPriority = "restart" },
                new VmDefinition { Name = "mail", RunningOn = first, HaRestartPriority = "restart", Order = 1 },
                new VmDefinition { Name = "db", RunningOn = second, HaRestartPriority = "restart" },
                new VmDefinition { Name = "files", RunningOn = second, HaRestartPriority = "best-effort" },
            ],
        }.Completed();
    }

    /// <summary>The configuration of that site, read by the daemon's own parser.</summary>
    public static HaConfig Config(PoolDefinition pool, string profile = "balanced", bool crossover = false) =>
        Config(pool, profile, crossover ? 2 : 1, new Dictionary<string, string>(), "device");

    /// <summary>The configuration of that site with choices of its own.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="profile">Timing profile.</param>
    /// <param name="links">1 or 2.</param>
    /// <param name="choices">Further keys, as <c>section.key</c>, or of [policy] when they name no section.</param>
    /// <param name="watchdog">device or none.</param>
    /// <exception cref="FormatException">The daemon's parser refuses it; the message has its findings.</exception>
    public static HaConfig Config(PoolDefinition pool, string profile, int links, IReadOnlyDictionary<string, string> choices, string watchdog)
    {
        var text = Text(pool, profile, links, choices, watchdog);
#if MUTANTS
        text += $"# mutant {Core.Mutant.Active}\n";
#endif
        if (Parsed.TryGetValue(text, out var known))
        {
            return known;
        }

        var result = ConfigParser.Parse("ha.conf", text);
        var config = result.Config ?? throw new FormatException(string.Join("; ", result.Findings.Select(finding => finding.ToString())));
        return Parsed.GetOrAdd(text, config);
    }

    /// <summary>That configuration as it would stand in its file.</summary>
    internal static string Text(PoolDefinition pool, string profile, int links, IReadOnlyDictionary<string, string> choices, string watchdog)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"profile = {profile}\n");
        foreach (var host in pool.Hosts)
        {
            text.Append(CultureInfo.InvariantCulture, $"[host {host.Name}]\nuuid = {host.Uuid}\naddress = {host.Address}\n");
        }

        string[] names = ["mgmt", "crossover"];
        for (var link = 0; link < links; link++)
        {
            text.Append(CultureInfo.InvariantCulture, $"[link {names[link]}]\n");
            for (var host = 0; host < 2; host++)
            {
                var address = link == 0 ? pool.Hosts[host].Address : $"198.51.100.{host + 11}";
                text.Append(CultureInfo.InvariantCulture, $"{pool.Hosts[host].Name} = {address}\n");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"[gateway]\naddresses = 192.0.2.1\n[watchdog]\ndevice = {(watchdog == "none" ? "none" : "/dev/watchdog")}\n");
        foreach (var section in choices.GroupBy(pair => pair.Key.Contains('.', StringComparison.Ordinal) ? pair.Key.Split('.')[0] : "policy"))
        {
            text.Append(CultureInfo.InvariantCulture, $"[{section.Key}]\n");
            foreach (var (key, value) in section)
            {
                text.Append(CultureInfo.InvariantCulture, $"{key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..]} = {value}\n");
            }
        }

        return text.ToString();
    }
}
