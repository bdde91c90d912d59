using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Agent;

/// <summary>
/// The daemon's loop: one thread that decides. Adapters post from any thread; the queue is bounded, and what may be lost
/// without harm (heartbeats, probe answers) is dropped before what may not (results of commands).
/// </summary>
public sealed class HaLoop : IObservationSink, IDisposable
{
    /// <summary>Observations that may wait; a turn takes tens of microseconds, so this is many seconds of work.</summary>
    public const int QueueMax = 4096;

    /// <summary>
    /// Observations that one turn takes in at most. What waits when a deadline comes is taken in before the deadline is judged;
    /// a flood keeps a due turn waiting for no more than these, a millisecond or two.
    /// </summary>
    public const int BatchMax = 256;

    private readonly Queue<Observation> _queue = new();
    private readonly Observation[] _batch = new Observation[BatchMax + 1];
    private readonly Lock _gate = new();

    // Without spinning, which would cost more of the processor than all turns: the loop waits tens of milliseconds, not microseconds.
    private readonly ManualResetEventSlim _posted = new(false, spinCount: 0);
    private readonly IMonotonicClock _clock;
    private readonly TimeProvider _wall;
    private readonly Action<Exception> _failed;
    private readonly Action _turned;
    private readonly Action? _entered;
    private Thread? _thread;
    private volatile bool _stop;
    private long _dropped;

    /// <summary>Creates the loop; <see cref="Start"/> starts its thread.</summary>
    /// <param name="core">The turns.</param>
    /// <param name="clock">Monotonic clock.</param>
    /// <param name="wall">Wall clock, for "disable until" only.</param>
    /// <param name="failed">Called on the loop's thread when a turn threw: a bug. The loop has ended; nothing feeds the watchdog any more.</param>
    /// <param name="turned">Called after each turn on the loop's thread.</param>
    /// <param name="entered">Called first of all on the loop's thread.</param>
    public HaLoop(
        LoopCore core, IMonotonicClock clock, TimeProvider wall, Action<Exception> failed, Action turned, Action? entered = null)
    {
        Core = core;
        _clock = clock;
        _wall = wall;
        _failed = failed;
        _turned = turned;
        _entered = entered;
    }

    /// <summary>The turns.</summary>
    public LoopCore Core { get; }

    /// <summary>Observations dropped because the queue was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Starts deciding, with the first observation.</summary>
    public void Start(Observation.Started started)
    {
        if (_thread is not null)
        {
            throw new InvalidOperationException("the loop was started already");
        }

        Post(started);
        _thread = new Thread(Run) { IsBackground = true, Name = "ha-loop", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Post(Observation observation)
    {
        lock (_gate)
        {
            if (_queue.Count >= QueueMax && IsExpendable(observation))
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            _queue.Enqueue(observation);
        }

        _posted.Set();
    }

    /// <summary>Ends the thread after the turn under way.</summary>
    public void Dispose()
    {
        _stop = true;
        _posted.Set();
        if (_thread is not null && Thread.CurrentThread != _thread)
        {
            _thread.Join(TimeSpan.FromSeconds(2));
        }

        _posted.Dispose();
    }

    private static bool IsExpendable(Observation observation) => observation
        is Observation.HeartbeatReceived or Observation.GatewayAnswered or Observation.PeerAnswered or Observation.Ticked;

    private void Run()
    {
        try
        {
            _entered?.Invoke();
            while (!_stop)
            {
                var taken = Take();
                if (taken > 0)
                {
                    // The clock is read after the queue: what was posted before a deadline is never judged behind it.
                    Core.Turn(_batch.AsSpan(0, taken), _clock.Now);
                    Array.Clear(_batch, 0, taken);
                    _turned();
                }
            }
        }
        catch (Exception bug)
        {
            // Not caught to go on: whoever started the loop ends the process, and the watchdog does the rest.
            _failed(bug);
        }
    }

    /// <summary>
    /// Fills the batch with what waits, and a tick behind it when the wake-up time has come. Returns how many there are; none
    /// when there is neither yet.
    /// </summary>
    private int Take()
    {
        _posted.Reset();
        var taken = 0;
        lock (_gate)
        {
            while (taken < BatchMax && _queue.TryDequeue(out var observation))
            {
                _batch[taken++] = observation;
            }
        }

        var wait = Core.NextWake - _clock.Now;
        if (Core.NextWake != Instant.Zero && wait <= TimeSpan.Zero)
        {
            _batch[taken++] = Tick();
        }
        else if (taken == 0)
        {
            // Rounded up, so that the turn is not taken a moment too early and then again.
            _posted.Wait((int)Math.Ceiling(Math.Clamp(wait.TotalMilliseconds, 1, 1000)));
        }

        return taken;
    }

    private Observation.Ticked Tick() => new(_wall.GetUtcNow().ToUnixTimeMilliseconds());
}
