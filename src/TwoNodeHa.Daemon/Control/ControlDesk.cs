using System.Collections.Concurrent;
using System.Diagnostics;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Control;

/// <summary>Turns requests of the control socket into answers: what is published is read, the rest is asked of the loop.</summary>
internal sealed class ControlDesk(
    Func<StatusReport> status, Func<int, EventLine[]> events, IObservationSink sink, string version,
    Action<HaEvent> tell, Func<VmReport> vms, TimeSpan? patience = null)
{
    private const int ByMax = 200;

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

    public Task<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancel) => request switch
    {
        ControlRequest.Status => Task.FromResult(new ControlAnswer { Ok = true, Status = status() }),
        ControlRequest.Vms => Task.FromResult(new ControlAnswer { Ok = true, Vms = vms() }),
        ControlRequest.Events asked => Task.FromResult(new ControlAnswer { Ok = true, Events = events(Math.Max(0, asked.Last)) }),
        ControlRequest.Version => Task.FromResult(new ControlAnswer { Ok = true, Text = version }),
        OperatorRequest { Lacks: { } lacks } => Task.FromResult(Error(lacks)),
        OperatorRequest order => AskAsync(Noted(order), cancel),
        _ => throw new UnreachableException(request.Verb),
    };

    /// <summary>Who changed what belongs into the history of both the host and the auditor; units of systemd are no operators.</summary>
    private OperatorRequest Noted(OperatorRequest order)
    {
        if (order is not (OperatorRequest.Depart or OperatorRequest.BootGuard))
        {
            var by = order.By is { Length: > 0 } name ? Printable(name) : "an unnamed client";
            tell(new HaEvent(HaEventId.OperatorAsked, Severity.Notice, $"{order.Verb} was asked for by {by}"));
        }

        return order;
    }

    private static string Printable(string text) =>
        string.Concat(text.Take(ByMax).Select(character => char.IsControl(character) ? '?' : character));

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

    private static ControlAnswer Error(string text) => new() { Ok = false, Text = text };
}
