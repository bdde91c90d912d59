using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>Working memory of one turn: the state as it becomes, and the orders so far. Never outlives the turn.</summary>
internal sealed class TurnBuilder(LocalConfig config, HaState state, Instant now)
{
    private readonly ImmutableArray<Command>.Builder _commands = ImmutableArray.CreateBuilder<Command>();

    public LocalConfig Config { get; } = config;

    public Instant Now { get; } = now;

    public HaState State { get; set; } = state;

    public TimingConfig Timing => Config.Timing;

    public DurableState Durable
    {
        get => State.Durable;
        set => State = State with { Durable = value };
    }

    public ImmutableArray<Command> Commands => _commands.ToImmutable();

    public void Emit(Command command) => _commands.Add(command);

    public long NextId()
    {
        State = State with { LastId = State.LastId + 1 };
        return State.LastId;
    }

    public long Act(HaAction action, TimeSpan deadline)
    {
        var id = NextId();
        Emit(new Command.Act(id, action, deadline));
        return id;
    }

    public void Report(HaEventId id, Severity severity, string sentence) =>
        Emit(new Command.Report(new HaEvent(id, severity, sentence)));

    /// <summary>The one gate of state changes: rejects what the table does not have, reports real changes only.</summary>
    public void Become(HaStatus next, string why)
    {
        if (State.Status == next)
        {
            return;
        }

        if (!Transitions.Allowed(State.Status, next))
        {
            throw new InvalidOperationException($"no transition from {State.Status} to {next} ({why})");
        }

        var severity = next is HaStatus.Fencing or HaStatus.Holding or HaStatus.Isolated or HaStatus.TakingOver
            ? Severity.Warning
            : Severity.Notice;
        Report(HaEventId.StateChanged, severity, $"{State.Status} -> {next}: {why}");
        State = State with { Status = next, StatusSince = Now, Why = why };
    }
}
