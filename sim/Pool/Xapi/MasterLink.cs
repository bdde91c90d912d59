using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>
/// The database link of a member: one call at a time, retried for ever with a delay that doubles
/// (`master_connection_retry_timeout = -1`, xapi.md 2.2). On the master the same calls run in place.
/// </summary>
internal sealed class MasterLink(XapiProcess process)
{
    private Task _last = Task.CompletedTask;
    private TaskCompletionSource? _sleeper;

    /// <summary>Runs one of the `emu.db_*` operations against the database of the active master.</summary>
    public async Task<JsonNode?> DbAsync(string operation, params JsonNode?[] parameters)
    {
        if (process.IsMaster)
        {
            return await process.Methods.ExecuteAsync(CallOrigin.Internal, operation, new JsonArray(parameters))
                .ConfigureAwait(false);
        }

        if (process.Role.Kind == RoleKind.Broken)
        {
            await Never.Task().ConfigureAwait(false);
        }

        Task before = _last;
        var mine = new TaskCompletionSource();
        _last = mine.Task;
        await process.Guard(before).ConfigureAwait(false);
        try
        {
            return await AskForEverAsync(operation, parameters).ConfigureAwait(false);
        }
        finally
        {
            mine.SetResult();
        }
    }

    /// <summary>`pool.is_slave` wakes a link that sleeps between two attempts.</summary>
    public void Wake() => _sleeper?.TrySetResult();

    private async Task<JsonNode?> AskForEverAsync(string operation, JsonNode?[] parameters)
    {
        DurationRange retry = process.Host.Timings.LinkRetry;
        TimeSpan delay = retry.Min;
        while (true)
        {
            try
            {
                CallReply reply = await process.GuardWithin(
                    process.Host.Peer.CallAsync(process.Role.MasterAddress, operation, Clone(parameters)),
                    process.Host.Timings.LinkWatchdog, XapiProcess.AsksOn).ConfigureAwait(false);
                if (reply is not CallReply.Failure { Error: ["HOST_IS_SLAVE", ..] or ["INTERNAL_ERROR", ..] })
                {
                    return reply.Unwrap();
                }
            }
            catch (Exception error) when (error is PeerUnreachableException or PeerLostException)
            {
                // The next attempt tells.
            }

            await SleepAsync(delay).ConfigureAwait(false);
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, retry.Max.Ticks));
        }
    }

    private async Task SleepAsync(TimeSpan delay)
    {
        _sleeper = new TaskCompletionSource();
        await process.Guard(Task.WhenAny(_sleeper.Task, process.Host.Scheduler.Rest(delay, XapiProcess.AsksOn))).ConfigureAwait(false);
        _sleeper = null;
    }

    private static JsonArray Clone(JsonNode?[] parameters) => [.. parameters.Select(node => node?.DeepClone())];
}
