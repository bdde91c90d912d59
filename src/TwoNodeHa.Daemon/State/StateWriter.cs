using System.Collections.Concurrent;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.State;

/// <summary>Writes the durable state on a thread of its own, so that a stalled disk never stalls the loop.</summary>
internal sealed class StateWriter : IDisposable
{
    private readonly BlockingCollection<DurableState> _pending = new(new ConcurrentQueue<DurableState>());
    private readonly Action<DurableState> _write;
    private readonly IObservationSink _sink;
    private readonly Thread _thread;

    public StateWriter(Action<DurableState> write, IObservationSink sink)
    {
        _write = write;
        _sink = sink;
        _thread = new Thread(Run) { IsBackground = true, Name = "state-writer" };
        _thread.Start();
    }

    public void Persist(DurableState state) => _pending.Add(state);

    public void Dispose()
    {
        _pending.CompleteAdding();
        _thread.Join(TimeSpan.FromSeconds(1));
    }

    private void Run()
    {
        foreach (var state in _pending.GetConsumingEnumerable())
        {
            _sink.Post(Write(state));
        }
    }

    private Observation.Persisted Write(DurableState state)
    {
        try
        {
            _write(state);
            return new Observation.Persisted(state.Version, true, "");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Observation.Persisted(state.Version, false, error.Message);
        }
    }
}
