using System.Collections.Immutable;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[fence NAME]</c> sections and <c>[arbiter]</c>.</summary>
internal sealed class ThirdPartyReader(IniDocument document, FindingList findings)
{
    private const int FencesPerHostMax = 4;
    private const int EndpointsMax = 7;
    private const int IpmiPort = 623;
    private const int HttpsPort = 443;
    private const int EtcdPort = 2379;
    private const string PasswordKey = "password_file";
    private const string CaKey = "ca_file";
    private const string LeaseKey = "lease_seconds";

    /// <summary>All fence agents in the order of the file; both hosts have one, or none has.</summary>
    public ImmutableArray<FenceConfig> ReadFences(ImmutableArray<HostConfig> hosts)
    {
        var fences = ImmutableArray.CreateBuilder<FenceConfig>();
        var names = HostsReader.Names(document);
        names.Sort(StringComparer.Ordinal);
        IniSection? last = null;
        foreach (var section in document.Sections)
        {
            if (section.Kind == "fence")
            {
                last = section;
                if (ReadFence(section, names) is { } fence)
                {
                    fences.Add(fence);
                }
            }
        }

        if (last is not null && hosts.Length == 2)
        {
            CheckBoth(fences, hosts, last);
        }

        return fences.ToImmutable();
    }

    /// <summary>The arbiter; null when there is no such section, or it has no usable endpoint.</summary>
    public ArbiterConfig? ReadArbiter(TimingConfig timing)
    {
        if (document.Find("arbiter") is not { } section)
        {
            return null;
        }

        SchemaCheck.Keys(section, ConfigKeys.Arbiter, findings);
        var reader = new SectionReader(section, findings);
        var endpoints = ReadEndpoints(reader);
        var arbiter = new ArbiterConfig
        {
            Endpoints = endpoints,
            CaFile = File(reader, CaKey, reader.Required(CaKey, "/etc/twonodeha/etcd-ca.pem, the certificate that issued those of etcd")),
            CertificateFile = File(reader, "certificate_file"),
            KeyFile = File(reader, "key_file"),
            User = reader.Text("user") ?? "",
            PasswordFile = File(reader, PasswordKey),
            Prefix = ReadPrefix(reader),
            LeaseTime = reader.Seconds(LeaseKey, ArbiterRules.DefaultLease(timing), ArbiterConfig.LeaseMin, ArbiterConfig.LeaseMax),
        };
        CheckPairs(reader, arbiter);
        CheckLease(reader, arbiter, timing);
        return endpoints.IsEmpty ? null : arbiter;
    }

    private FenceConfig? ReadFence(IniSection section, List<string> names)
    {
        if (!HostsReader.IsName(section.Name))
        {
            findings.Error(section.Line, section.Title, "a fence agent needs a name of letters, digits, - _ .: write [fence bmc-alpha]");
            return null;
        }

        var reader = new SectionReader(section, findings);
        var agent = reader.Required("agent", "ipmi, redfish, or the path of an agent like /usr/sbin/fence_ipmilan");
        var host = HostOf(reader, names);
        if (agent is null || host < 0)
        {
            return null;
        }

        var kind = agent switch { "ipmi" => FenceKind.Ipmi, "redfish" => FenceKind.Redfish, _ => FenceKind.Program };
        if (kind == FenceKind.Program && (!agent.StartsWith('/') || agent.EndsWith('/') || agent.Contains(' ', StringComparison.Ordinal)))
        {
            reader.Error("agent", $"\"{agent}\" is not known: write ipmi, redfish, or the absolute path of a fence agent like /usr/sbin/fence_ipmilan");
            return null;
        }

        SchemaCheck.Keys(section, ConfigKeys.OfFence(kind), findings);
        var fence = Agent(reader, section.Name, host, kind, agent);
        if (kind != FenceKind.Program && fence.PasswordFile.Length == 0)
        {
            reader.Error(PasswordKey, "a board is not switched without a password: write it into a file with mode 0600 and name that file");
        }

        return fence;
    }

    private static FenceConfig Agent(SectionReader reader, string name, int host, FenceKind kind, string agent) => new()
    {
        Name = name,
        Host = host,
        Kind = kind,
        Program = kind == FenceKind.Program ? agent : "",
        Address = kind == FenceKind.Program ? null : ReadAddress(reader, kind == FenceKind.Ipmi ? IpmiPort : HttpsPort),
        User = reader.Text("user") ?? "",
        PasswordFile = File(reader, PasswordKey),
        CaFile = kind == FenceKind.Redfish
            ? File(reader, CaKey, reader.Required(CaKey, "a file with the board's certificate, or the one that issued it")) : "",
        Cipher = reader.Number("cipher", 3, 0, 17),
        Parameters = ReadParameters(reader),
        Timeout = reader.Seconds("timeout_seconds", TimeSpan.FromSeconds(20), FenceConfig.TimeoutMin, FenceConfig.TimeoutMax),
    };

    private static int HostOf(SectionReader reader, List<string> names)
    {
        if (reader.Required("host", "the name of the host whose power it switches") is not { } name)
        {
            return -1;
        }

        var index = names.IndexOf(name);
        if (index < 0)
        {
            reader.Error("host", $"there is no [host {name}]: write {string.Join(" or ", names)}");
        }

        return index;
    }

    private static IPEndPoint? ReadAddress(SectionReader reader, int port)
    {
        if (reader.Required("address", "the address of the board") is not { } text)
        {
            return null;
        }

        if (AddressText.ParseEndpoint(text, port, out var problem) is { } endpoint)
        {
            return endpoint;
        }

        reader.Error("address", problem);
        return null;
    }

