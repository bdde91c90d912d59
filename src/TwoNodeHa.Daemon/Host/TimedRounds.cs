namespace TwoNodeHa.Daemon.Host;

/// <summary>Rounds by a timer, beside the loop: one at a time, and one that is due while another lasts is left out.</summary>
internal sealed class TimedRounds : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _busy = new(1, 1);
    private readonly Func<CancellationToken, Task> _round;
    private readonly Action<Exception> _failed;
    private readonly ITimer _timer;

    /// <param name="round">One round; it ends by itself.</param>
    /// <param name="every">From the start to the first round, and from each to the next.</param>
    /// <param name="time">Clock of the timer.</param>
    /// <param name="failed">Takes what nobody foresaw; the next round comes all the same.</param>
    public TimedRounds(Func<CancellationToken, Task> round, TimeSpan every, TimeProvider time, Action<Exception> failed)
    {
        (_round, _failed) = (round, failed);
        _timer = time.CreateTimer(_ => _ = RunAsync(), null, every, every);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _timer.Dispose();
    }

    /// <summary>One round now; never throws.</summary>
    public async Task RunAsync()
    {
        if (!await _busy.WaitAsync(0))
        {
            return;
        }

        try
        {
            await _round(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
        catch (Exception error)
        {
            _failed(error);
        }
        finally
        {
            _busy.Release();
        }
    }
}
