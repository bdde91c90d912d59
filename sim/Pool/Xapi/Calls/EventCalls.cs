using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>event.from with tokens, merged snapshots and valid_ref_counts (xapi.md 10.1).</summary>
internal static class EventCalls
{
    public static void Register(MethodTable table)
    {
        table.Add("event.from", 3, 0, FromAsync, mayBeAsync: false);
        table.Add("event.inject", 2, 0, call => Inject(call), mayBeAsync: false);
        table.Add("event.get_current_id", 0, 0, call => call.Process.Db.Generation, mayBeAsync: false);
    }

    private static async Task<JsonNode?> FromAsync(Call call)
    {
        XapiProcess process = call.Process;
        Database db = process.Db;
        List<Subscription> wanted = [.. call.Node(0)!.AsArray().Select(node => Subscription.Parse((string?)node ?? ""))];
        long since = ParseToken(call.Text(1));
        Instant end = process.Now + TimeSpan.FromSeconds(Math.Min(call.Float(2), 3600));
        while (true)
        {
            JsonArray events = Collect(db, wanted, since);
            if (events.Count > 0 || since < 0 || process.Now >= end)
            {
                return Answer(db, wanted, events);
            }

            await ChangedAsync(process, end - process.Now).ConfigureAwait(false);
            await process.Delay(process.Host.Timings.EventBatch).ConfigureAwait(false);
            if (!process.Sessions.IsLocal(call.Session) && !process.Sessions.IsNormal(call.Session))
            {
                throw new ApiException("SESSION_INVALID", call.Session);
            }
        }
    }

    private static JsonNode Inject(Call call)
    {
        Subscription wanted = Subscription.Parse(call.Text(0));
        Row row = Database.Classes.Where(wanted.MatchesClass)
            .Select(@class => call.Process.Db.Find(@class, call.Text(1))).OfType<Row>().FirstOrDefault()
            ?? throw new ApiException("HANDLE_INVALID", call.Text(0), call.Text(1));
        row.Touch();
        return Token(call.Process.Db.Generation);
    }

    private static async Task ChangedAsync(XapiProcess process, TimeSpan limit)
    {
        var changed = new TaskCompletionSource();

        // Completed from a callback of its own: the change must be finished before anybody looks.
        void OnChange() => process.Host.Scheduler.After(TimeSpan.Zero, () => changed.TrySetResult());
        process.Db.Changed += OnChange;
        try
        {
            await process.Guard(Task.WhenAny(changed.Task, process.Host.Scheduler.Delay(limit))).ConfigureAwait(false);
        }
        finally
        {
            process.Db.Changed -= OnChange;
        }
    }

    /// <summary>The empty token means everything now; it is held as -1.</summary>
    private static long ParseToken(string token)
    {
        if (token.Length == 0)
        {
            return -1;
        }

        return long.TryParse(token.Split(',')[0], System.Globalization.CultureInfo.InvariantCulture, out long generation)
            ? generation
            : throw new ApiException("EVENT_FROM_TOKEN_PARSE_FAILURE", token);
    }

    private static string Token(long generation) => $"{generation:D20},{0:D20}";

    private static JsonArray Collect(Database db, List<Subscription> wanted, long since)
    {
        var events = new JsonArray();
        foreach (Row row in Matching(db, wanted).Where(row => row.Modified > since).OrderBy(row => row.Modified))
        {
            events.Add((JsonNode)Event(row.Modified, row.Class, row.Created > since ? "add" : "mod", row.Ref, Records.Of(db, row)));
        }

        foreach ((long generation, string @class, string reference) in db.Deleted)
        {
            if (since >= 0 && generation > since && wanted.Exists(w => w.Matches(@class, reference)))
            {
                events.Add((JsonNode)Event(generation, @class, "del", reference, null));
            }
        }

        return events;
    }

    private static IEnumerable<Row> Matching(Database db, List<Subscription> wanted) => Database.Classes
        .Where(@class => wanted.Exists(w => w.MatchesClass(@class)))
        .SelectMany(@class => db.All(@class).Where(row => wanted.Exists(w => w.Matches(@class, row.Ref))));

    private static JsonObject Event(long id, string @class, string operation, string reference, JsonNode? snapshot)
    {
        var result = new JsonObject
        {
            ["id"] = id,
            ["timestamp"] = "0.0",
            ["class"] = @class.ToLowerInvariant(),
            ["operation"] = operation,
            ["ref"] = reference,
        };
        if (snapshot is not null)
        {
            result["snapshot"] = snapshot;
        }

        return result;
    }

    private static JsonObject Answer(Database db, List<Subscription> wanted, JsonArray events)
    {
        var counts = new JsonObject();
        foreach (string @class in Database.Classes.Where(@class => wanted.Exists(w => w.MatchesClass(@class))))
        {
            counts[@class.ToLowerInvariant()] = (long)db.All(@class).Count;
        }

        return new JsonObject { ["events"] = events, ["valid_ref_counts"] = counts, ["token"] = Token(db.Generation) };
    }

    /// <summary>`*`, a class, or `class/reference`; lower-cased on input.</summary>
    private sealed record Subscription(string Class, string? Ref)
    {
        public static Subscription Parse(string text)
        {
            string[] parts = text.Split('/', 2);
            string @class = parts[0].ToLowerInvariant();
            if (@class != "*" && !Database.Classes.Any(known => known.Equals(@class, StringComparison.OrdinalIgnoreCase)))
            {
                throw new ApiException("EVENT_SUBSCRIPTION_PARSE_FAILURE", text);
            }

            return new Subscription(@class, parts.Length > 1 ? parts[1] : null);
        }

        public bool MatchesClass(string @class) =>
            Class == "*" || @class.Equals(Class, StringComparison.OrdinalIgnoreCase);

        public bool Matches(string @class, string reference) =>
            MatchesClass(@class) && (Ref is null || reference.Equals(Ref, StringComparison.OrdinalIgnoreCase));
    }
}
