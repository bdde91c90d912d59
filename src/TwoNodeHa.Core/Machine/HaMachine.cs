using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The decision code: (state, observation, now) to (state, commands). Facts are taken in first, then the rules are
/// evaluated, then what is due is ordered. Nothing here reads a clock, a file or a socket.
/// </summary>
public static class HaMachine
{
    /// <summary>One turn of the machine.</summary>
    /// <param name="config">Configuration, seen from this host.</param>
    /// <param name="state">State so far.</param>
    /// <param name="observation">The fact that arrived.</param>
    /// <param name="now">Monotonic time of this turn; never before the time of an earlier turn.</param>
    /// <exception cref="InvalidOperationException">A bug: an impossible transition, or a turn after the end.</exception>
    public static Turn Step(LocalConfig config, HaState state, Observation observation, Instant now) =>
        Step(config, state, [observation], now);

    /// <summary>
    /// One turn over everything that arrived since the turn before: taken in one after the other, decided once, so that no
    /// deadline is judged while the fact that moves it waits. An operator's word comes last: it is judged by all that is known.
    /// </summary>
    /// <param name="config">Configuration, seen from this host.</param>
    /// <param name="state">State so far.</param>
    /// <param name="observations">The facts, in the order in which they arrived.</param>
    /// <param name="now">Monotonic time of this turn; never before the time of an earlier turn.</param>
    /// <exception cref="InvalidOperationException">A bug: an impossible transition, or a turn after the end.</exception>
    public static Turn Step(LocalConfig config, HaState state, ReadOnlySpan<Observation> observations, Instant now)
    {
        var turn = new Draft(config, state, now);
        TakeIn(turn, observations, requests: false);
        TakeIn(turn, observations, requests: true);
        if (!turn.Life.IsStarted)
        {
            return new Turn(state, [], now + TimeSpan.FromMilliseconds(100));
        }

        Decisions.Decide(turn);
        Orders.GiveDue(turn);
        return new Turn(turn.State, turn.Commands, WakeUp.Next(turn.View));
    }

    private static void TakeIn(Draft turn, ReadOnlySpan<Observation> observations, bool requests)
    {
        foreach (var observation in observations)
        {
            var isRequest = observation is Observation.OperatorAsked or Observation.StopRequested;
            if (isRequest == requests && (turn.Life.IsStarted || observation is Observation.Started))
            {
                Intake.Take(turn, observation);
            }
        }
    }

    /// <summary>What the operator sees of the VMs.</summary>
    /// <param name="config">Configuration, seen from this host.</param>
    /// <param name="state">State to be shown.</param>
    /// <param name="now">Monotonic time that ages are counted from.</param>
    public static VmReport Vms(LocalConfig config, HaState state, Instant now) => VmComposer.Compose(new View(config, state, now));

    /// <summary>What the operator sees.</summary>
    /// <param name="config">Configuration, seen from this host.</param>
    /// <param name="state">State to be shown.</param>
    /// <param name="now">Monotonic time that ages are counted from.</param>
    public static StatusReport Status(LocalConfig config, HaState state, Instant now) =>
        StatusComposer.Compose(new View(config, state, now));
}
