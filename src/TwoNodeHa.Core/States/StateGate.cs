using System.Collections.Immutable;
using Stateless;
using Stateless.Reflection;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using State = Stateless.StateMachine<TwoNodeHa.Core.Model.HaStatus, TwoNodeHa.Core.States.Cause>.StateConfiguration;

namespace TwoNodeHa.Core.States;

/// <summary>A transition that is possible.</summary>
/// <param name="From">Old state.</param>
/// <param name="Cause">What leads out of it.</param>
/// <param name="To">New state.</param>
/// <param name="Guards">Facts that must hold besides.</param>
public sealed record Transition(HaStatus From, Cause Cause, HaStatus To, ImmutableArray<string> Guards);

/// <summary>
/// The states of a host: which cause leads from which to which, which facts must hold at the door, and what is cleared behind
/// it. The one gate of state changes; docs/states.md and its picture are made from it. Which cause there is, is decided
/// elsewhere. Each thread has its own.
/// </summary>
internal sealed class StateGate
{
    [ThreadStatic]
    private static StateGate? _own;

    private readonly StateMachine<HaStatus, Cause> _machine;
    private IGated? _draft;

    private StateGate()
    {
        // The constructor of the machine asks for the state already.
        _machine = new StateMachine<HaStatus, Cause>(
            () => _draft?.View.Status ?? HaStatus.Unknown, next => _draft!.Enter(next), FiringMode.Immediate);
        ConfigureStart();
        ConfigureEmpty();
        ConfigureMembers();
        ConfigureTakeover();
        ConfigureFence();
        _machine.OnUnhandledTrigger(Reject);
    }

    /// <summary>All transitions, by old state and cause.</summary>
    public static ImmutableArray<Transition> Table { get; } = Read(Description);

    private static HaStatus[] Targets { get; } =
        [.. Enum.GetValues<Cause>().Select(cause => Table.First(row => row.Cause == cause).To)];

    /// <summary>The library's own description of the machine, for the picture.</summary>
    public static StateMachineInfo Description => new StateGate()._machine.GetInfo();

    /// <summary>The state that a cause leads to, wherever it may lead from.</summary>
    public static HaStatus Target(Cause cause) => Targets[(int)cause];

    /// <summary>True when a cause may lead out of a state, given that its guards hold.</summary>
    public static bool Leads(HaStatus from, Cause cause) => Table.Any(row => row.From == from && row.Cause == cause);

    /// <summary>Takes a draft through the gate.</summary>
    /// <exception cref="InvalidOperationException">The cause leads nowhere from here, or a guard is not met: the message names it.</exception>
    public static void Pass(IGated draft, Cause cause)
    {
        var gate = _own ??= new StateGate();
        gate._draft = draft;
        try
        {
            gate._machine.Fire(cause);
        }
        finally
        {
            gate._draft = null;
        }
    }

    private static void Reject(HaStatus from, Cause cause, ICollection<string> unmet) => throw new InvalidOperationException(
        unmet is null or { Count: 0 } ? $"no transition from {from} by {cause}"
            : $"no transition from {from} by {cause}, unmet: {string.Join(", ", unmet)}");

    private static ImmutableArray<Transition> Read(StateMachineInfo info) =>
    [
        .. info.States
            .SelectMany(state => state.FixedTransitions, (state, row) => new Transition(
                (HaStatus)state.UnderlyingState,
                (Cause)row.Trigger.UnderlyingTrigger,
                (HaStatus)row.DestinationState.UnderlyingState,
                [.. row.GuardConditionsMethodDescriptions.Select(guard => guard.Description)]))
            .OrderBy(row => row.From).ThenBy(row => row.Cause),
    ];

    private static State Fence(State state) => state.Permit(Cause.FenceDecided, HaStatus.Fencing);

    private void ConfigureStart()
    {
        Disable(Of(HaStatus.Unknown))
            .PermitIf(Cause.NothingRuns, HaStatus.Joining, Fact("no guest runs here, and none left a writer", view => !view.Runs))
            .Permit(Cause.GuestsRun, HaStatus.Suspecting)
            .Permit(Cause.PromiseStands, HaStatus.Maintenance)
            .Permit(Cause.FenceDecided, HaStatus.Fencing)
            .PermitIf(Cause.TakeoverResumed, HaStatus.TakingOver,
                Fact("the intent is in the journal", Guards.IntentStands),
                Fact("the own word is taken back", Guards.WordIsTakenBack));
        Of(HaStatus.Disabled)
            .OnEntry(() =>
            {
                _draft!.DropTakeover();
                _draft.DropStarts();
            })
            .PermitIf(Cause.NothingRuns, HaStatus.Joining, Fact("no guest runs here, and none left a writer", view => !view.Runs))
            .Permit(Cause.GuestsRun, HaStatus.Suspecting)
            .Permit(Cause.PromiseStands, HaStatus.Maintenance);
    }

