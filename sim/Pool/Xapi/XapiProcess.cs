using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>
/// One run of the xapi process, from exec to exit. Everything in it is memory and ends with it: role cache, database,
/// sessions, tasks, calls in progress. Work that waits goes through <see cref="Delay"/> or <see cref="Guard{T}"/>, which
/// never return in a process that has exited.
/// </summary>
internal sealed class XapiProcess
{
    private readonly SortedDictionary<long, TaskCompletionSource<CallReply>> _pending = [];
    private readonly Dispatcher _dispatcher;
    private readonly Action<int> _onExit;
    private long _nextCall;
    private bool _fuseLit;

    public XapiProcess(HostContext host, bool onSystemBoot, Action<int> onExit)
    {
        Host = host;
        OnSystemBoot = onSystemBoot;
        _onExit = onExit;
        Role = host.ReadRole();
        Version = host.InstalledVersion;
        Local = LocalDatabase.Load(host.Disk);
        Sessions = new Sessions(this);
        Tasks = new Tasks(this);
        Link = new MasterLink(this);
        Liveness = new Liveness(this);
        Keeper = new DatabaseKeeper(this);
        Vms = new VmOperations(this);
        VmMemory = new VmMemoryCalls(this);
        Methods = new MethodTable(this);
        _dispatcher = new Dispatcher(this);
        Emergency = !IsMaster;
    }

    public HostContext Host { get; }

    public bool OnSystemBoot { get; }

    public bool Alive { get; private set; } = true;

    /// <summary>Read once per process; a later rewrite of the file changes nothing here (xapi.md 4.1).</summary>
    public Role Role { get; }

    /// <summary>Version of the program that runs.</summary>
    public string Version { get; }

    public bool IsMaster => Role.Kind == RoleKind.Master;

    public bool Emergency { get; private set; }

    public IReadOnlyList<string> EmergencyError { get; private set; } = ["HOST_STILL_BOOTING"];

    public bool UnixListening { get; private set; }

    public bool TcpListening { get; private set; }

    public bool InitComplete { get; private set; }

    public LocalDatabase Local { get; }

    public Sessions Sessions { get; }

    public Tasks Tasks { get; }

    public MasterLink Link { get; }

    public Liveness Liveness { get; }

    public DatabaseKeeper Keeper { get; }

    public VmOperations Vms { get; }

    public VmMemoryCalls VmMemory { get; }

    /// <summary>host.disable was called in this process: it knows nothing of an earlier one's.</summary>
    public bool DisabledByUser { get; set; }

    /// <summary>Nobody wants this host disabled.</summary>
    public bool MayBeEnabled => !DisabledByUser && !Local.DisabledUntilReboot && !Local.DisabledIndefinitely;

    public MethodTable Methods { get; }

    public string HostRef => Host.HostRef;

    /// <summary>The pool database; only an active master has it, and only once it is loaded.</summary>
    public Database Db => LoadedDb
        ?? throw new ApiException("INTERNAL_ERROR", "Db_exn.DBCache_NotFound(\"missing table\", \"\", \"\")");

    public Database? LoadedDb { get; private set; }

    public void OpenDatabase(Database database) => LoadedDb = database;

    public void OpenUnixSocket()
    {
        UnixListening = true;
        Host.ListeningChanged();
    }

    public void OpenTcp()
    {
        TcpListening = true;
        Host.ListeningChanged();
    }

    public void CompleteInit()
    {
        InitComplete = true;
        Host.Disk.Write(HostContext.InitCookie, "");
        Log("init_complete", ("role", Role.ToString()));
    }

    public void EnterEmergency(params string[] error)
    {
        if (Emergency && EmergencyError.SequenceEqual(error))
        {
            return;
        }

        Emergency = true;
        EmergencyError = error;
        Log("emergency", ("error", string.Join(' ', error)));
    }

    public void LeaveEmergency()
    {
        Emergency = false;
        Log("emergency_left");
    }

    /// <summary>Rewrites the role file for the next process.</summary>
    public void WriteRole(Role role)
    {
        Host.Disk.Write(Role.FileName, role.ToString());
        Log("role_written", ("role", role.ToString()));
    }

    /// <summary>Exit soon, so that systemd starts a process in the new role. Lit only once per process.</summary>
    public void LightFuse()
    {
        if (_fuseLit)
        {
            return;
        }

        _fuseLit = true;
        TimeSpan fuse = Host.Draw(Host.Timings.Fuse);
        Log("fuse", ("fuse_ms", Milliseconds(fuse)));
        Host.Scheduler.After(fuse, () => Exit(123));
    }

