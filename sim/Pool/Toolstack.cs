using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Pool.Xapi;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool;

/// <summary>Everything a toolstack needs from its surroundings, virtual or real.</summary>
public sealed record ToolstackSetup
{
    public required PoolDefinition Pool { get; init; }

    public required string HostName { get; init; }

    public required IScheduler Scheduler { get; init; }

    public required ToolstackTimings Timings { get; init; }

    public required IHostDisk Disk { get; init; }

    public required IDomains Domains { get; init; }

    public required ISharedStorage Storage { get; init; }

    public required IPeerToolstack Peer { get; init; }

    public required IHostPower Power { get; init; }

    /// <summary>Of this host's random source: the two hosts need different ones.</summary>
    public int Seed { get; init; }

    public Action<PoolEvent> Log { get; init; } = static _ => { };
}

/// <summary>What systemd says of xapi.service.</summary>
public enum ServiceState
{
    Inactive = 0,
    Active,

    /// <summary>Dead, about to be restarted (`Restart=on-failure`).</summary>
    Activating,
}

/// <summary>A look at one toolstack from outside, for status displays and checkers.</summary>
public sealed record ToolstackStatus(
    ServiceState Service,
    string RoleFile,
    string CachedRole,
    bool Emergency,
    IReadOnlyList<string> EmergencyError,
    bool UnixListening,
    bool TcpListening,
    bool InitComplete,
    long DatabaseGeneration);

/// <summary>
/// The toolstack of one host as its service manager sees it: xapi processes come and go, the host's disk and domains
/// stay. All members must be called on the scheduler's thread.
/// </summary>
public sealed class Toolstack
{
    /// <summary>The first database of a definition, which both hosts and thousands of runs begin with.</summary>
    private static readonly ConditionalWeakTable<PoolDefinition, string> FirstDatabases = [];

    private readonly HostContext _host;
    private readonly ToolstackSetup _setup;
    private readonly Dictionary<string, int> _calls = new(StringComparer.Ordinal);
    private XapiProcess? _process;
    private IDisposable? _pendingStart;
    private int _powerLosses;
    private Signal? _exited;
    private bool _stopping;
    private bool _startedSinceBoot;

    public Toolstack(ToolstackSetup setup)
    {
        _setup = setup;
        _host = new HostContext(setup)
        {
            RestartService = () => _ = RestartAsync(),
            OrderlyPower = reboot => _ = OrderlyPowerAsync(reboot),
            ListeningChanged = () => ListeningChanged?.Invoke(),
        };
        _host.Xenopsd.Ended += OnDomainEnded;
        _host.Xenopsd.Rebuilt += OnDomainRebuilt;
    }

    /// <summary>The unix socket or the TCP port was opened or closed.</summary>
    public event Action? ListeningChanged;

    public ToolstackFaults Faults => _host.Faults;

    public string HostRef => _host.HostRef;

    /// <summary>Calls on the unix socket so far, by method: what the programs of this host ask.</summary>
    public IReadOnlyDictionary<string, int> Calls => _calls;

    /// <summary>Processes that were started; the number of the one that runs.</summary>
    internal int Processes { get; private set; }

    /// <summary>The pool database in the memory of this toolstack; null unless it is an active master's.</summary>
    internal Database? Records => _process is { IsMaster: true } ? _process.LoadedDb : null;

    public HostDefinition Host => _host.Definition;

    public ServiceState State =>
        _process is not null ? ServiceState.Active
        : _pendingStart is not null ? ServiceState.Activating
        : ServiceState.Inactive;

    public ToolstackStatus Status => new(
        State,
        _host.ReadRole().ToString(),
        _process?.Role.ToString() ?? "",
        _process?.Emergency ?? false,
        _process is { Emergency: true } ? _process.EmergencyError : [],
        _process?.UnixListening ?? false,
        _process?.TcpListening ?? false,
        _process?.InitComplete ?? false,
        _process?.LoadedDb?.Generation ?? -1);

    /// <summary>
    /// First boot ever: writes role and database to the host's disk. Returns whether it did, that is, whether the VMs
    /// the definition says are running must be created now.
    /// </summary>
    public bool Install()
    {
        if (_host.Disk.Read(Role.FileName) is not null)
        {
            return false;
        }

        bool master = _setup.Pool.FirstMaster.Name == Host.Name;
        _host.Disk.Write(HostContext.StateDb, FirstDatabases.GetValue(_setup.Pool, static pool => DatabaseSeed.Create(pool).Save()));
        _host.Disk.Write(Role.FileName, (master ? Role.Master : Role.Slave(_setup.Pool.FirstMaster.Address)).ToString());
        return true;
    }

    /// <summary>VMs the definition places here run from the first moment on, as if started before.</summary>
    public void CreateInitialVms()
    {
        foreach (VmDefinition vm in _setup.Pool.Vms.Where(vm => vm.RunningOn == Host.Name))
        {
            SrDefinition sr = _setup.Pool.SrOf(vm);
            _host.Xenopsd.CreateAtOnce(
                new VmSpec(vm.Uuid, vm.Name, [new DiskSpec(PoolDefinition.VdiUuid(vm), sr.Uuid, sr.Shared)], vm.ActionsAfterShutdown == "restart",
                    MemoryCheck.Mib * (vm.MemoryMib + MemoryCheck.OverheadMib(vm.MemoryMib))));
        }
    }

