using System.Collections.Concurrent;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Control;

/// <summary>Turns requests of the control socket into answers: what is published is read, the rest is asked of the loop.</summary>
internal sealed class ControlDesk(
    Func<StatusReport> status, Func<int, EventLine[]> events, IObservationSink sink, TimeProvider wall, string version,
    TimeSpan? patience = null)
{
    private static readonly string[] Verbs = ["status", "events", "enable", "disable", "maintenance", "takeover", "fence", "guard", "depart", "version"];

    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<OperatorReply>> _waiting = new();
    private long _lastId;

    /// <summary>The loop's answer to a request.</summary>
    public void Reply(Command.Reply reply)
    {
        if (_waiting.TryRemove(reply.RequestId, out var waiter))
        {
            waiter.TrySetResult(reply.Answer);
        }
    }

    public Task<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancel) => request.Verb switch
    {
        // JSON's null passes the deserialiser whatever the type says.
        null => Task.FromResult(Error($"not a request: verb is null; known are: {string.Join(", ", Verbs)}")),
        "status" => Task.FromResult(new ControlAnswer { Ok = true, Status = status() }),
        "events" => Task.FromResult(new ControlAnswer { Ok = true, Events = events(Math.Max(0, request.Last)) }),
        "version" => Task.FromResult(new ControlAnswer { Ok = true, Text = version }),
        "enable" => AskAsync(new OperatorRequest.Enable(), cancel),
        // A reason that is left out arrives as null: the generated reader sets every init property.
        "disable" => AskAsync(new OperatorRequest.Disable(Until(request.ForSeconds), request.Reason ?? ""), cancel),
        "maintenance" => AskAsync(new OperatorRequest.Maintenance(request.On), cancel),
        "takeover" when !request.PeerIsDead => Task.FromResult(Error(
            "a takeover by hand needs your word that the other host is off: peer_is_dead = true (ha-ctl takeover --peer-is-dead)")),
        "takeover" => AskAsync(new OperatorRequest.Takeover(), cancel),
        "fence" => AskAsync(new OperatorRequest.FenceSelf(), cancel),
        "depart" => AskAsync(new OperatorRequest.Depart(), cancel),
        "guard" => AskAsync(new OperatorRequest.BootGuard(), cancel),
        _ => Task.FromResult(Error($"unknown verb '{Shorten(request.Verb)}'; known are: {string.Join(", ", Verbs)}")),
    };

    private long Until(double seconds) => seconds > 0
        ? wall.GetUtcNow().ToUnixTimeMilliseconds() + (long)Math.Min(seconds * 1000, 1e14)
        : 0;

    private async Task<ControlAnswer> AskAsync(OperatorRequest request, CancellationToken cancel)
    {
        var id = Interlocked.Increment(ref _lastId);
        var waiter = new TaskCompletionSource<OperatorReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = waiter;
        sink.Post(new Observation.OperatorAsked(id, request));
        try
        {
            var reply = await waiter.Task.WaitAsync(_patience, cancel);
            return new ControlAnswer { Ok = reply.Accepted, Pending = reply.Pending, Text = reply.Text };
        }
        catch (TimeoutException)
        {
            return Error($"the loop did not answer within {_patience.TotalSeconds:0.#} s; the request may still be carried out");
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static ControlAnswer Error(string text) => new() { Ok = false, Text = text };
}