    /// <summary>States in which nothing runs here.</summary>
    private void ConfigureEmpty()
    {
        foreach (var status in (ReadOnlySpan<HaStatus>)[HaStatus.Joining, HaStatus.Fenced])
        {
            Disable(Fence(TakeOver(Of(status))))
                .PermitIf(Cause.Admitted, HaStatus.Paired, Fact("the peer is heard both ways", view => view.PeerFresh))
                .Permit(Cause.MaintenanceAsked, HaStatus.Maintenance);
        }

        Of(HaStatus.Joining).Permit(Cause.PromiseStands, HaStatus.Maintenance);

        Disable(Fence(TakeOver(Of(HaStatus.Maintenance)))).Permit(Cause.Readmitted, HaStatus.Joining);
    }

    /// <summary>States in which a host is bound to fence in time.</summary>
    private void ConfigureMembers()
    {
        Member(HaStatus.Paired)
            .Permit(Cause.PeerSilent, HaStatus.Suspecting)
            .Permit(Cause.PeerAndGatewayLost, HaStatus.Isolated)
            .Permit(Cause.MaintenanceAsked, HaStatus.Maintenance);
        Pair(Member(HaStatus.Suspecting))
            .Permit(Cause.PeerAndGatewayLost, HaStatus.Isolated)
            .Permit(Cause.TakeoverInDoubt, HaStatus.Holding);
        Pair(Member(HaStatus.Holding))
            .Permit(Cause.PeerSilent, HaStatus.Suspecting)
            .Permit(Cause.PeerAndGatewayLost, HaStatus.Isolated);
        Pair(Member(HaStatus.Isolated)).Permit(Cause.PeerSilent, HaStatus.Suspecting).Permit(Cause.PeerHeardUnpaired, HaStatus.Suspecting);
        Pair(Member(HaStatus.Sole)).OnEntry(() => _draft!.DropTakeover());
        Disable(Fence(Of(HaStatus.Departing))).Permit(Cause.HostStays, HaStatus.Suspecting);
    }

    private void ConfigureTakeover() => Disable(Fence(Of(HaStatus.TakingOver)))
        .PermitIf(Cause.TakeoverFinished, HaStatus.Sole, Fact("a takeover is under way", view => view.State.Procedures.Takeover is not null))
        .PermitIf(Cause.NothingRuns, HaStatus.Joining, Fact("no guest runs here, and none left a writer", view => !view.Runs))
        .Permit(Cause.TakeoverAbandoned, HaStatus.Suspecting);

    /// <summary>Nothing else leads out of a fence.</summary>
    private void ConfigureFence()
    {
        Of(HaStatus.Fencing).PermitIf(Cause.FenceVerified, HaStatus.Fenced,
            Fact("the fence is verified", Guards.FenceIsVerified),
            Fact("the attestation is durable", Guards.AttestationIsDurable));
        Of(HaStatus.Fenced).OnEntry(() =>
        {
            _draft!.DropFence();
            _draft.DropRoleChange();
        });
    }

    private State Of(HaStatus status) => _machine.Configure(status);

    private State Member(HaStatus status) => Disable(Fence(TakeOver(Of(status)))).Permit(Cause.HostShutsDown, HaStatus.Departing);

    private State Pair(State state) =>
        state.PermitIf(Cause.PeerHeard, HaStatus.Paired, Fact("the peer is heard both ways", view => view.PeerFresh));

    private State Disable(State state) =>
        state.PermitIf(Cause.DisabledForBoth, HaStatus.Disabled, Fact("HA is disabled for both", view => view.DisabledForBoth));

    private State TakeOver(State state) => state.PermitIf(Cause.PermitGranted, HaStatus.TakingOver,
        Fact("HA is enabled", view => view.Durable.Enabled),
        Fact("the intent is in the journal", Guards.IntentStands),
        Fact("the own word is taken back", Guards.WordIsTakenBack),
        Fact("what the permit stands on holds", Guards.PermitHolds));

    private Tuple<Func<bool>, string> Fact(string sentence, Func<View, bool> holds) =>
        Tuple.Create<Func<bool>, string>(() => holds(_draft!.View), sentence);
}
