using System.Text.Json.Nodes;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Virtual;
using TwoNodeHa.Sim.Pool.Xapi;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>One virtual piece of hardware: power, hypervisor, toolstack, disk, watchdog, and the daemon on it.</summary>
public sealed class VirtualHost
{
    private readonly VirtualWorld _world;
    private readonly VirtualStorageProbe _storage;
    private readonly VirtualReplica _replica;
    private IDisposable? _watchdog;
    private IDisposable? _boot;
    private int _guarded = -1;

    public VirtualHost(VirtualWorld world, int index, LocalConfig config, ToolstackTimings timings, int seed)
    {
        _world = world;
        _storage = new VirtualStorageProbe(world, this);
        _replica = new VirtualReplica(world, this);
        Index = index;
        Config = OwnConfig = config;
        Clock = new HostClock(Instant.FromSeconds(100 + (5000 * index)));
        Domains = new VirtualDomains(world.Scheduler) { DrainTime = TimeSpan.FromMilliseconds(30) };
        Toolstack = new Toolstack(new ToolstackSetup
        {
            Pool = world.Pool,
            HostName = config.Self.Name,
            Scheduler = world.Scheduler,
            Timings = timings,
            Disk = Disk,
            Domains = Domains,
            Storage = world.Storage,
            Peer = new VirtualPeer(world, index, timings.ConnectLimit),
            Power = new Power(this),
            Seed = seed,
            Log = happened => world.Checker.Happened(this, happened),
        });
        Domains.Created += domain => world.Checker.DomainCreated(this, domain);
        Domains.Drained += _ => world.Checker.Look();
    }

    public int Index { get; }

    /// <summary>What a daemon that starts now reads from its configuration file.</summary>
    public LocalConfig Config { get; set; }

    /// <summary>The configuration that both hosts are meant to have.</summary>
    public LocalConfig OwnConfig { get; }

    public HostClock Clock { get; }

    /// <summary>Booted, and the toolstack's unit still waits for the boot guard's.</summary>
    public bool BootGuarded { get; private set; }

    /// <summary>When the guard of the newest boot let the toolstack start, since the start of the world.</summary>
    public TimeSpan? GuardEndedAt { get; private set; }

    /// <summary>What this host's monotonic clock shows.</summary>
    public Instant LocalNow => Clock.At(_world.Scheduler.Now);

    /// <summary>Number of the present boot: work of an earlier one must not go on.</summary>
    public int Life { get; private set; }

    public string Name => Config.Self.Name;

    public VirtualDomains Domains { get; }

    /// <summary>The toolstack's files: role file and database copy.</summary>
    public MemoryDisk Disk { get; } = new();

    public Toolstack Toolstack { get; }

    public bool PoweredOn { get; private set; }

    public bool Booting => _boot is not null;

    /// <summary>The daemon that runs, or hangs; null while none does.</summary>
    public VirtualDaemon? Daemon { get; private set; }

    /// <summary>Time from power to the start of the daemon.</summary>
    public TimeSpan BootTime { get; set; } = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan GuardInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan GuardWithoutDaemon = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GuardLimit = TimeSpan.FromSeconds(610);

