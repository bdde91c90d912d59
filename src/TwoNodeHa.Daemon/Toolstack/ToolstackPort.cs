using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>What the daemon sees of its toolstack, and asks of it. Every command is answered once, within its deadline.</summary>
internal sealed class ToolstackPort : IAsyncDisposable
{
    private readonly LocalConfig _config;
    private readonly IObservationSink _sink;
    private readonly XapiSessions _sessions;
    private readonly DatabaseReader _database;
    private readonly RoleFile _role;
    private readonly ToolstackActions _actions;
    private readonly DatabaseEvents _events;
    private readonly SemaphoreSlim _reading = new(1);

    public ToolstackPort(LocalConfig config, IObservationSink sink, ToolRunner tools, ILogger logger, IMonotonicClock? clock = null)
    {
        _config = config;
        _sink = sink;
        _sessions = new XapiSessions(config.Config.Paths.XapiSocket);
        var cache = new TableCache();
        _database = new DatabaseReader(config.Self.Uuid, cache);
        _role = new RoleFile(config.Config.Paths.PoolRoleFile);
        _actions = new ToolstackActions(config, _sessions, _database, _role, tools, new LinuxHostPower());
        _events = new DatabaseEvents(
            _sessions, ReadDatabaseAsync, sink, new BackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)), logger, cache, clock);
    }

    public void Start() => _events.Start();

    public void Read(Command.ReadToolstack command)
    {
        _events.Spacing = command.EventSpacing;
        _ = Task.Run(() => ReadAsync(command));
    }

    public void Act(Command.Act act) => _ = Task.Run(async () => _sink.Post(await _actions.RunAsync(act)));

    public async ValueTask DisposeAsync()
    {
        _events.Dispose();
        await _sessions.DisposeAsync();
    }

    private async Task ReadAsync(Command.ReadToolstack command)
    {
        var started = Stopwatch.GetTimestamp();
        var facts = await LocalFactsAsync(command);
        if (command.WithDatabase && facts is { Answers: true, Emergency: false })
        {
            facts = await WithDatabaseAsync(command, facts, started);
        }

        _sink.Post(new Observation.ToolstackObserved(command.Id, facts));
    }

    /// <summary>What can be seen without the database; it answers on every host in every role.</summary>
    private async Task<ToolstackFacts> LocalFactsAsync(Command.ReadToolstack command)
    {
        var started = Stopwatch.GetTimestamp();
        var (role, master) = _role.Read();
        var look = await ToolstackSocket.LookAsync(_config.Config.Paths.XapiSocket, command.Deadline / 4, picksUp: command.Known is not null);
        var facts = new ToolstackFacts
        {
            Running = look.Listens,
            Answers = false,
            InitComplete = File.Exists(_config.Config.Paths.InitCompleteCookie),
            RoleFile = role,
            MasterAddress = master,
            Listener = look.Listener,
        };
        if (!facts.Running)
        {
            return facts with { Trouble = "nobody listens on its socket", ProcessAlive = ToolstackProcess.IsAlive() };
        }

        facts = facts with { ProcessAlive = true };
        return look.PicksUp && look.Listener == command.Known
            ? facts with { Answers = true, Asked = false }
            : await AskAsync(facts, Left(command.Deadline, started));
    }

    private async Task<ToolstackFacts> AskAsync(ToolstackFacts facts, TimeSpan deadline)
    {
        facts = facts with { Asked = true, Answers = false };
        try
        {
            using var patience = new CancellationTokenSource(deadline);
            var local = await _sessions.LocalAsync(deadline, patience.Token);
            var emergency = await local.Host.IsInEmergencyModeAsync(deadline, patience.Token);
            return facts with { Answers = true, Emergency = emergency, TooNew = emergency && await IsTooNewAsync(local, deadline, patience.Token) };
        }
        catch (Exception error)
        {
            return facts with { Trouble = error.Message };
        }
    }

    /// <summary>
    /// A database that is read shows that the toolstack answers; one that is not read soon may be a master's that is away, or an own
    /// toolstack that picks up and says nothing: it is asked.
    /// </summary>
    private async Task<ToolstackFacts> WithDatabaseAsync(Command.ReadToolstack command, ToolstackFacts facts, long started)
    {
        var reading = ReadDatabaseAsync(Left(command.Deadline, started));
        if (!facts.Asked)
        {
            await Task.WhenAny(reading, Task.Delay(Command.ReadToolstack.AskedBeside));
            facts = reading.IsCompletedSuccessfully ? facts : await AskAsync(facts, Left(command.Deadline, started));
        }

        try
        {
            return facts with { Database = await reading };
        }
        catch (Exception error)
        {
            // Unforeseen ones too: a reading that is not answered would be the last.
            _sessions.ForgetPool();
            return facts.Answers ? facts with { Trouble = $"the database was not read: {error.Message}" } : facts;
        }
    }

    /// <summary>What is left of a deadline: never nothing, for the last moment is used too.</summary>
    private static TimeSpan Left(TimeSpan deadline, long started)
    {
        var left = deadline - Stopwatch.GetElapsedTime(started);
        return left > TimeSpan.FromMilliseconds(50) ? left : TimeSpan.FromMilliseconds(50);
    }

    private static async Task<bool> IsTooNewAsync(Session local, TimeSpan deadline, CancellationToken cancel)
    {
        try
        {
            await local.Host.LocalAssertHealthyAsync(deadline, cancel);
            return false;
        }
        catch (XenApiFailure reason)
        {
            return reason.Code == XenApiErrorCode.HostXapiVersionHigherThanCoordinator;
        }
    }

    /// <summary>One reading at a time, one behind the other: a hung one is not joined by more than have the patience to wait for it.</summary>
    private async Task<DatabaseFacts> ReadDatabaseAsync(TimeSpan deadline, bool vmsAreNew = false)
    {
        var started = Stopwatch.GetTimestamp();
        if (!await _reading.WaitAsync(deadline))
        {
            throw new TimeoutException("another reading is under way");
        }

        try
        {
            var left = Left(deadline, started);
            using var patience = new CancellationTokenSource(left);
            var master = _role.Read().Role == PoolRole.Master;
            var session = master
                ? await _sessions.LocalAsync(left, patience.Token)
                : await _sessions.PoolAsync(left, patience.Token);
            return await _database.ReadAsync(session, master, left, patience.Token, vmsAreNew);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>What a toolstack that is slow, dying or strange can raise.</summary>
    internal static bool IsExpected(Exception error) => error is XenApiException or OperationCanceledException
        or TimeoutException or SocketException or IOException or FormatException or ObjectDisposedException;
}
