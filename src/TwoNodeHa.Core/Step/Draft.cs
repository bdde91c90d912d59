using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;

namespace TwoNodeHa.Core.Step;

/// <summary>Draft of one turn: the state as it becomes, and the orders so far. Never outlives the turn.</summary>
internal sealed partial class Draft(LocalConfig config, HaState state, Instant now) : IGated
{
    private ImmutableArray<Command>.Builder? _commands;
    private string _why = "";

    public LocalConfig Config { get; } = config;

    public Instant Now { get; } = now;

    public HaState State { get; private set; } = state;

    public View View => new(Config, State, Now);

    public TimingConfig Timing => Config.Timing;

    public ImmutableArray<Command> Commands => _commands?.ToImmutable() ?? [];

    public void Emit(Command command) => (_commands ??= ImmutableArray.CreateBuilder<Command>(4)).Add(command);

    /// <summary>A new id for a command whose answer is waited for.</summary>
    public long NextId(Purpose purpose, Guid vm = default, int domid = 0)
    {
        var id = State.Pending.LastId + 1;
        Pending = Pending.With(new PendingCommand(id, purpose, vm, domid));
        return id;
    }

    /// <summary>Orders an action. Without a purpose nobody waits for its answer.</summary>
    public void Act(HaAction action, TimeSpan deadline, Purpose purpose = Purpose.Nothing, Guid vm = default, int domid = 0) =>
        Emit(new Command.Act(NextId(purpose, vm, domid), action, deadline));

    /// <summary>Whatever was ordered with this purpose is not waited for any more.</summary>
    public void Abandon(Purpose purpose)
    {
        var rest = Pending.Abandon(purpose);
        if (!ReferenceEquals(rest, Pending))
        {
            Pending = rest;
        }
    }

    public void Report(HaEventId id, Severity severity, string sentence, Guid vm = default) =>
        Emit(new Command.Report(new HaEvent(id, severity, sentence) { Vm = vm }));

    /// <summary>Changes the state, unless this host is in it already. <see cref="StateGate"/> has the last word.</summary>
    public void Become(Cause cause, string why)
    {
        if (State.Status != StateGate.Target(cause))
        {
            _why = why;
            StateGate.Pass(this, cause);
        }
    }

    void IGated.Enter(HaStatus next)
    {
        var severity = next is HaStatus.Fencing or HaStatus.Holding or HaStatus.Isolated or HaStatus.TakingOver
            ? Severity.Warning
            : Severity.Notice;
        Report(HaEventId.StateChanged, severity, $"{State.Status} -> {next}: {_why}");
        State = State with { Status = next, Life = State.Life with { StatusSince = Now, Why = _why } };
    }
}
