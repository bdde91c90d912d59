using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Ctl.Drills;

/// <summary>How a drill went.</summary>
/// <param name="ExitCode">Of ha-ctl: <see cref="Ctl.ExitCode.Ok"/> when it came to its end.</param>
/// <param name="BeginMs">When it began, Unix milliseconds; null when nothing was done or happened.</param>
/// <param name="Troubles">What went wrong, sentences.</param>
/// <param name="Text">What the operator must know beside the certificate; may be empty.</param>
internal sealed record DrillEnd(int ExitCode, long? BeginMs, List<string> Troubles, string Text);

/// <summary>
/// Plays a drill out of orders that exist. The daemons know nothing of it and protect as ever: whatever ends this process, a fenced
/// host rejoins by itself, and the maintenance of a handover ends by its own time.
/// </summary>
internal sealed class DrillRun(CtlContext context, GlobalOptions options, string socket, DrillTalk talk, TimeSpan limit, CancellationToken interrupted)
{
    private const int RestoreTries = 5;

    private readonly DrillWatch _watch = new(context, options, socket, talk, interrupted);

    public DrillEnd Play(DrillWish wish, StatusReport status) => wish.Kind switch
    {
        DrillKind.Handover => Handover(),
        DrillKind.Fence => Fence(),
        _ => Failover(wish, status),
    };

    private DrillEnd Handover()
    {
        var begin = NowMs();
        if (Order(new OperatorRequest.Maintenance(true, begin + (long)limit.TotalMilliseconds, "drill")) is { } refusal)
        {
            // An order without an answer may be carried out all the same.
            return refusal.ExitCode is ExitCode.Timeout or ExitCode.Garbled ? refusal with { BeginMs = begin, Text = Restored(Restore()) } : refusal;
        }

        var end = _watch.Until(status => status.State == nameof(HaStatus.Maintenance), status => WhyNotEmptied(status, begin), limit);
        var troubles = new List<string>();
        if (end != WatchEnd.Reached)
        {
            troubles.Add(Words(end));
        }

        // Whatever happened: the host must not stay under the promise.
        var restored = Restore();
        if (end == WatchEnd.Interrupted)
        {
            return new DrillEnd(restored ? ExitCode.Findings : ExitCode.Pending, begin, troubles, Restored(restored));
        }

        var back = restored ? _watch.Until(status => status is { State: nameof(HaStatus.Paired), Protected: true }, _ => null, limit) : WatchEnd.TimedOut;
        if (back != WatchEnd.Reached)
        {
            troubles.Add(back == WatchEnd.Interrupted ? "interrupted while the host was coming back" : $"the pool is not covered again after {Output.Words.Number(limit.TotalSeconds)} s: {Why()}");
        }

        return new DrillEnd(troubles.Count == 0 ? ExitCode.Ok : ExitCode.Findings, begin, troubles, back == WatchEnd.Reached ? "" : Restored(restored));
    }

    private DrillEnd Fence()
    {
        var begin = NowMs();
        if (Order(new OperatorRequest.FenceSelf()) is { } refusal)
        {
            return refusal;
        }

        var end = _watch.Until(status => IsBack(status) && HasFenced(begin), _ => null, limit);
        return end switch
        {
            WatchEnd.Reached => new DrillEnd(ExitCode.Ok, begin, [], ""),
            WatchEnd.Interrupted => new DrillEnd(ExitCode.Pending, begin, ["interrupted"],
                "Nothing has to be undone: the daemons finish the fence and the takeover, and the host rejoins by itself. Afterwards: ha-ctl drill report."),
            _ => new DrillEnd(ExitCode.Findings, begin, [$"the pool is not covered again after {Output.Words.Number(limit.TotalSeconds)} s: {Why()}"],
                "See what to do: ha-ctl status. Afterwards: ha-ctl drill report."),
        };
    }

