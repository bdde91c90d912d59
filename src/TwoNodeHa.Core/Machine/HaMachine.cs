using System.Diagnostics;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

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
    public static Turn Step(LocalConfig config, HaState state, Observation observation, Instant now)
    {
        var turn = new TurnBuilder(config, state, now);
        if (observation is Observation.Started started)
        {
            Facts.Start(turn, started);
        }
        else if (!state.IsStarted)
        {
            return new Turn(state, [], now + TimeSpan.FromMilliseconds(100));
        }
        else
        {
            TakeIn(turn, observation);
        }

        Decisions.Decide(turn);
        Periodic.Order(turn);
        return new Turn(turn.State, turn.Commands, Periodic.NextWake(turn));
    }

    private static void TakeIn(TurnBuilder turn, Observation observation)
    {
        switch (observation)
        {
            case Observation.Ticked ticked:
                // Nothing else looks at the wall clock; a copy of the state at every tick is not free.
                if (turn.Durable.ReenableAtUnixMs > 0)
                {
                    turn.State = turn.State with { WallUnixMs = ticked.WallUnixMs };
                }

                break;
            case Observation.HeartbeatReceived received:
                HeartbeatIntake.Receive(turn, received);
                break;
            case Observation.GatewayAnswered answered:
                Facts.GatewayAnswered(turn, answered);
                break;
            case Observation.PeerAnswered answered:
                Facts.PeerAnswered(turn, answered);
                break;
            case Observation.DomainsListed listed:
                Facts.DomainsListed(turn, listed);
                break;
            case Observation.ToolstackObserved observed:
                Facts.ToolstackObserved(turn, observed);
                break;
            case Observation.DatabaseObserved observed:
                Facts.DatabaseObserved(turn, observed.Facts);
                break;
            case Observation.StorageProbed probed:
                Facts.StorageProbed(turn, probed);
                break;
            case Observation.Persisted persisted:
                Facts.Persisted(turn, persisted);
                break;
            case Observation.ActionFinished finished:
                Facts.ActionFinished(turn, finished);
                break;
            case Observation.ArbiterObserved arbiter:
                turn.State = turn.State with
                {
                    ArbiterUntil = arbiter.HeldUntil,
                    ArbiterSince = arbiter.HeldUntil is null ? null
                        : Rights.HasArbiter(turn.State, turn.Now) ? turn.State.ArbiterSince : turn.Now,
                };
                break;
            case Observation.PeerPowerOff off:
                turn.State = turn.State with { PeerPowerOffAt = off.AskedAt, PeerPowerOffAgent = off.Agent };
                break;
            case Observation.OperatorAsked asked:
                OperatorDesk.Answer(turn, asked);
                break;
            case Observation.WatchdogChanged changed:
                Facts.WatchdogChanged(turn, changed.Facts);
                break;
            case Observation.LoopLate late:
                Facts.LoopLate(turn, late);
                break;
            case Observation.StopRequested:
                turn.State = turn.State with { StopAskedAt = turn.State.StopAskedAt ?? turn.Now };
                break;
            default:
                throw new UnreachableException(observation.GetType().Name);
        }
    }

    /// <summary>What the operator sees.</summary>
    public static Control.StatusReport Status(LocalConfig config, HaState state, Instant now) =>
        StatusComposer.Compose(config, state, now);
}
