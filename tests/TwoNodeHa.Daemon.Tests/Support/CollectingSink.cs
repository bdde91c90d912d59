using System.Collections.Concurrent;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>Keeps what adapters post.</summary>
internal sealed class CollectingSink : IObservationSink
{
    private readonly ConcurrentQueue<Observation> _posted = new();

    public Observation[] Posted => [.. _posted];

    public void Post(Observation observation) => _posted.Enqueue(observation);

    public T[] Of<T>()
        where T : Observation => [.. _posted.OfType<T>()];
}
