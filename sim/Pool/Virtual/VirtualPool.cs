using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Virtual;

/// <summary>One host of a virtual pool: power, disk, hypervisor, toolstack.</summary>
public sealed class VirtualHost : IHostPower
{
    private readonly VirtualPool _pool;

    internal VirtualHost(VirtualPool pool, HostDefinition definition, int seed)
    {
        _pool = pool;
        Definition = definition;
        Domains = new VirtualDomains(pool.Scheduler);
        Toolstack = new Toolstack(new ToolstackSetup
        {
            Pool = pool.Definition,
            HostName = definition.Name,
            Scheduler = pool.Scheduler,
            Timings = pool.Timings,
            Disk = Disk,
            Domains = Domains,
            Storage = pool.Storage,
            Peer = pool.Network.For(definition.Name),
            Power = this,
            Seed = seed,
            Log = pool.Record,
        });
        pool.Network.Attach(definition.Name, definition.Address, () => Powered, Toolstack.CallAsync);
    }

    public HostDefinition Definition { get; }

    public MemoryDisk Disk { get; } = new();

    public VirtualDomains Domains { get; }

    public Toolstack Toolstack { get; }

    public bool Powered { get; private set; }

    /// <summary>Whether the toolstack starts by itself at boot; a daemon may want to do that.</summary>
    public bool ToolstackAtBoot { get; set; } = true;

    /// <summary>How long after a reset the host is up again; null: it stays off.</summary>
    public TimeSpan? BootTime { get; set; }

    /// <summary>Told after the host came up and after it lost power.</summary>
    public event Action<VirtualHost>? PowerChanged;

    public void PowerOn()
    {
        if (Powered)
        {
            return;
        }

        Powered = true;
        if (Toolstack.Install())
        {
            Toolstack.CreateInitialVms();
        }

        _pool.Record(new PoolEvent(Definition.Name, "power_on", []));
        if (ToolstackAtBoot)
        {
            Toolstack.Start();
        }

        PowerChanged?.Invoke(this);
    }

    /// <summary>Power loss, watchdog, fence: everything on the host ends at this instant, locks stay behind.</summary>
    public void PowerOff()
    {
        if (!Powered)
        {
            return;
        }

        Powered = false;
        Domains.PowerLoss();
        Toolstack.PowerLoss();
        _pool.Record(new PoolEvent(Definition.Name, "power_off", []));
        PowerChanged?.Invoke(this);
    }

    public void Reset()
    {
        PowerOff();
        if (BootTime is { } bootTime)
        {
            _pool.Scheduler.After(bootTime, PowerOn);
        }
    }

    /// <summary>A call over the host's unix socket, as the daemon on it makes.</summary>
    public Task<CallReply> CallAsync(string method, params JsonNode?[] parameters) =>
        Toolstack.CallAsync(CallOrigin.Unix, method, new JsonArray(parameters));
}

/// <summary>A two-host pool in virtual time; same definition, timings and seed give the same run.</summary>
public sealed class VirtualPool
{
    public VirtualPool(VirtualScheduler scheduler, PoolDefinition definition, ToolstackTimings timings, int seed)
    {
        Scheduler = scheduler;
        Definition = definition;
        Timings = timings;
        Network = new VirtualNetwork(scheduler, timings.ConnectLimit);
        Hosts = [.. definition.Hosts.Select((host, index) => new VirtualHost(this, host, unchecked((seed * 31) + index)))];
    }

    public VirtualScheduler Scheduler { get; }

    public PoolDefinition Definition { get; }

    public ToolstackTimings Timings { get; }

    public VirtualStorage Storage { get; } = new();

    public VirtualNetwork Network { get; }

    public IReadOnlyList<VirtualHost> Hosts { get; }

    /// <summary>Everything that happened, with its time.</summary>
    public IList<string> Events { get; } = [];

    public event Action<PoolEvent>? Happened;

    public VirtualHost Host(string name) => Hosts.First(host => host.Definition.Name == name);

    public void PowerOnAll()
    {
        foreach (VirtualHost host in Hosts)
        {
            host.PowerOn();
        }
    }

    internal void Record(PoolEvent happened)
    {
        Events.Add($"{Scheduler.Now} {happened}");
        Happened?.Invoke(happened);
    }
}