    private static ImmutableSortedDictionary<string, string> ReadParameters(SectionReader reader)
    {
        var parameters = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var part in (reader.Text("parameters", emptyAllowed: true) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals > 0 ? part[..equals].Trim() : "";
            if (name.Length == 0)
            {
                reader.Error("parameters", $"\"{part}\" is not NAME=VALUE: write for example ip=192.0.2.31, plug=1");
            }
            else if (name is "action" or "password" or "passwd" or "username" or "login")
            {
                reader.Error("parameters", name == "action" ? "the action is written by the daemon: leave it out"
                    : name is "username" or "login" ? "write it as user ="
                    : "a password does not belong into this file: write it into one with mode 0600 and name that by password_file =");
            }
            else if (!parameters.TryAdd(name, part[(equals + 1)..].Trim()))
            {
                reader.Error("parameters", $"{name} is written twice: remove one");
            }
        }

        return parameters.ToImmutable();
    }

    private void CheckBoth(ImmutableArray<FenceConfig>.Builder fences, ImmutableArray<HostConfig> hosts, IniSection last)
    {
        for (var host = 0; host < hosts.Length; host++)
        {
            var count = fences.Count(fence => fence.Host == host);
            if (count > FencesPerHostMax)
            {
                findings.Error(last.Line, last.Title, $"{count} agents for {hosts[host].Name}: write at most {FencesPerHostMax}");
            }
            else if (count == 0 && fences.Count > 0)
            {
                findings.Error(last.Line, last.Title, $"no agent for {hosts[host].Name}: with fence agents silence alone gives no "
                    + "permit, so each host needs one; write a section [fence NAME] with host = " + hosts[host].Name);
            }
        }
    }

    private static ImmutableArray<IPEndPoint> ReadEndpoints(SectionReader reader)
    {
        var endpoints = ImmutableArray.CreateBuilder<IPEndPoint>();
        foreach (var text in (reader.Required("endpoints", "the addresses of the members of etcd, like 192.0.2.21:2379, 192.0.2.22:2379") ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (text.Contains("://", StringComparison.Ordinal))
            {
                reader.Error("endpoints", $"\"{text}\": write address:port without a scheme; it is always TLS");
            }
            else if (AddressText.ParseEndpoint(text, EtcdPort, out var problem) is not { } endpoint)
            {
                reader.Error("endpoints", problem);
            }
            else if (endpoints.Contains(endpoint))
            {
                reader.Error("endpoints", $"{endpoint} is written twice: remove one");
            }
            else
            {
                endpoints.Add(endpoint);
            }
        }

        if (endpoints.Count > EndpointsMax)
        {
            reader.Error("endpoints", $"{endpoints.Count} endpoints: write at most {EndpointsMax}");
        }

        return endpoints.ToImmutable();
    }

    private static string ReadPrefix(SectionReader reader)
    {
        var prefix = reader.Required("prefix", "/twonodeha/NAME-OF-THE-POOL") ?? "/";
        if (!prefix.StartsWith('/') || prefix.EndsWith('/') || prefix.Length > 200)
        {
            reader.Error("prefix", $"\"{prefix}\" is not a prefix: write one of this pool alone, like /twonodeha/ward-3, without a slash at its end");
        }

        return prefix;
    }

    private static void CheckPairs(SectionReader reader, ArbiterConfig arbiter)
    {
        if ((arbiter.CertificateFile.Length == 0) != (arbiter.KeyFile.Length == 0))
        {
            reader.Error(arbiter.KeyFile.Length == 0 ? "certificate_file" : "key_file", "a client certificate needs both certificate_file and key_file");
        }

        if ((arbiter.User.Length == 0) != (arbiter.PasswordFile.Length == 0))
        {
            reader.Error(arbiter.User.Length == 0 ? PasswordKey : "user", "a user of etcd needs both user and password_file");
        }

        if (arbiter.User.Length == 0 && arbiter.CertificateFile.Length == 0)
        {
            reader.Warning("endpoints", "neither a client certificate nor a user: whoever reaches etcd can take this pool's lease");
        }
    }

    private static void CheckLease(SectionReader reader, ArbiterConfig arbiter, TimingConfig timing)
    {
        if (arbiter.LeaseTime.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            reader.Error(LeaseKey, "etcd counts in whole seconds: write a whole number");
        }

        // A holder must be able to miss one call: it is bounded, and the next comes a spacing later.
        var usable = arbiter.LeaseTime - timing.FenceBound - timing.Margin;
        var needed = ArbiterConfig.CallBound + (2 * ArbiterConfig.Spacing);
        if (usable < needed && reader.Has(LeaseKey))
        {
            reader.Error(LeaseKey, $"{TimingRules.Text(arbiter.LeaseTime)} s less one fence ({TimingRules.Text(timing.FenceBound)} s) and the margin "
                + $"({TimingRules.Text(timing.Margin)} s) leave {TimingRules.Text(usable)} s, and one call may take {TimingRules.Text(ArbiterConfig.CallBound)} s: "
                + $"write at least {Math.Ceiling((needed + timing.FenceBound + timing.Margin).TotalSeconds):0}, or remove the line");
        }
    }

    private static string File(SectionReader reader, string key) => File(reader, key, reader.Text(key));

    private static string File(SectionReader reader, string key, string? path)
    {
        if (path is not null && (!path.StartsWith('/') || path.EndsWith('/')))
        {
            reader.Error(key, $"\"{path}\" is not an absolute path of a file");
        }

        return path ?? "";
    }
}
