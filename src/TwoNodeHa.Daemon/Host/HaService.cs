using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Control;
using TwoNodeHa.Daemon.Fencing;
using TwoNodeHa.Daemon.Hypervisor;
using TwoNodeHa.Daemon.Journal;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Mirroring;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.RealTime;
using TwoNodeHa.Daemon.Replication;
using TwoNodeHa.Daemon.Reservations;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Systemd;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Host;

/// <summary>Exit code of the process.</summary>
internal sealed class Outcome
{
    public int ExitCode { get; set; }
}

/// <summary>Wires the loop to its adapters, starts it, and ends it in order on SIGTERM.</summary>
internal sealed class HaService : IHostedService, IDisposable
{
    private readonly Startup _startup;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly Outcome _outcome;
    private readonly ILogger _logger;
    private readonly Counters _counters = new();
    private readonly BootClock _clock = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ServiceNotifier _notifier = new(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"));

    private readonly RealTimeRights _realTime = new(new LinuxProcessControl());
    private readonly LateSink _sink = new();
    private readonly List<IDisposable> _owned = [];
    private HaLoop? _loop;
    private ToolstackPort? _toolstack;
    private DiskLinks? _diskLinks;
    private StatusWatcher? _watcher;
    private AlertDesk? _alerts;
    private XapiMirrorStation? _mirrorStation;
    private HaStatus _shown;
    private Instant _watchdogDue;

    public HaService(Startup startup, IHostApplicationLifetime lifetime, Outcome outcome, ILoggerFactory loggers)
    {
        _startup = startup;
        _lifetime = lifetime;
        _outcome = outcome;
        _logger = loggers.CreateLogger("twonodehad");
    }

    private LocalConfig Config => _startup.Config;

    /// <summary>Beside the configuration, so that it is not lost with the state directory.</summary>
    private string MarkPath() => Path.Combine(
        Path.GetDirectoryName(Path.GetFullPath(_startup.ConfigFile))!, PathsConfig.EnabledMark(Config.Self.Uuid));

    private PathsConfig Paths => Config.Config.Paths;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        DaemonLog.Starting(_logger, Startup.Version, Config.Self.Name, Config.Peer.Name, _startup.ConfigFile);
        _realTime.Prepare();
        Rehearsal.Run(Config, _startup.Key);
        Directory.CreateDirectory(Paths.RunDirectory, LeaseFile.OwnerOnly);
        var file = new DurableFile(Paths.StateDirectory, MarkPath());
        var lease = new LeaseFile(Paths.RunDirectory, LeaseFile.KernelBootId());
        var watchdog = Own(WatchdogFactory.Create(
            Config.Config.Watchdog, Config.Timing.KillBound, _logger,
            facts => _sink.Post(new Observation.WatchdogChanged(facts))));
        var started = Started(file, lease, watchdog);

        var events = Own(new EventLog(Paths.StateDirectory, TimeProvider.System, _logger));
        var desk = new ControlDesk(Status, events.Newest, _sink, Startup.Version, events.Add, Vms);
        var tools = new ToolRunner();
        var links = Own(new UdpLinks(Config, _startup.Key, _sink, _counters, _logger, EnterReceiver));
        _diskLinks = Own(new DiskLinks(Config, _startup.Key, _sink, _counters, _logger));
        var prober = Own(new Prober(Config, _clock, _sink, _counters, _logger, EnterReceiver));
        _toolstack = new ToolstackPort(Config, _sink, tools, _logger, _clock);
        var agents = FenceAgents.Of(Config.Config, tools);
        var arbiter = Config.Config.Arbiter is { } store ? Own(new ArbiterPort(Config, new EtcdStore(Config, store, _clock), _clock, _sink)) : null;
        var persist = new PersistTool(tools, Config.Config.Tools.Reservations);
        var executor = new CommandExecutor
        {
            Links = links,
            DiskLinks = _diskLinks,
            Prober = prober,
            Watchdog = watchdog,
            State = Own(new StateWriter(file.Write, _sink)),
            Lease = lease,
            Hypervisor = Own(new HypervisorPort(Config.Config.Tools, _sink, tools, new Backends())),
            Toolstack = _toolstack,
            Fencing = Config.Config.Fences.IsEmpty ? null : new FencePort(Config, agents, _clock, _sink, FenceAgents.OwnUuid, StillOrdered),
            Arbiter = arbiter,
            Reservations = Config.Policy.UsesReservation ? new ReservationPort(Config, persist, _clock, _sink, StillOrdered) : null,
            Events = events,
            Desk = desk,
            Exit = End,
        };
        _loop = new HaLoop(new LoopCore(Config, executor), _clock, TimeProvider.System, Fail, Turned,
            () => _realTime.Enter("loop", RealTimeRights.LoopPriority));
        _sink.Target = _loop;
        // Before the loop: what a rehearsal left over is not collected while a lease runs out.
        GC.Collect();
        links.Start();
        _diskLinks.Start();
        prober.Start();
        _toolstack.Start();
        arbiter?.Start();
        _loop.Start(started);
        Own(new FenceProber(Config, agents, _sink, FenceAgents.OwnUuid)).Start();

        Own(new ReservationProber(Config, persist, _sink)).Start();
        Own(new ReplicaWatcher(Config.Config, tools, _clock, _sink)).Start();

        // Behind the start: a verdict is posted once, when it changes.
        Own(new StorageProber(Config.Config.Storage, _clock, _sink, _counters)).Start();
        _watcher = Own(new StatusWatcher(Status, events.Add, TimeProvider.System, _logger));
        Own(new ControlServer(Paths.ControlSocket, desk, _logger)).Start();
        _alerts = new AlertDesk(Config, Status, tools, _counters, _logger);
        events.Also = _alerts.Offer;
        _mirrorStation = new XapiMirrorStation(Paths.XapiSocket, Config.Self.Uuid);
        Own(new PoolMirror(Status, () => _loop.Core.State.Disk.Confirmed, _startup.Text, _mirrorStation, TimeProvider.System, _counters, events.Add));
        Settle(events);
        _notifier.Ready("deciding");
        return Task.CompletedTask;
    }

