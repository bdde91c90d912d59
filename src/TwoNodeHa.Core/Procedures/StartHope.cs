using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

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

        if (now.Alone && before is not { Alone: true })
        {
            turn.Report(HaEventId.Alert, Severity.Warning,
                $"{turn.Config.Peer.Name} was removed from the pool: this host goes on to start VMs that end, and nobody takes over when it fails");
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
        view.PeerTakesStarts, view.State.Host.Storage, view.ToolstackReady, view.State.Host.Database?.Unplugged.Length ?? 0,
        view.State.Host.Database?.EnabledHosts.Contains(view.Config.Self.Uuid) == true, Fitness.IsAlone(view), FreeMemory(view));

    /// <summary>
    /// What XAPI has as free, without what the hypervisor's list still holds: the database hears of an end before the list is
    /// read anew, and a hope of that moment would find the memory taken.
    /// </summary>
    private static long FreeMemory(View view)
    {
        if (view.State.Host.Database is not { FreeMemoryBytes: >= 0 and var free } database)
        {
            return -1;
        }

        if (!view.State.Procedures.Starts.IsEmpty)
        {
            foreach (var guest in view.State.Host.Domains?.Guests ?? [])
            {
                free -= Orphans.FactOf(view, guest.Vm) is { } fact && !fact.IsShownOn(view.Config.Self.Uuid)
                    ? MemoryRules.Taken(view.Policy, fact.Memory) : 0;
            }
        }

        return Math.Max(0, free);
    }

    private static bool IsBetter(StartCircumstances old, StartCircumstances now) =>
        (now.PeerTakes && !old.PeerTakes)
        || (now.Storage == Health.Healthy && old.Storage is Health.Lost or Health.Doubtful)
        || (now.ToolstackReady && !old.ToolstackReady)
        || now.Unplugged < old.Unplugged
        || (now.Enabled && !old.Enabled)
        || now.FreeMemory >= old.FreeMemory + MemoryStep;
}