    public void Exit(int code)
    {
        if (!Alive)
        {
            return;
        }

        Alive = false;
        UnixListening = false;
        TcpListening = false;
        Host.Disk.Delete(HostContext.InitCookie);
        foreach (TaskCompletionSource<CallReply> call in _pending.Values.ToList())
        {
            call.TrySetResult(new CallReply.ConnectionLost("xapi exited"));
        }

        Log("toolstack_exit", ("code", code.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        _onExit(code);
    }

    public Task<CallReply> CallAsync(CallOrigin origin, string method, JsonArray parameters)
    {
        bool listening = origin == CallOrigin.Unix ? UnixListening : TcpListening;
        if (!listening)
        {
            return Task.FromResult<CallReply>(new CallReply.Refused("connection refused"));
        }

        long number = _nextCall++;
        var reply = new TaskCompletionSource<CallReply>();
        _pending[number] = reply;
        Host.Scheduler.After(CallTime(), () => _ = RunCallAsync(number, reply, origin, method, parameters));
        return reply.Task;
    }

    /// <summary>Goes on in this process only: after its end the returned task never completes.</summary>
    public async Task Delay(TimeSpan time)
    {
        await Host.Scheduler.Delay(time).ConfigureAwait(false);
        if (!Alive)
        {
            await Never.Task().ConfigureAwait(false);
        }
    }

    /// <summary>As <see cref="Delay(TimeSpan)"/>, for the pause of a loop (<see cref="IScheduler.Rest"/>).</summary>
    public async Task Rest(TimeSpan time, Func<bool> idle)
    {
        await Host.Scheduler.Rest(time, idle).ConfigureAwait(false);
        if (!Alive)
        {
            await Never.Task().ConfigureAwait(false);
        }
    }

    /// <summary>What a loop that asks in vain says of itself: with what is as it is, it goes on so.</summary>
    public static bool AsksOn() => true;

    public Task Delay(DurationRange range) => Delay(Host.Draw(range));

    /// <summary>Waits for work outside the process; its result reaches only a process that still lives.</summary>
    public async Task<T> Guard<T>(Task<T> work)
    {
        try
        {
            T result = await work.ConfigureAwait(false);
            if (Alive)
            {
                return result;
            }
        }
        catch (Exception) when (!Alive)
        {
            // Nobody is left who could care.
        }

        await Never.Task().ConfigureAwait(false);
        throw new System.Diagnostics.UnreachableException();
    }

    public async Task Guard(Task work) => await Guard(AsValue(work)).ConfigureAwait(false);

    /// <summary>As <see cref="Guard{T}"/>, but gives up after a limit.</summary>
    public async Task<T> GuardWithin<T>(Task<T> work, TimeSpan limit, Func<bool>? idle = null)
    {
        return await Guard(Host.Scheduler.WithinAsync(work, limit, idle)).ConfigureAwait(false)
            ? await Guard(work).ConfigureAwait(false)
            : throw new PeerUnreachableException($"no answer within {limit.TotalSeconds} s");
    }

    /// <summary>A call to the other host; hangs as the network lets it.</summary>
    public async Task<JsonNode?> AskPeerAsync(string address, string method, params JsonNode?[] parameters)
    {
        CallReply reply = await Guard(Host.Peer.CallAsync(address, method, new JsonArray(parameters)))
            .ConfigureAwait(false);
        return reply.Unwrap();
    }

    /// <summary>Work nobody waits for: an exception is a defect of the emulator and must not get lost.</summary>
    public void Background(Func<Task> work) => Host.Scheduler.After(TimeSpan.Zero, () => _ = ObserveAsync(work));

    public void Log(string name, params (string Key, string Value)[] fields) => Host.Log(name, fields);

    public Instant Now => Host.Scheduler.Now;

    public static string Milliseconds(TimeSpan time) =>
        ((long)time.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<bool> AsValue(Task work)
    {
        await work.ConfigureAwait(false);
        return true;
    }

    private TimeSpan CallTime() =>
        (Host.Draw(Host.Timings.Call) * Host.Faults.SlowFactor) + Host.Faults.SlowBy;

    private async Task RunCallAsync(
        long number, TaskCompletionSource<CallReply> reply, CallOrigin origin, string method, JsonArray parameters)
    {
        if (!Alive)
        {
            return;
        }

        CallReply result = await _dispatcher.DispatchAsync(origin, method, parameters).ConfigureAwait(false);
        _pending.Remove(number);
        reply.TrySetResult(result);
    }

    private async Task ObserveAsync(Func<Task> work)
    {
        if (!Alive)
        {
            return;
        }

        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log("background_error", ("error", error.Message));
        }
    }
}