    /// <summary>How long systemd waits before it starts the daemon again; null for never.</summary>
    public TimeSpan? DaemonRestart { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The package is gone, or its unit was disabled: nothing starts a daemon here.</summary>
    public bool DaemonMissing { get; set; }

    /// <summary>The state file: survives power loss. Null: none.</summary>
    public DurableState? StateFile { get; set; }

    /// <summary>HA was enabled here once: kept apart from the state, and lost with the host alone.</summary>
    public bool Marked { get; set; }

    public DurableOrigin StateFileOrigin { get; set; } = DurableOrigin.Missing;

    /// <summary>What XAPI's database holds of the state that a reinstallation wiped; null while this host has its own disk.</summary>
    public MirroredState? Mirrored { get; private set; }

    /// <summary>
    /// An upgrade from the installation medium: the root file system is new, XAPI's database and role file are brought over. The host is
    /// off during it.
    /// </summary>
    public void Reinstall()
    {
        PowerOff();
        Mirrored = StateFile is { SwitchGeneration: > 0 } state ? new MirroredState(state.Enabled, state.SwitchGeneration) : Mirrored;
        (StateFile, StateFileOrigin, StateCopy, Marked) = (null, DurableOrigin.Missing, null, false);
        DaemonMissing = true;
    }

    /// <summary>The lease record in the run directory: lost with power.</summary>
    public Instant? LeaseFile { get; set; }

    /// <summary>An orderly shutdown is under way; a second one changes nothing.</summary>
    public bool GoingDown { get; set; }

    /// <summary>Somebody powers it on again when an orderly poweroff under way has ended.</summary>
    public bool ComesBack { get; set; }

    /// <summary>This host's path to the shared storage is cut.</summary>
    public bool StorageLost
    {
        get => _storage.Cut;
        set
        {
            StorageWasLost |= value;
            _storage.Cut = value;
        }
    }

    /// <summary>State of this host's data, where the storage is replicated.</summary>
    public string ReplicaState
    {
        get => _replica.DiskState;
        set => _replica.DiskState = value;
    }

    /// <summary>It was cut since the last repair: what could not be plugged meanwhile stays unplugged.</summary>
    public bool StorageWasLost { get; set; }

    /// <summary>The storage works, and its probes have nothing more to say.</summary>
    public bool StorageQuiet => _storage is { Cut: false, Pending: false };

    /// <summary>The disk of the daemon refuses writes.</summary>
    public bool DiskFull { get; set; }

    /// <summary>No write succeeds: a root file system that was remounted read-only, a disk that fails.</summary>
    public bool DiskReadOnly { get; set; }

    /// <summary>A write of the state file takes this much longer than usual.</summary>
    public TimeSpan DiskSlowBy { get; set; }

    /// <summary>The kernel does not carry out a reset or a power-off that the daemon orders.</summary>
    public bool CannotReset { get; set; }

    /// <summary>systemctl stop xapi, by a person: it is not for us to start it.</summary>
    public bool AdminStoppedToolstack { get; set; }

    /// <summary>An older copy of the state file, kept somewhere.</summary>
    public DurableState? StateCopy { get; set; }

    /// <summary>A firewall of this host drops what comes to the daemon's port.</summary>
    public bool Filtered { get; set; }

    /// <summary>The hypervisor's list takes this much longer than usual.</summary>
    public TimeSpan ListSlowBy { get; set; }

    /// <summary>How much later its daemon hears of a change of XAPI's database.</summary>
    public TimeSpan EventsLateBy { get; set; }

    /// <summary>The hypervisor's list does not answer.</summary>
    public bool ListHangs { get; set; }

    /// <summary>A daemon that starts now finds a watchdog.</summary>
    public bool WatchdogPresent { get; set; } = true;

    /// <summary>The daemon has another key: nothing it says is understood, and it understands nothing.</summary>
    public bool WrongKey { get; set; }

    /// <summary>Jumps of the wall clock so far.</summary>
    public TimeSpan WallOffset { get; set; }

    /// <summary>The kernel answers ICMP although no program runs.</summary>
    public bool AnswersPing => PoweredOn;

    public bool Frozen { get; private set; }

    /// <summary>Power went away, after everything on the host did.</summary>
    public event Action? LostPower;

    /// <summary>The watchdog that fires when it is not fed.</summary>
    public void Feed(TimeSpan timeout)
    {
        _watchdog?.Dispose();
        WatchdogDue = _world.Scheduler.Now + timeout;
        _watchdog = _world.Scheduler.After(timeout, () =>
        {
            _world.Log(Name, "watchdog fired: the host is reset");
            _world.Checker.WatchdogFired(this);
            Reset();
        });
    }

    /// <summary>When the armed watchdog fires; null while none is armed.</summary>
    public Instant? WatchdogDue { get; private set; }

    public void DisarmWatchdog()
    {
        _watchdog?.Dispose();
        _watchdog = null;
        WatchdogDue = null;
    }

    /// <summary>The very first power-up of the pool: VMs run where the definition has them.</summary>
    public void Install()
    {
        Toolstack.Install();
        PoweredOn = true;
        Toolstack.CreateInitialVms();
        Toolstack.Start();
        StartDaemon();
    }

    public void PowerOff()
    {
        _boot?.Dispose();
        _boot = null;
        if (!PoweredOn)
        {
            return;
        }

        PoweredOn = false;
        Frozen = false;
        GoingDown = false;
        Life++;
        DisarmWatchdog();
        Daemon?.Die();
        Daemon = null;
        LeaseFile = null;
        _world.Blocked[Index] = false;
        Domains.PowerLoss();
        Toolstack.PowerLoss();
        _world.Checker.PowerLost(this);
        _world.Note(Name, TraceEntry.PowerLost);
        LostPower?.Invoke();
    }

    public void PowerOn()
    {
        if (PoweredOn || _boot is not null)
        {
            return;
        }

        _boot = _world.Begins(BootTime, () =>
        {
            _boot = null;
            PoweredOn = true;
            Life++;
            Clock.Restart(_world.Scheduler.Now);
            _world.Log(Name, "booted");
            StartDaemon();
            BootGuarded = true;
            GuardBoot(Life, TimeSpan.Zero, TimeSpan.Zero);
        });
    }

    /// <summary>The unit before the toolstack's: asks until the daemon has decided; without a daemon it does not wait long.</summary>
    private void GuardBoot(int life, TimeSpan asked, TimeSpan silent)
    {
        if (life != Life || Frozen)
        {
            if (life == Life)
            {
                _world.Scheduler.After(GuardInterval, () => GuardBoot(life, asked, silent));
            }

            return;
        }

        var reply = Daemon?.Ask(new OperatorRequest.BootGuard());
        var waits = _world.Guardian is null && (reply is { Pending: true } || (reply is null && silent < GuardWithoutDaemon));
        if (!waits || asked >= GuardLimit)
        {
            BootGuarded = false;
            GuardEndedAt = _world.Elapsed;
            Toolstack.Start();
            return;
        }

        _world.Scheduler.After(GuardInterval, () => GuardBoot(life, asked + GuardInterval, reply is null ? silent + GuardInterval : TimeSpan.Zero));
    }

    /// <summary>The whole of dom0 stands still; guests and network card go on. The watchdog does not.</summary>
    public void Freeze()
    {
        Frozen = PoweredOn;
        Daemon?.Freeze();
        Toolstack.Faults.HangAll = PoweredOn;
    }

    public void Thaw()
    {
        Frozen = false;
        Toolstack.Faults.HangAll = false;
        Daemon?.Thaw();
    }

    public void Reset()
    {
        PowerOff();
        PowerOn();
    }

    /// <summary>The daemon's process ends without a word.</summary>
    public void KillDaemon()
    {
        Daemon?.Die();
        Daemon = null;
        RestartDaemonLater();
    }

    /// <summary>The daemon ended in order.</summary>
    public void DaemonExited()
    {
        Daemon = null;
        RestartDaemonLater();
    }

    public void StartDaemon()
    {
        if (_world.Guardian is { } guardian)
        {
            if (PoweredOn && _guarded != Life)
            {
                _guarded = Life;
                guardian(_world, this).Start();
            }

            return;
        }

        if (Daemon is null && PoweredOn && !DaemonMissing)
        {
            Daemon = new VirtualDaemon(_world, this);
            Daemon.Start();
            _storage.DaemonStarted();
            _replica.DaemonStarted();
        }
    }

    private void RestartDaemonLater()
    {
        _world.Note(Name, TraceEntry.DaemonGone);
        if (DaemonRestart is { } wait)
        {
            var life = Life;
            _world.Begins(wait, () =>
            {
                if (life == Life)
                {
                    StartDaemon();
                }
            });
        }
    }

    private sealed class Power(VirtualHost host) : IHostPower
    {
        public void PowerOff() => host.PowerOff();

        public void Reset() => host.Reset();
    }
}

/// <summary>Calls from one toolstack to the other, over the simulated management network.</summary>
internal sealed class VirtualPeer(VirtualWorld world, int self, TimeSpan connectLimit) : IPeerToolstack
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(1);

    public async Task<CallReply> CallAsync(string address, string method, JsonArray parameters)
    {
        var scheduler = world.Scheduler;
        await scheduler.Delay(Latency).ConfigureAwait(false);
        var peer = world.Hosts[1 - self];
        if (!world.Path(self) || !peer.PoweredOn || world.Blocked[self])
        {
            await scheduler.Rest(world.Blocked[self] ? Latency : connectLimit, XapiProcess.AsksOn).ConfigureAwait(false);
            throw new PeerUnreachableException("no answer");
        }

        var origin = method.StartsWith("emu.", StringComparison.Ordinal) ? CallOrigin.Internal : CallOrigin.Tcp;
        var reply = await peer.Toolstack.CallAsync(origin, method, parameters).ConfigureAwait(false);
        await scheduler.Delay(Latency).ConfigureAwait(false);

        // TCP keeps trying while the path is cut; the answer arrives when it is back, or never.
        while (!world.Path(self))
        {
            await scheduler.Rest(TimeSpan.FromSeconds(1), XapiProcess.AsksOn).ConfigureAwait(false);
        }

        return reply;
    }
}
