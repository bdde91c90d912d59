using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>Verbs of the control socket; all run on the toolstack's thread.</summary>
internal sealed class BmcCommands
{
    private readonly EmulatedNode _node;
    private readonly SortedDictionary<string, Func<JsonObject, Task<JsonObject>>> _verbs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _attended = [];
    private long _attendances;

    public BmcCommands(EmulatedNode node)
    {
        _node = node;
        _verbs["status"] = _ => Task.FromResult(Status());
        _verbs["verbs"] = _ => Task.FromResult(new JsonObject { ["verbs"] = new JsonArray([.. _verbs.Keys.Select(v => (JsonNode)v)]) });
        AddToolstackFaults();
        AddServiceVerbs();
        AddHostVerbs();
        AddDaemonVerbs();
    }

    private ToolstackFaults Faults => _node.Toolstack.Faults;

    public Task<JsonObject> ExecuteAsync(JsonObject request)
    {
        string verb = (string?)request["verb"] ?? throw new FormatException("no verb");
        if (!_verbs.TryGetValue(verb, out Func<JsonObject, Task<JsonObject>>? handler))
        {
            throw new FormatException($"unknown verb '{verb}', ask for 'verbs'");
        }

        if (verb is not ("status" or "verbs"))
        {
            _node.Log("bmc", ("request", request.ToJsonString()));
        }

        return handler(request);
    }

    /// <summary>The process that attended a unit is gone; of no effect when another attends it by now.</summary>
    public void Unattended(string unit, long attendance)
    {
        if (_attended.GetValueOrDefault(unit) == attendance)
        {
            _attended.Remove(unit);
            KillUnit(unit);
        }
    }

    private JsonObject Attend(string unit)
    {
        // Systemd starts a unit when its predecessor is dead; the news of that may come here later.
        if (_attended.ContainsKey(unit))
        {
            KillUnit(unit);
        }

        _attended[unit] = ++_attendances;
        if (unit == "xapi")
        {
            _node.Toolstack.Start();
        }
        else
        {
            _node.Toolstack.StartBuilder();
        }

        return new JsonObject { ["attended"] = unit, ["attendance"] = _attendances };
    }

    private void KillUnit(string unit)
    {
        _node.Log("unit_ended", ("unit", unit));
        _node.Toolstack.KillUnit(builder: unit == "xenopsd-xc");
    }

    private void AddToolstackFaults()
    {
        Add("hang", request => Faults.HangAll = On(request));
        Add("hang-database", request => Faults.HangDatabase = On(request));
        Add("slow", request =>
        {
            Faults.SlowFactor = Number(request, "factor", 1);
            Faults.SlowBy = TimeSpan.FromMilliseconds(Number(request, "ms", 0));
        });
        Add("refuse", request => Faults.Refuse(Text(request, "method"), (int)Number(request, "times", 1), Error(request)));
        Add("lose-answer", request => Faults.LoseAnswer(Text(request, "method"), (int)Number(request, "times", 1)));
        Add("stale-database", request => Faults.StaleDatabase = On(request));
        Add("fail-next-start", request => Faults.NextVmStartFails = Error(request));
        Add("declare-dead-hook", request => Faults.PreDeclareDeadHookExit = (int)Number(request, "exit", 0));
        Add("designate-fails", request => Faults.DesignateFails = On(request));
        Add("native-ha", request => _node.Toolstack.SetNativeHa(On(request)));
        Add("clear", _ =>
        {
            Faults.Clear();
            _node.Storage.PathUp = true;
        });
    }

    private void AddServiceVerbs()
    {
        Add("crash", _ => _node.Toolstack.Crash());
        Add("start", _ => _node.Toolstack.Start());
        Add("update", _ => _node.Toolstack.Update());
        _verbs["attend"] = request => Task.FromResult(Attend(Text(request, "unit")));
        AddAsync("shutdown-vms", _ => _node.Toolstack.ShutDownVmsAsync());
        AddAsync("stop", _ => _node.Toolstack.StopAsync());
        AddAsync("restart", async request =>
        {
            await _node.Toolstack.StopAsync().ConfigureAwait(false);
            await _node.Scheduler.Delay(TimeSpan.FromMilliseconds(Number(request, "ms", 0))).ConfigureAwait(false);
            _node.Toolstack.Start();
        });
    }

