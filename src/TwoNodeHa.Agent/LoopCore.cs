using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Agent;

/// <summary>
/// The loop without a thread: one observation in, one step, its commands out in order. The daemon drives it with a real
/// clock and a thread, the simulator with a virtual one.
/// </summary>
public sealed class LoopCore(LocalConfig config, ICommandExecutor executor)
{
    private readonly LatenessHistogram _lateness = new();
    private Snapshot _published = new(HaState.Initial(config), Instant.Zero);

    /// <summary>State after the last turn.</summary>
    public HaState State => _published.State;

    /// <summary>When the loop must turn again if nothing else happens.</summary>
    public Instant NextWake { get; private set; }

    /// <summary>Longest time by which a due turn was late.</summary>
    public TimeSpan LatenessMax { get; private set; }

    /// <summary>One turn.</summary>
    public void Turn(Observation observation, Instant now) => Turn([observation], now);

    /// <summary>One turn over everything that waited: taken in one after the other, decided once.</summary>
    public void Turn(ReadOnlySpan<Observation> observations, Instant now)
    {
        var late = NextWake != Instant.Zero && now >= NextWake ? now - NextWake : (TimeSpan?)null;
        Step(observations, now);
        if (late is { } measured)
        {
            Measure(measured, now);
        }
    }

    /// <summary>After the turn, so that what waited outside is taken in before anything is concluded.</summary>
    private void Measure(TimeSpan late, Instant now)
    {
        _lateness.Add(late, now);
        LatenessMax = late > LatenessMax ? late : LatenessMax;
        if (late > config.Timing.LatenessLimit)
        {
            Step([new Observation.LoopLate(late)], now);
        }
    }

    private void Step(ReadOnlySpan<Observation> observations, Instant now)
    {
        var turn = HaMachine.Step(config, State, observations, now);
        _published = new Snapshot(turn.State, now);
        NextWake = turn.NextWake;
        foreach (var command in turn.Commands)
        {
            executor.Execute(command);
        }
    }

    /// <summary>
    /// Another state in the place of this one: where virtual time leaves quiet time out, what is not renewed in it grows older.
    /// </summary>
    internal void Replace(HaState state, Instant nextWake) => (_published, NextWake) = (_published with { State = state }, nextWake);

    /// <summary>What the operator sees. May be called from any thread: it reads one published, immutable state.</summary>
    public StatusReport Status(Instant now)
    {
        var snapshot = _published;
        return HaMachine.Status(config, snapshot.State, Instant.Max(now, snapshot.At)) with
        {
            LoopLatenessMaxMs = Math.Round(LatenessMax.TotalMilliseconds, 1),
            LoopLateness = _lateness.Report(now, config.Timing.LatenessLimit),
        };
    }

    /// <summary>What the operator sees of the VMs. May be called from any thread.</summary>
    public VmReport Vms(Instant now)
    {
        var snapshot = _published;
        return HaMachine.Vms(config, snapshot.State, Instant.Max(now, snapshot.At));
    }

    private sealed record Snapshot(HaState State, Instant At);
}
