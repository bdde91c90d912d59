using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Hope for VMs whose start was given up: tried again after a rest that doubles, for as long as it takes, and at once when
/// something changed that may have been the reason.
/// </summary>
internal static class StartHope
{
    /// <summary>Rests after which they grow no more.</summary>
    public const int RestsMax = 6;

    /// <summary>Memory is called new when that much more is free: less moves all the time.</summary>
    private const long MemoryStep = 64L << 20;

    /// <summary>How long a VM rests that was given up so many times before.</summary>
    public static TimeSpan Rest(int times)
    {
        var rest = Deadlines.GivenUpStart * (1 << Math.Min(times, RestsMax));
        return rest < Deadlines.GivenUpStartMax ? rest : Deadlines.GivenUpStartMax;
    }

    /// <summary>Compares what starts depend on with the last look, and ends all rests when it is better.</summary>
    public static void Reconsider(Draft turn)
    {
        var now = Of(turn.View);
        var before = turn.Procedures.CaredUnder;
        if (now == before)
        {
            return;
        }

        // Memory is compared with the lowest value seen, so that it may come back in small steps.
        var better = before is { } old && IsBetter(old, now);
        var lowest = before is { } last && !better && now.FreeMemory > last.FreeMemory ? now with { FreeMemory = last.FreeMemory } : now;
        if (lowest != before)
        {
            turn.Procedures = turn.Procedures with { CaredUnder = lowest };
        }

        if (better)
        {
            EndRests(turn);
        }
    }

    /// <summary>What was given up is tried again now.</summary>
    public static void EndRests(Draft turn)
    {
        foreach (var (vm, attempt) in turn.Starts)
        {
            if (attempt.GivenUp.Length > 0 && attempt.RetryAt > turn.Now)
            {
                turn.Starts = turn.Starts.SetItem(vm, attempt with { RetryAt = turn.Now, GivenUpTimes = 0 });
            }
        }
    }

    /// <summary>
    /// What the next look is compared with when nobody cares for missing VMs just now, since the own toolstack, the storage or the pairing is
    /// not as it should be: the last look, and what got worse since. Null while nothing was given up.
    /// </summary>
    public static StartCircumstances? Meanwhile(Draft turn)
    {
        if (turn.Procedures.CaredUnder is not { } known || !AnyGivenUp(turn))
        {
            return null;
        }

        var storage = turn.Host.Storage is Health.Lost or Health.Doubtful ? turn.Host.Storage : known.Storage;
        return known with { Storage = storage, ToolstackReady = known.ToolstackReady && turn.View.ToolstackReady };
    }

    private static bool AnyGivenUp(Draft turn)
    {
        foreach (var (_, attempt) in turn.Starts)
        {
            if (attempt.GivenUp.Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static StartCircumstances Of(View view) => new(
        view.PeerFresh, Rooms(view), view.State.Host.Storage, view.ToolstackReady, view.State.Host.Database?.Unplugged.Length ?? 0,
        view.State.Host.Database?.FreeMemoryBytes ?? -1);

    private static int Rooms(View view) => (MayStartOn(view, view.Config.Self.Uuid) ? 1 : 0)
        + (view is { Status: HaStatus.Paired, State.Peer.Beat.Status: HaStatus.Paired, PeerFresh: true } && MayStartOn(view, view.Config.Peer.Uuid) ? 1 : 0);

    private static bool MayStartOn(View view, Guid host)
    {
        foreach (var fact in view.State.Host.Database?.HostFacts ?? [])
        {
            if (fact.Uuid == host)
            {
                return fact.Enabled;
            }
        }

        return true;
    }

    private static bool IsBetter(StartCircumstances old, StartCircumstances now) =>
        (now.PeerFresh && !old.PeerFresh)
        || now.Rooms > old.Rooms
        || (now.Storage == Health.Healthy && old.Storage is Health.Lost or Health.Doubtful)
        || (now.ToolstackReady && !old.ToolstackReady)
        || now.Unplugged < old.Unplugged
        || now.FreeMemory >= old.FreeMemory + MemoryStep;
}
