using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>Async calls (xapi.md 1.3). Tasks are rows of the master's memory and are forgotten with the process.</summary>
internal sealed class Tasks(XapiProcess process)
{
    private static readonly TimeSpan CompletedKept = TimeSpan.FromMinutes(65);

    /// <summary>Starts the call and answers with a task at once.</summary>
    public string Start(string method, Func<string, Task<JsonNode?>> work)
    {
        string reference = process.Host.NewRef();
        Row task = process.Db.Add("task", reference, new JsonObject
        {
            ["uuid"] = reference["OpaqueRef:".Length..],
            ["name_label"] = "Async." + method,
            ["name_description"] = "",
            ["status"] = "pending",
            ["progress"] = 0.0,
            ["created"] = Timestamp(),
            ["finished"] = "19700101T00:00:00Z",
            ["result"] = "",
            ["error_info"] = new JsonArray(),
            ["resident_on"] = process.HostRef,
            ["type"] = "<none/>",
            ["other_config"] = new JsonObject(),
            ["current_operations"] = new JsonObject(),
            ["allowed_operations"] = new JsonArray(),
        });
        process.Background(() => RunAsync(task, work));
        return reference;
    }

    public void Cancel(string reference)
    {
        Row task = process.Db.Get("task", reference);
        if (task.Text("status") == "pending")
        {
            Finish(task, "cancelled", "", ["TASK_CANCELLED", reference]);
        }
    }

    public string Timestamp()
    {
        // A virtual run must not read the wall clock: time of day is derived from the scheduler's clock.
        DateTime time = DateTime.UnixEpoch.AddYears(50).Add(TimeSpan.FromTicks(process.Now.Ticks));
        return time.ToString("yyyyMMdd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task RunAsync(Row task, Func<string, Task<JsonNode?>> work)
    {
        try
        {
            JsonNode? result = await work(task.Ref).ConfigureAwait(false);
            bool isVoid = result is null || (result is JsonValue value && value.TryGetValue(out string? text) && text.Length == 0);
            Finish(task, "success", isVoid ? "" : XmlValue.Of(result), []);
        }
        catch (ApiException error)
        {
            Finish(task, "failure", "", error.Error);
        }
        catch (Exception error)
        {
            Finish(task, "failure", "", ["INTERNAL_ERROR", error.Message]);
        }
    }

    private void Finish(Row task, string status, string result, IReadOnlyList<string> error)
    {
        if (task.Text("status") != "pending")
        {
            return;
        }

        task.Set("status", status);
        task.Set("progress", 1.0);
        task.Set("finished", Timestamp());
        task.Set("result", result);
        task.Set("error_info", new JsonArray([.. error.Select(text => (JsonNode)text)]));
        process.Host.Scheduler.After(CompletedKept, () => process.LoadedDb?.Remove(task));
    }
}