    /// <summary>systemctl start xapi: returns at once, the process is active as soon as it exists.</summary>
    public void Start()
    {
        _pendingStart?.Dispose();
        _pendingStart = null;
        if (_process is not null)
        {
            return;
        }

        _stopping = false;
        _host.Xenopsd.Start();
        bool onSystemBoot = !_startedSinceBoot;
        _startedSinceBoot = true;
        _process = new XapiProcess(_host, onSystemBoot, OnExit);
        Processes++;
        _host.Log("toolstack_start", ("role", _process.Role.ToString()));
        _process.Background(new StartUp(_process).RunAsync);
        if (onSystemBoot)
        {
            _process.Background(() => AutoPowerOnAsync(_process));
        }
    }

    /// <summary>systemctl stop xapi: host-shutdown-agent, up to 60 s, then kill.</summary>
    public async Task StopAsync()
    {
        _pendingStart?.Dispose();
        _pendingStart = null;
        XapiProcess? process = _process;
        if (process is null)
        {
            return;
        }

        _stopping = true;
        _exited ??= new Signal();
        Task exited = _exited.Wait();
        _ = ShutdownAgentAsync();
        await _host.Scheduler.WithinAsync(exited, _host.Timings.ServiceStopLimit).ConfigureAwait(false);
        process.Exit(137);
    }

    public async Task RestartAsync()
    {
        int before = _powerLosses;
        await StopAsync().ConfigureAwait(false);

        // The service manager that was to start it again died with its host.
        if (before == _powerLosses)
        {
            Start();
        }
    }

    /// <summary>The process dies without a word (code: 128 + signal); systemd restarts it.</summary>
    public void Crash(int code = 139) => _process?.Exit(code);

    /// <summary>SIGKILL to xapi and to the domain builder: a domain that is being built never appears.</summary>
    public void Kill()
    {
        _host.Xenopsd.Kill();
        Crash(137);
    }

    /// <summary>
    /// SIGKILL to one unit by a real service manager, which restarts it itself: xapi, or the domain builder alone.
    /// </summary>
    public void KillUnit(bool builder)
    {
        if (builder)
        {
            _host.Xenopsd.Kill();
            return;
        }

        _pendingStart?.Dispose();
        _pendingStart = null;
        _stopping = true;
        Crash(137);
    }

    /// <summary>systemctl start xenopsd-xc.</summary>
    public void StartBuilder() => _host.Xenopsd.Start();

    /// <summary>The guest restarts from inside.</summary>
    public void RebootGuest(string vmUuid) => _host.Xenopsd.Reboot(vmUuid);

    /// <summary>A VM that runs here is built again when its domain ends without an order.</summary>
    public void RestartWhenItEnds(string vmUuid) => _host.Xenopsd.RestartWhenItEnds(vmUuid);

    /// <summary>So long after a start the guest's agent reports; null: guests have none.</summary>
    public TimeSpan? AgentTime
    {
        get => _host.AgentTime;
        set => _host.AgentTime = value;
    }

    /// <summary>Uuids of VMs without a guest agent.</summary>
    public ISet<string> SilentAgents => _host.SilentAgents;

    /// <summary>How long a migration copies memory; null: as the timings say.</summary>
    public TimeSpan? MigrationTime
    {
        get => _host.MigrationTime;
        set => _host.MigrationTime = value;
    }

    /// <summary>Version of xapi that is installed.</summary>
    public string Version => _host.InstalledVersion;

    /// <summary>Updates that are in force.</summary>
    public int Updates => _process is null ? 0 : Versions.Parse(_process.Version).Minor - Versions.Parse(Versions.First).Minor;

    /// <summary>yum update: what is installed is newer, what runs goes on until it is started again.</summary>
    public void Update() => _host.InstalledVersion = Versions.After(Version);

    /// <summary>Memory of the machine, MiB.</summary>
    public long MachineMib => _host.Xenopsd.MachineMib;

    /// <summary>Memory that the machine has from its next boot on, MiB; null: as much as now.</summary>
    public long? NextMachineMib { get; set; }

    /// <summary>A guest's domain here takes that much, bytes with overhead.</summary>
    public void Resize(string vmUuid, long memory) => _host.Xenopsd.Resize(vmUuid, memory);

    /// <summary>Stops every VM as the last act of an orderly power-off: disks are detached, locks released.</summary>
    public async Task DestroyAllVmsAsync()
    {
        List<Task> ends = [.. _host.Xenopsd.List().Select(domain => _host.Xenopsd.DestroyAsync(domain.Handle))];
        await Task.WhenAll(ends).ConfigureAwait(false);
    }

