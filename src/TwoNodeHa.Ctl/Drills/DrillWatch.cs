using System.Diagnostics;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Ctl.Drills;

/// <summary>How a wait ended.</summary>
internal enum WatchEnd
{
    /// <summary>What was waited for is so.</summary>
    Reached,

    /// <summary>Something else happened.</summary>
    Failed,

    /// <summary>The operator, or his terminal.</summary>
    Interrupted,

    /// <summary>Not within the bound.</summary>
    TimedOut,
}

/// <summary>Looks at the daemon's status again and again, says each change of state, and remembers when the other host was last heard.</summary>
internal sealed class DrillWatch(CtlContext context, GlobalOptions options, string socket, DrillTalk talk, CancellationToken interrupted)
{
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private string _said = "";

    /// <summary>The newest status; null before the first, it stays when the daemon does not answer.</summary>
    public StatusReport? Status { get; private set; }

    /// <summary>When the last heartbeat of the other host came before a takeover, Unix milliseconds; null while it was never heard.</summary>
    public long? LastHeardMs { get; private set; }

    /// <summary>Why <see cref="WatchEnd.Failed"/>, a sentence.</summary>
    public string Failure { get; private set; } = "";

    /// <param name="reached">What is waited for.</param>
    /// <param name="failed">Why it will not come, as a sentence; null while it may.</param>
    /// <param name="limit">Bound of the wait.</param>
    public WatchEnd Until(Func<StatusReport, bool> reached, Func<StatusReport, string?> failed, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (Look() is { } status)
            {
                if (reached(status))
                {
                    return WatchEnd.Reached;
                }

                if (failed(status) is { } why)
                {
                    Failure = why;
                    return WatchEnd.Failed;
                }
            }

            if (watch.Elapsed >= limit)
            {
                return WatchEnd.TimedOut;
            }

            if (interrupted.WaitHandle.WaitOne(context.ConfirmPause))
            {
                return WatchEnd.Interrupted;
            }
        }
    }

    /// <summary>Events of this host's daemon, oldest first; none when it does not answer.</summary>
    public EventLine[] Events() => ControlClient.Ask(socket, new ControlRequest.Events(), options.Timeout).Answer?.Events ?? [];

    private StatusReport? Look()
    {
        if (ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout).Answer?.Status is not { } status)
        {
            Tell("the daemon does not answer");
            return null;
        }

        Status = status;
        if (status.State is nameof(HaStatus.Paired) or nameof(HaStatus.Suspecting) or nameof(HaStatus.Holding) && status.Peer?.HeardAgeSeconds is { } age)
        {
            LastHeardMs = context.Wall.GetUtcNow().ToUnixTimeMilliseconds() - (long)(1000 * age);
        }

        Tell($"{status.Host} {status.State}, {status.PeerHost} {status.Peer?.State ?? "unheard"}"
            + (status.TakeoverStep.Length > 0 ? $" ({status.TakeoverStep})" : ""));
        return status;
    }

    private void Tell(string words)
    {
        if (words != _said)
        {
            _said = words;
            talk.Say(string.Create(CultureInfo.InvariantCulture, $"{_since.Elapsed.TotalSeconds,7:0.0} s  {words}"));
        }
    }
}
