using TwoNodeHa.Sim.Machine.Iscsi;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;
using TwoNodeHa.Sim.Xapi;

namespace TwoNodeHa.Sim.Machine;

/// <summary>How to set up one emulated host.</summary>
internal sealed record NodeOptions
{
    public required PoolDefinition Pool { get; init; }

    public required string HostName { get; init; }

    public required HostDirectory Directory { get; init; }

    public ToolstackTimings Timings { get; init; } = ToolstackTimings.Fast;

    public bool ToolstackAtBoot { get; init; } = true;

    public IReadOnlyList<string> Daemon { get; init; } = [];

    /// <summary>Command that holds the toolstack back at a boot after the first (the boot guard's unit); empty: none.</summary>
    public IReadOnlyList<string> BootGuard { get; init; } = [];

    /// <summary>RestartSec of the daemon's unit; null: never.</summary>
    public TimeSpan? DaemonRestart { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The SAN; null: the VMs write nowhere.</summary>
    public SanAddress? San { get; init; }

    public TextWriter? Console { get; init; }

    public int Seed { get; init; } = Environment.ProcessId;

    /// <summary>What the end of the host means: a process of its own exits, a playground stops one of its two.</summary>
    public required Action<int> Exit { get; init; }
}

/// <summary>
/// One whole host in one process: toolstack with real sockets, VMs as processes, watchdog, service manager, daemon.
/// </summary>
internal sealed class EmulatedNode : IHostPower, IAsyncDisposable
{
    public const int ExitReset = 77;
    public const int ExitWatchdog = 78;

    private readonly NodeOptions _options;
    private readonly NodeLog _log;
    private readonly HttpPeer _peer;
    private readonly XapiFrontEnd _frontEnd;
    private readonly Watchdog _watchdog;
    private readonly BmcServer _bmc;
    private readonly ServiceManager _services;
    private readonly HostInitiator? _initiator;
    private int _ending;

    public EmulatedNode(NodeOptions options)
    {
        _options = options;
        Directory.Prepare(options.Pool.Host(options.HostName));
        HostScripts.Write(Directory, options.Pool.Host(options.HostName));
        _log = new NodeLog(Directory.NodeLog, options.Console);
        Scheduler = new RealScheduler(error => Log("emulator_defect", ("error", error.ToString())));
        _peer = new HttpPeer(options.Pool, Scheduler, options.Timings);
        Domains = new ProcessDomains(Directory, Scheduler, options.Pool.LabId);
        Storage = new DirectoryStorage(Directory.Locks);
        Toolstack = new Toolstack(Setup());
        _frontEnd = new XapiFrontEnd(
            Scheduler, Toolstack, Directory.XapiSocket, text => Log("emulator_defect", ("error", text)));
        Daemon = new DaemonSupervisor(Directory, options.Daemon, options.DaemonRestart, Log);
        _watchdog = new Watchdog(Directory.WatchdogSocket, OnWatchdogFired);
        Strikes = new Strikes(Directory, () => Daemon.Signal(Native.SigKill), () => Die("power_lost", ExitReset), Log);
        Toolstack.Faults.Strike = Strikes.At;
        _services = new ServiceManager(Directory, Scheduler, Toolstack, () => Die("reset_host", ExitReset), Strikes);
        _initiator = options.San is { } san ? new HostInitiator(options.Pool, options.HostName, san, Path.Combine(Directory.Root, "refused.log")) : null;
        _bmc = new BmcServer(Directory.BmcSocket, Scheduler, new BmcCommands(this));
    }

    public RealScheduler Scheduler { get; }

    public Toolstack Toolstack { get; }

    public ProcessDomains Domains { get; }

    public DirectoryStorage Storage { get; }

    public DaemonSupervisor Daemon { get; }

    public Strikes Strikes { get; }

    public HostDirectory Directory => _options.Directory;

    public TimeSpan? WatchdogRemaining => _watchdog.Remaining;

    public string HostName => _options.HostName;

    public async Task BootAsync()
    {
        Log("boot", ("pid", $"{Environment.ProcessId}"));
        _services.Start();
        _bmc.Start();
        _initiator?.Start();
        var first = false;
        await Scheduler.InvokeAsync(() =>
        {
            first = Toolstack.Install();
            if (first)
            {
                Toolstack.CreateInitialVms();
            }
        }).ConfigureAwait(false);
        Daemon.Start();
        if (!first && _options.BootGuard.Count > 0)
        {
            await GuardAsync().ConfigureAwait(false);
        }

        if (_options.ToolstackAtBoot)
        {
            await Scheduler.InvokeAsync(Toolstack.Start).ConfigureAwait(false);
        }
    }

    private async Task GuardAsync()
    {
        using var guard = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(_options.BootGuard[0], _options.BootGuard.Skip(1))
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            string said = await guard.StandardOutput.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            await guard.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            Log("boot_guard", ("said", said.Trim()));
        }
        catch (OperationCanceledException)
        {
            guard.Kill();
            Log("boot_guard", ("said", "killed after its time"));
        }
    }

    /// <summary>The orderly end: daemon, toolstack, VMs (their disks are detached), exit 0.</summary>
    public async Task ShutdownAsync()
    {
        if (Interlocked.Exchange(ref _ending, 1) != 0)
        {
            return;
        }

        Log("shutdown");
        await Daemon.StopAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        await Scheduler.InvokeAsync(async () =>
        {
            await Toolstack.StopAsync().ConfigureAwait(false);
            Task stopped = Toolstack.DestroyAllVmsAsync();
            await Task.WhenAny(stopped, Scheduler.Delay(TimeSpan.FromSeconds(10))).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        Log("off");
        _options.Exit(0);
    }

    public void BeginShutdown() => _ = Task.Run(ShutdownAsync);

    /// <summary>Power loss seen from inside: nothing is told, nothing is released.</summary>
    public void Die(string reason, int code, string? lastWords = null)
    {
        // A reader of our standard output that stopped reading must not keep a dead host alive.
        new Thread(() =>
        {
            Thread.Sleep(200);
            _options.Exit(code);
        }) { IsBackground = true }.Start();
        if (lastWords is not null)
        {
            Console.WriteLine(lastWords);
        }

        Log(reason);
        _options.Exit(code);
    }

    void IHostPower.PowerOff() => BeginShutdown();

    void IHostPower.Reset() => Die("reset", ExitReset);

    public void Log(string name, params (string Key, string Value)[] fields) =>
        _log.Write(new PoolEvent(_options.HostName, name, fields));

    public async ValueTask DisposeAsync()
    {
        _bmc.Dispose();
        _initiator?.Dispose();
        _watchdog.Dispose();
        await _frontEnd.DisposeAsync().ConfigureAwait(false);
        Scheduler.Dispose();
        _peer.Dispose();
        _log.Dispose();
    }

    private ToolstackSetup Setup() => new()
    {
        Pool = _options.Pool,
        HostName = _options.HostName,
        Scheduler = Scheduler,
        Timings = _options.Timings,
        Disk = new DirectoryDisk(Directory.Root),
        Domains = Domains,
        Storage = Storage,
        Peer = _peer,
        Power = this,
        Seed = _options.Seed,
        Log = _log.Write,
    };

    private void OnWatchdogFired()
    {
        Die("watchdog_fired", ExitWatchdog, "watchdog fired");
    }
}
