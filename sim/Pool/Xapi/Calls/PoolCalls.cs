using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>The remaining pool.* calls, tasks and messages.</summary>
internal static class PoolCalls
{
    public static void Register(MethodTable table)
    {
        table.Add("pool.sync_database", 0, 0, SyncAsync);
        table.Add("task.cancel", 1, 0, call => Cancel(call), mayBeAsync: false);
        table.Add("task.destroy", 1, 0, call => Destroy(call, "task"), mayBeAsync: false);
        table.Add("message.create", 5, 0, call => MessageCalls.Create(
            call.Process, call.Text(0), (long)call.Float(1), call.Text(2), call.Text(3), call.Text(4)));
        table.Add("message.destroy", 1, 0, call => Destroy(call, "message"));
    }

    private static async Task<JsonNode?> SyncAsync(Call call)
    {
        await call.Process.Keeper.SyncAllAsync().ConfigureAwait(false);
        return null;
    }

    private static JsonNode? Cancel(Call call)
    {
        call.Process.Tasks.Cancel(call.Text(0));
        return null;
    }

    private static JsonNode? Destroy(Call call, string @class)
    {
        call.Process.Db.Remove(call.Process.Db.Get(@class, call.Text(0)));
        return null;
    }
}

/// <summary>Alerts (xapi.md 10.2): they stay with the master that wrote them.</summary>
internal static class MessageCalls
{
    private static readonly IReadOnlyDictionary<string, string> Tables = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["VM"] = "VM",
        ["Host"] = "host",
        ["SR"] = "SR",
        ["Pool"] = "pool",
        ["VDI"] = "VDI",
    };

    public static JsonNode Create(XapiProcess process, string name, long priority, string @class, string uuid, string body)
    {
        if (!Tables.TryGetValue(@class, out string? table) || process.Db.FindByUuid(table, uuid) is null)
        {
            throw new ApiException("UUID_INVALID", @class, uuid);
        }

        string reference = process.Host.NewRef();
        process.Db.Add("message", reference, new JsonObject
        {
            ["uuid"] = reference["OpaqueRef:".Length..],
            ["name"] = name,
            ["priority"] = priority,
            ["cls"] = @class,
            ["obj_uuid"] = uuid,
            ["timestamp"] = process.Tasks.Timestamp(),
            ["body"] = body,
        });
        process.Log("message", ("name", name));
        return reference;
    }
}
