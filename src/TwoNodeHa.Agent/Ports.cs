using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Agent;

/// <summary>The monotonic clock of this host.</summary>
public interface IMonotonicClock
{
    /// <summary>Now.</summary>
    Instant Now { get; }
}

/// <summary>
/// Executes commands. <see cref="Execute"/> is called on the loop's thread and must return at once (under a
/// millisecond): whatever can take time runs beside the loop and posts an observation to the <see cref="IObservationSink"/>
/// with the id of its command, within the command's deadline, exactly once.
/// </summary>
public interface ICommandExecutor
{
    /// <summary>Starts the execution of one command.</summary>
    void Execute(Command command);
}

/// <summary>Where adapters post what they observed; may be called from any thread.</summary>
public interface IObservationSink
{
    /// <summary>Queues an observation for the loop.</summary>
    void Post(Observation observation);
}