    private DrillEnd Failover(DrillWish wish, StatusReport status)
    {
        var ordered = NowMs();
        if (wish.ByAgent && Order(new OperatorRequest.FencePeer()) is { } refusal)
        {
            return refusal;
        }

        talk.Say(wish.ByAgent ? $"{wish.Host} is being switched off." : $"NOW cut the power of {wish.Host}, or pull all its cables. Ctrl-C: nothing was done yet.");
        var gone = _watch.Until(IsTakingOver, WhyNoTakeover, limit);
        if (gone != WatchEnd.Reached)
        {
            return new DrillEnd(gone switch { WatchEnd.TimedOut => ExitCode.Timeout, WatchEnd.Interrupted => ExitCode.Pending, _ => ExitCode.Findings },
                wish.ByAgent || gone == WatchEnd.Failed ? ordered : null, [Words(gone)],
                wish.ByAgent ? $"{wish.Host} was ordered off: see ha-ctl events, and give it its power back." : "No order was given; the daemons protect as ever.");
        }

        var begin = _watch.LastHeardMs ?? ordered;
        var done = _watch.Until(now => now.State is nameof(HaStatus.Sole) or nameof(HaStatus.Paired), _ => null, limit);
        if (done == WatchEnd.Reached)
        {
            talk.Say($"{status.Host} has taken over. Now give {wish.Host} its power and its cables back. Ctrl-C: go on without waiting for it.");
        }

        var back = done == WatchEnd.Reached ? _watch.Until(IsBack, _ => null, limit) : done;
        return back == WatchEnd.Reached ? new DrillEnd(ExitCode.Ok, begin, [], "")
            : new DrillEnd(back == WatchEnd.Interrupted ? ExitCode.Pending : ExitCode.Findings, begin, [$"the pool is not covered again yet: {Why()}"],
                $"{status.Host} is alone until {wish.Host} is back; it joins by itself. Afterwards: ha-ctl drill report.");
    }

    /// <summary>An order that is refused ends the drill before it began.</summary>
    private DrillEnd? Order(OperatorRequest request)
    {
        var exchange = ControlClient.Ask(socket, request with { By = $"{context.Who ?? "somebody"}, for a drill" }, options.Timeout);
        return exchange.Answer switch
        {
            { Ok: true } => null,
            null => new DrillEnd(exchange.ExitCode, null, [exchange.Trouble], exchange.ExitCode == ExitCode.Unreachable ? "Nothing was done." : "Whether it is carried out shows ha-ctl status."),
            var answer => new DrillEnd(ExitCode.Refused, null, [answer.Text], "Nothing was done."),
        };
    }

    /// <summary>Ends the maintenance, also when the operator is gone.</summary>
    private bool Restore()
    {
        for (var attempt = 0; attempt < RestoreTries; attempt++)
        {
            if (ControlClient.Ask(socket, new OperatorRequest.Maintenance(false) { By = $"{context.Who ?? "somebody"}, for a drill" }, options.Timeout).Answer is { Ok: true })
            {
                talk.Say("The maintenance is ended.");
                return true;
            }

            Thread.Sleep(context.RoundPause);
        }

        return false;
    }

    private string Restored(bool restored)
    {
        var peerIsSilent = _watch.Status is { State: nameof(HaStatus.Maintenance), Peer: not { HeardAgeSeconds: < 10 } };
        return peerIsSilent ? $"{_watch.Status!.PeerHost} is silent, and this host is under its promise: only if {_watch.Status.PeerHost} is definitely off, ha-ctl takeover --peer-is-dead."
            : restored ? "The maintenance is ended; the host comes back by itself: ha-ctl status."
            : $"The maintenance could NOT be ended: ha-ctl maintenance off. It ends by itself {Output.Words.Number(limit.TotalMinutes)} min after its begin.";
    }

    private string? WhyNotEmptied(StatusReport status, long begin)
    {
        if (status.State is not (nameof(HaStatus.Paired) or nameof(HaStatus.Joining)))
        {
            return $"a real failure came between: {status.Host} is {status.State}: {status.Why}";
        }

        return _watch.Events().FirstOrDefault(line => line.UnixMs >= begin && line.Id == (int)HaEventId.Maintenance
            && line.Sentence.StartsWith("the maintenance is given up", StringComparison.Ordinal))?.Sentence;
    }

    private static string? WhyNoTakeover(StatusReport status) => status.State is nameof(HaStatus.Isolated) or nameof(HaStatus.Fencing) or nameof(HaStatus.Fenced)
        ? $"it was {status.Host} that lost its network: it is {status.State}: {status.Why}" : null;

    private static bool IsTakingOver(StatusReport status) => status.State is nameof(HaStatus.TakingOver) or nameof(HaStatus.Sole);

    private bool HasFenced(long begin) => _watch.Events().Any(line => line.UnixMs >= begin && line.Id == (int)HaEventId.FenceVerified);

    private static bool IsBack(StatusReport status) => status is { State: nameof(HaStatus.Paired), Protected: true };

    private string Why() => _watch.Status is not { } status ? "the daemon does not answer" : Verdict.Of(status).Remarks is [{ IsProblem: true } first, ..] ? first.Sentence : status.State;

    private string Words(WatchEnd end) => end switch
    {
        WatchEnd.Interrupted => "interrupted",
        WatchEnd.TimedOut => $"nothing came within {Output.Words.Number(limit.TotalSeconds)} s: {Why()}",
        _ => _watch.Failure,
    };

    private long NowMs() => context.Wall.GetUtcNow().ToUnixTimeMilliseconds();
}
