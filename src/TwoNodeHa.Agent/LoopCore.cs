using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Agent;

/// <summary>
/// The loop without a thread: one observation in, one step, its commands out in order. The daemon drives it with a real
/// clock and a thread, the simulator with a virtual one.
/// </summary>
public sealed class LoopCore(LocalConfig config, ICommandExecutor executor)
{
    private Snapshot _published = new(HaState.Initial(config), Instant.Zero);

    /// <summary>State after the last turn.</summary>
    public HaState State => _published.State;

    /// <summary>When the loop must turn again if nothing else happens.</summary>
    public Instant NextWake { get; private set; }

    /// <summary>Longest time by which a due turn was late.</summary>
    public TimeSpan LatenessMax { get; private set; }

    /// <summary>One turn.</summary>
    public void Turn(Observation observation, Instant now)
    {
        if (NextWake != Instant.Zero && now - NextWake > LatenessMax)
        {
            LatenessMax = now - NextWake;
        }

        var turn = HaMachine.Step(config, State, observation, now);
        _published = new Snapshot(turn.State, now);
        NextWake = turn.NextWake;
        foreach (var command in turn.Commands)
        {
            executor.Execute(command);
        }
    }

    /// <summary>What the operator sees. May be called from any thread: it reads one published, immutable state.</summary>
    public StatusReport Status(Instant now)
    {
        var snapshot = _published;
        return HaMachine.Status(config, snapshot.State, Instant.Max(now, snapshot.At)) with
        {
            LoopLatenessMaxMs = Math.Round(LatenessMax.TotalMilliseconds, 1),
        };
    }

    private sealed record Snapshot(HaState State, Instant At);
}
