using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Xapi.Calls;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>One call on its way through a handler.</summary>
internal sealed class Call(XapiProcess process, CallOrigin origin, string method, string session, JsonArray arguments)
{
    public XapiProcess Process { get; } = process;

    public CallOrigin Origin { get; } = origin;

    public string Method { get; } = method;

    public string Session { get; } = session;

    /// <summary>Parameters without the session.</summary>
    public JsonArray Arguments { get; } = arguments;

    /// <summary>Key of this call in `current_operations`.</summary>
    public required string TaskRef { get; init; }

    public string Text(int index, string fallback = "") =>
        Value(index) is { } value ? value.TryGetValue(out string? text) ? text : value.ToJsonString() : fallback;

    public bool Flag(int index, bool fallback = false) =>
        Value(index) is not { } value ? fallback
        : value.TryGetValue(out bool flag) ? flag
        : throw new ApiException("INTERNAL_ERROR", "Rpc.Types.Unmarshalling: expected a boolean");

    public double Float(int index, double fallback = 0) =>
        Value(index) is not { } value ? fallback
        : value.TryGetValue(out string? text)
            ? double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);

    public JsonNode? Node(int index) => index < Arguments.Count ? Arguments[index] : null;

    private JsonValue? Value(int index) => Node(index) as JsonValue;
}

/// <summary>All methods this toolstack knows, with their parameter counts.</summary>
internal sealed class MethodTable
{
    private readonly XapiProcess _process;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly GenericCalls _generic;

    public MethodTable(XapiProcess process)
    {
        _process = process;
        _generic = new GenericCalls(process);
        SessionCalls.Register(this);
        PoolCalls.Register(this);
        RoleCalls.Register(this);
        HostCalls.Register(this);
        VmCalls.Register(this);
        EventCalls.Register(this);
        InternalCalls.Register(this);
    }

    public IEnumerable<string> Names => _entries.Keys.Concat(_generic.Names).Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal).Where(name => !name.StartsWith("emu.", StringComparison.Ordinal));

    /// <summary>A method with a session; counts exclude it.</summary>
    public void Add(string name, int required, int optional, Func<Call, Task<JsonNode?>> handler, bool mayBeAsync = true) =>
        _entries[name] = new Entry(required, optional, true, mayBeAsync, handler);

    public void Add(string name, int required, int optional, Func<Call, JsonNode?> handler, bool mayBeAsync = true) =>
        Add(name, required, optional, call => Task.FromResult(handler(call)), mayBeAsync);

    public void AddWithoutSession(string name, int required, int optional, Func<Call, Task<JsonNode?>> handler) =>
        _entries[name] = new Entry(required, optional, false, false, handler);

    public void AddWithoutSession(string name, int required, int optional, Func<Call, JsonNode?> handler) =>
        AddWithoutSession(name, required, optional, call => Task.FromResult(handler(call)));

    public async Task<JsonNode?> ExecuteAsync(CallOrigin origin, string method, JsonArray parameters)
    {
        bool isAsync = method.StartsWith("Async.", StringComparison.Ordinal);
        string name = isAsync ? method[6..] : method;
        Entry? entry = Find(origin, name, isAsync);
        if (entry is null)
        {
            await CheckFirstAsync(origin, parameters).ConfigureAwait(false);
            throw new ApiException("MESSAGE_METHOD_UNKNOWN", method);
        }

        int received = parameters.Count - (entry.TakesSession ? 1 : 0);
        if (received < entry.Required || (entry.Optional == 0 && received > entry.Required))
        {
            throw new ApiException("MESSAGE_PARAMETER_COUNT_MISMATCH", method, $"{entry.Required}", $"{Math.Max(received, 0)}");
        }

        string session = entry.TakesSession ? (string?)parameters[0] ?? "" : "";
        if (entry.TakesSession && origin != CallOrigin.Internal)
        {
            await _process.Sessions.CheckAsync(origin, session).ConfigureAwait(false);
        }

        JsonArray arguments = [.. parameters.Skip(entry.TakesSession ? 1 : 0).Select(Normal)];
        if (_process.IsMaster || !entry.NeedsMaster(name))
        {
            return await RunAsync(origin, name, isAsync, entry, session, arguments).ConfigureAwait(false);
        }

        // A local session on a member's TCP port: the logic would run here with its database over the link.
        var inner = new JsonArray([session, .. arguments.Select(node => node?.DeepClone())]);
        return await _process.Link.DbAsync("emu.db_call", method, inner).ConfigureAwait(false);
    }

    /// <summary>The session is looked at before the name: with a bad one nobody learns which methods there are.</summary>
    private async Task CheckFirstAsync(CallOrigin origin, JsonArray parameters)
    {
        if (origin != CallOrigin.Internal && parameters.Count > 0
            && parameters[0] is JsonValue first && first.TryGetValue(out string? session))
        {
            await _process.Sessions.CheckAsync(origin, session).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// A copy as it would arrive over a wire: an in-process caller's `5` is an Int32 that nobody could read as Int64.
    /// </summary>
    private static JsonNode? Normal(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number
            ? JsonNode.Parse(value.ToJsonString())
            : node?.DeepClone();

    private async Task<JsonNode?> RunAsync(
        CallOrigin origin, string name, bool isAsync, Entry entry, string session, JsonArray arguments)
    {
        if (!isAsync)
        {
            var call = new Call(_process, origin, name, session, arguments) { TaskRef = _process.Host.NewRef() };
            return await entry.Handler(call).ConfigureAwait(false) ?? "";
        }

        return _process.Tasks.Start(name, task =>
            entry.Handler(new Call(_process, origin, name, session, arguments) { TaskRef = task }));
    }

    private Entry? Find(CallOrigin origin, string name, bool isAsync)
    {
        if (name.StartsWith("emu.", StringComparison.Ordinal) && origin != CallOrigin.Internal)
        {
            return null;
        }

        if (Dispatcher.IsAliveProbe(name))
        {
            name = "system.isAlive";
        }

        Entry? entry = _entries.GetValueOrDefault(name) ?? _generic.Find(name);
        return isAsync && entry is { MayBeAsync: false } ? null : entry;
    }

    internal sealed record Entry(
        int Required, int Optional, bool TakesSession, bool MayBeAsync, Func<Call, Task<JsonNode?>> Handler)
    {
        private static readonly string[] LocalPrefixes =
            ["emu.", "session.", "system.", "pool.emergency", "pool.is_slave", "host.is_in_", "host.local_", "host.shutdown_agent"];

        private static readonly string[] LocalNames =
            ["host.propose_new_master", "host.commit_new_master", "host.abort_new_master", "host.emergency_ha_disable"];

        /// <summary>Everything that is not about the receiving host alone works on the master's database.</summary>
        public bool NeedsMaster(string name) =>
            !LocalPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && !LocalNames.Contains(name);
    }
}
