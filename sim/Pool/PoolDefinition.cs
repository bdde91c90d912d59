using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace TwoNodeHa.Sim.Pool;

public sealed record HostDefinition
{
    public required string Name { get; init; }

    public string Uuid { get; init; } = "";

    /// <summary>Management address; the role file and HOST_IS_SLAVE carry it.</summary>
    public required string Address { get; init; }

    /// <summary>Port of the emulated toolstack on that address (a real one has 80 and 443).</summary>
    public int Port { get; init; } = 80;

    public long MemoryMib { get; init; } = 16384;

    /// <summary>Default gateway of the management interface; empty: the host has no interface records.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>Address on a second network that both hosts have; empty for none.</summary>
    public string SecondAddress { get; init; } = "";
}

public sealed record SrDefinition
{
    public required string Name { get; init; }

    public string Uuid { get; init; } = "";

    public bool Shared { get; init; } = true;

    /// <summary>Name of the only host that sees a local SR.</summary>
    public string? Host { get; init; }
}

public sealed record VmDefinition
{
    public required string Name { get; init; }

    public string Uuid { get; init; } = "";

    public long MemoryMib { get; init; } = 1024;

    /// <summary>Host on which the VM already runs when the pool boots for the first time.</summary>
    public string? RunningOn { get; init; }

    public string HaRestartPriority { get; init; } = "";

    public int Order { get; init; }

    public int StartDelay { get; init; }

    /// <summary>VM.actions_after_shutdown: destroy or restart.</summary>
    public string ActionsAfterShutdown { get; init; } = "destroy";

    /// <summary>Name of the SR of its only disk.</summary>
    public string Sr { get; init; } = "shared";

    public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
}

/// <summary>Two hosts, their storage and VMs: what laboratory and simulator start from.</summary>
public sealed record PoolDefinition
{
    /// <summary>Goes into the command line of every emulated VM, so that a laboratory finds only its own.</summary>
    public string LabId { get; init; } = "lab";

    public string PoolName { get; init; } = "pool";

    public string RootPassword { get; init; } = "xenroot";

    public string PoolSecret { get; init; } = "pool-secret";

    public required IReadOnlyList<HostDefinition> Hosts { get; init; }

    public IReadOnlyList<SrDefinition> Srs { get; init; } = [];

    public IReadOnlyList<VmDefinition> Vms { get; init; } = [];

    public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the host that is master when the pool boots for the first time; the first one if it is none.</summary>
    public string Master { get; init; } = "";

    /// <summary>The host that is master when the pool boots for the first time.</summary>
    [JsonIgnore]
    public HostDefinition FirstMaster => Hosts.FirstOrDefault(host => host.Name == Master) ?? Hosts[0];

    [JsonIgnore]
    public string PoolUuid => UuidOf("pool", PoolName);

    /// <summary>Two hosts `a` and `b` with VMs `vm1`, `vm2`, ... spread over them.</summary>
    public static PoolDefinition Sample(int vms = 4, int portA = 80, int portB = 80) => new PoolDefinition
    {
        Hosts =
        [
            new HostDefinition { Name = "a", Address = "127.0.0.1", Port = portA },
            new HostDefinition { Name = "b", Address = "127.0.0.2", Port = portB },
        ],
        Vms = [.. Enumerable.Range(1, vms).Select(SampleVm)],
    }.Completed();

    public HostDefinition Host(string name) =>
        Hosts.FirstOrDefault(host => host.Name == name)
            ?? throw new InvalidDataException($"no host named '{name}' in the pool definition");

    public HostDefinition OtherHost(string name) => Hosts.First(host => host.Name != name);

    public SrDefinition SrOf(VmDefinition vm) => Srs.First(sr => sr.Name == vm.Sr);

    public static string VdiUuid(VmDefinition vm) => UuidOf("vdi", vm.Uuid);

    /// <summary>A uuid that depends on nothing but the names: two runs of a definition agree on every reference.</summary>
    public static string UuidOf(string kind, string name) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(kind + "/" + name)).AsSpan(0, 16)).ToString();

    /// <summary>Fills in uuids and the default SRs, and rejects what cannot be meant.</summary>
    internal PoolDefinition Completed()
    {
        PoolDefinition result = this with
        {
            Hosts = [.. Hosts.Select(h => h with { Uuid = OrDefault(h.Uuid, "host", h.Name) })],
            Srs = [.. (Srs.Count > 0 ? Srs : DefaultSrs()).Select(s => s with { Uuid = OrDefault(s.Uuid, "sr", s.Name) })],
            Vms = [.. Vms.Select(v => v with { Uuid = OrDefault(v.Uuid, "vm", v.Name) })],
        };
        result.Check();
        return result;
    }

    private void Check()
    {
        if (Hosts.Count != 2 || Hosts[0].Name == Hosts[1].Name || Hosts[0].Address == Hosts[1].Address)
        {
            throw new InvalidDataException("the pool needs exactly two hosts with different names and addresses");
        }

        foreach (VmDefinition vm in Vms)
        {
            if (Srs.All(sr => sr.Name != vm.Sr))
            {
                throw new InvalidDataException($"VM '{vm.Name}' names the unknown SR '{vm.Sr}'");
            }

            if (vm.RunningOn is not null)
            {
                Host(vm.RunningOn);
            }
        }
    }

    private IReadOnlyList<SrDefinition> DefaultSrs() =>
    [
        new SrDefinition { Name = "shared" },
        .. Hosts.Select(host => new SrDefinition { Name = "local-" + host.Name, Shared = false, Host = host.Name }),
    ];

    private static string OrDefault(string uuid, string kind, string name) =>
        uuid.Length > 0 ? uuid : UuidOf(kind, name);

    private static VmDefinition SampleVm(int number) => new()
    {
        Name = "vm" + number,
        RunningOn = number % 2 == 1 ? "a" : "b",
        HaRestartPriority = "restart",
        Order = number,
    };
}