    /// <summary>Power loss: everything ends at once; disks and locks stay as they are.</summary>
    public void PowerLoss()
    {
        _powerLosses++;
        _stopping = true;
        _startedSinceBoot = false;
        _pendingStart?.Dispose();
        _pendingStart = null;
        _host.Xenopsd.PowerLoss();
        _host.Xenopsd.MachineMib = NextMachineMib ?? MachineMib;
        _process?.Exit(137);
        var late = Faults.StartLate;
        Faults.Clear();
        Faults.StartLate = late;
    }

    /// <summary>Every VM of this host is shut down cleanly through the pool's database, one after the other.</summary>
    public async Task ShutDownVmsAsync()
    {
        foreach (Domain domain in _host.Xenopsd.List().Where(domain => domain.IsWhole))
        {
            if (_process is { } process)
            {
                await process.Link.DbAsync("emu.db_touch").ConfigureAwait(false);
                await process.Methods.ExecuteAsync(CallOrigin.Internal, "emu.vm_shutdown", new(domain.VmUuid, true))
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>How much time may be left out before this toolstack would do something of its own accord; null for no end.</summary>
    internal TimeSpan? QuietLeft => _process?.Liveness.QuietLeft;

    /// <summary>Time was left out, in which nothing happened but that it passed.</summary>
    internal void LeftOut(TimeSpan time) => _process?.Liveness.LeftOut(time);

    /// <summary>Native HA: both the pool's flag and the local armed flag (xapi.md 7).</summary>
    public void SetNativeHa(bool on)
    {
        (_process?.Local ?? LocalDatabase.Load(_host.Disk)).HaArmed = on;
        if (_process is { IsMaster: true, LoadedDb: { } db })
        {
            db.Pool().Set("ha_enabled", on);
        }
    }

    public Task<CallReply> CallAsync(CallOrigin origin, string method, JsonArray parameters)
    {
        if (_process is null)
        {
            return Task.FromResult<CallReply>(new CallReply.Refused("connection refused"));
        }

        if (origin == CallOrigin.Unix)
        {
            _calls[method] = _calls.GetValueOrDefault(method) + 1;
        }

        return _process.CallAsync(origin, method, parameters);
    }

    private async Task ShutdownAgentAsync()
    {
        CallReply reply = await CallAsync(CallOrigin.Unix, "session.slave_local_login_with_password", new("root", ""))
            .ConfigureAwait(false);
        if (reply is CallReply.Success login)
        {
            await CallAsync(CallOrigin.Unix, "host.shutdown_agent", new((JsonNode?)(string?)login.Value)).ConfigureAwait(false);
        }
        else
        {
            // Not listening yet: there is nobody to talk to, systemd sends the signal.
            _process?.Exit(143);
        }
    }

    private void OnExit(int code)
    {
        _process = null;
        _host.MigratingOut.Clear();
        ListeningChanged?.Invoke();
        _exited?.Set();
        _exited = null;
        if (code == 0 || _stopping)
        {
            return;
        }

        _pendingStart = _host.Scheduler.After(_host.Timings.ServiceRestart, () =>
        {
            _pendingStart = null;
            Start();
        });
    }

    private void OnDomainEnded(Domain domain)
    {
        _host.Log("domain_ended", ("vm", domain.VmName), ("uuid", domain.VmUuid));
        XapiProcess? process = _process;
        process?.Background(() => process.InitComplete || process.LoadedDb is not null || !process.Emergency
            ? VmHostSide.OnEndedAsync(process, domain)
            : Task.CompletedTask);
    }

    private void OnDomainRebuilt(Domain domain)
    {
        _host.Log("domain_rebuilt", ("vm", domain.VmName), ("uuid", domain.VmUuid));
        XapiProcess? process = _process;
        process?.Background(() => VmHostSide.OnRebuiltAsync(process, domain));
    }

    /// <summary>xapi-domains.service after a boot (xapi.md 8.4): a competing starter, best effort.</summary>
    private async Task AutoPowerOnAsync(XapiProcess process)
    {
        while (!process.InitComplete)
        {
            await process.Delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }

        if (!process.IsMaster || process.Db.Pool().Entry("other_config", "auto_poweron") != "true")
        {
            return;
        }

        string session = process.Sessions.LoginLocal();
        foreach (Row vm in process.Db.All("VM").Where(IsAutoPowerOn).ToList())
        {
            await process.Guard(CallAsync(CallOrigin.Unix, "VM.start", new(session, vm.Ref, false, false))).ConfigureAwait(false);
        }
    }

    private static bool IsAutoPowerOn(Row vm) =>
        vm.Text("power_state") == "Halted" && !vm.Flag("is_a_template") && vm.Entry("other_config", "auto_poweron") == "true";

    /// <summary>
    /// An orderly shutdown of the operating system: every VM is stopped through the pool's database first, which hangs
    /// on a member whose master is away (xapi.md 8.4), then xapi, then the machine.
    /// </summary>
    private async Task OrderlyPowerAsync(bool reboot)
    {
        _host.Log("orderly_shutdown", ("reboot", reboot ? "true" : "false"));
        await ShutDownVmsAsync().ConfigureAwait(false);
        await StopAsync().ConfigureAwait(false);
        if (reboot)
        {
            _setup.Power.Reset();
        }
        else
        {
            _setup.Power.PowerOff();
        }
    }
}