    private void AddHostVerbs()
    {
        Add("storage", request => _node.Storage.PathUp = On(request));
        Add("drain", request => _node.Domains.DrainTime = TimeSpan.FromMilliseconds(Number(request, "ms", 0)));
        Add("domain-crash", request =>
        {
            Domain domain = _node.Domains.List().FirstOrDefault(domain => domain.VmUuid == Text(request, "uuid"))
                ?? throw new FormatException("no such domain here");
            _node.Domains.Destroy(domain.Domid);
        });
        Add("refuse-kill", request =>
        {
            string mark = Path.Combine(_node.Directory.RefuseKill, Text(request, "uuid"));
            if (On(request))
            {
                File.WriteAllText(mark, "");
            }
            else
            {
                File.Delete(mark);
            }
        });
        Add("strike", request => _node.Strikes.Arm(Text(request, "step"), Text(request, "moment"), Text(request, "victim")));
        Add("reset", _ => _node.Die("reset", EmulatedNode.ExitReset));
        Add("shutdown", _ => _node.BeginShutdown());
    }

    private void AddDaemonVerbs()
    {
        Add("start-daemon", _ => _node.Daemon.Start());
        Add("kill-daemon", _ => _node.Daemon.Signal(Native.SigKill));
        Add("stop-daemon", _ => _node.Daemon.Signal(Native.SigStop));
        Add("cont-daemon", _ => _node.Daemon.Signal(Native.SigCont));
        Add("term-daemon", _ => _node.Daemon.Signal(Native.SigTerm));
    }

    private JsonObject Status()
    {
        ToolstackStatus status = _node.Toolstack.Status;
        return new JsonObject
        {
            ["host"] = _node.HostName,
            ["service"] = status.Service.ToString().ToLowerInvariant(),
            ["role_file"] = status.RoleFile,
            ["cached_role"] = status.CachedRole,
            ["emergency"] = status.Emergency,
            ["emergency_error"] = Strings(status.EmergencyError),
            ["unix_listening"] = status.UnixListening,
            ["tcp_listening"] = status.TcpListening,
            ["init_complete"] = status.InitComplete,
            ["database_generation"] = status.DatabaseGeneration,
            ["updates"] = _node.Toolstack.Updates,
            ["hang"] = Faults.HangAll,
            ["hang_database"] = Faults.HangDatabase,
            ["storage"] = _node.Storage.PathUp,
            ["domains"] = new JsonArray([.. _node.Domains.List().Select(domain => (JsonNode)new JsonObject
            {
                ["domid"] = domain.Domid,
                ["uuid"] = domain.VmUuid,
                ["name"] = domain.VmName,
                ["pid"] = _node.Domains.PidOf(domain.Domid),
            })]),
            ["calls"] = new JsonObject(_node.Toolstack.Calls.Select(call => KeyValuePair.Create(call.Key, (JsonNode?)call.Value))),
            ["watchdog_remaining_ms"] = _node.WatchdogRemaining?.TotalMilliseconds,
            ["daemon_pid"] = _node.Daemon.Pid,
            ["node_pid"] = Environment.ProcessId,
        };
    }

    private void Add(string verb, Action<JsonObject> handler) => _verbs[verb] = request =>
    {
        handler(request);
        return Task.FromResult(new JsonObject());
    };

    private void AddAsync(string verb, Func<JsonObject, Task> handler) => _verbs[verb] = async request =>
    {
        await handler(request).ConfigureAwait(false);
        return [];
    };

    /// <summary>`"on": false` switches off; absent means on.</summary>
    private static bool On(JsonObject request) => (bool?)request["on"] ?? true;

    private static string Text(JsonObject request, string name) =>
        (string?)request[name] ?? throw new FormatException($"'{name}' is missing");

    private static double Number(JsonObject request, string name, double fallback) =>
        (double?)request[name] ?? fallback;

    private static string[] Error(JsonObject request) => request["error"] is JsonArray error
        ? [.. error.Select(node => (string?)node ?? "")]
        : throw new FormatException("'error' must be an array: a code and its parameters");

    private static JsonArray Strings(IEnumerable<string> items) => [.. items.Select(item => (JsonNode)item)];
}