    /// <summary>SIGTERM: the decision code says when, bounded by its own patience; the loop goes on meanwhile.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_loop is null)
        {
            return;
        }

        _notifier.Stopping();
        _loop.Post(new Observation.StopRequested());
        await Task.WhenAny(_exited.Task, Task.Delay(TimeSpan.FromSeconds(5), cancellationToken));
        _loop.Dispose();
        if (_alerts is not null)
        {
            await _alerts.DisposeAsync();
        }

        if (_toolstack is not null)
        {
            await _toolstack.DisposeAsync();
        }

        if (_mirrorStation is not null)
        {
            await _mirrorStation.DisposeAsync();
        }
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _notifier.Dispose();
    }

    private Observation.Started Started(DurableFile file, LeaseFile lease, IWatchdog watchdog)
    {
        var (durable, origin, trouble) = file.Read();
        if (origin is DurableOrigin.Corrupt or DurableOrigin.Lost)
        {
            DaemonLog.StateDamaged(_logger, trouble);
        }

        // A lost counter starts from the wall clock, so that the peer does not take this daemon for a dead one.
        durable ??= new DurableState { Incarnation = DateTimeOffset.UtcNow.ToUnixTimeSeconds() };
        var nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        return new Observation.Started(durable, origin, nonce, lease.Read(), watchdog.Open());
    }

    private void EnterReceiver(string name) => _realTime.Enter(name, RealTimeRights.ReceivePriority);

    /// <summary>Everything is made: what it uses is kept in memory, and what the kernel refused is told.</summary>
    private void Settle(EventLog events)
    {
        _realTime.LockMemory();
        _realTime.Tell(refused => events.Add(new HaEvent(HaEventId.RealTimeRefused, Severity.Warning,
            $"the kernel refused {refused}: on a starved host this daemon may be late, and fence the host")));
    }

    private StatusReport Status()
    {
        var loop = _loop ?? throw new InvalidOperationException("not started");
        var counters = _counters.Snapshot();
        var status = loop.Core.Status(_clock.Now);
        return status with
        {
            Links = _diskLinks?.WithTrouble(status.Links) ?? status.Links,
            RealTime = _realTime.Describe(),
            Warnings = [.. status.Warnings, .. _realTime.Refused.Select(refused => $"the kernel refused {refused}"), .. _watcher?.Warnings ?? []],
            Counters = status.Counters.AddRange(loop.Dropped == 0 ? counters : counters.SetItem("loop.dropped", loop.Dropped)),
        };
    }

    /// <summary>Its reason is still there, by the last turn of the loop.</summary>
    private bool StillOrdered(long id) => _loop?.Core.State.Pending.Find(id) is
        { Purpose: Purpose.FencePeer or Purpose.SwitchPeerOff or Purpose.ReadPeerPower or Purpose.PreemptPeer };

    private VmReport Vms() => (_loop ?? throw new InvalidOperationException("not started")).Core.Vms(_clock.Now);

    /// <summary>After each turn, on the loop's thread: a loop that hangs starves systemd's watchdog too.</summary>
    private void Turned()
    {
        var state = _loop!.Core.State;
        if (state.Status != _shown)
        {
            _shown = state.Status;
            _notifier.Status($"{state.Status}: {state.Life.Why}");
        }

        if (_notifier.WatchdogInterval is { } interval && _clock.Now >= _watchdogDue)
        {
            _watchdogDue = _clock.Now + interval;
            _notifier.Watchdog();
        }
    }

    private void End(string reason)
    {
        _exited.TrySetResult();
        _lifetime.StopApplication();
    }

    /// <summary>A bug in a turn: the process ends at once. Nothing is disarmed, so the watchdog guards what runs.</summary>
    private void Fail(Exception bug)
    {
        DaemonLog.LoopFailed(_logger, bug.ToString());
        _outcome.ExitCode = Startup.ExitSoftware;
        Environment.Exit(Startup.ExitSoftware);
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Adapters are made before the loop that they post to.</summary>
    private sealed class LateSink : IObservationSink
    {
        public IObservationSink? Target { get; set; }

        public void Post(Observation observation) => Target?.Post(observation);
    }
}
