using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Plugs paths to shared storage that holds protected VMs. XAPI plugs them once, at the start of each host's toolstack: storage
/// that comes up later than the hosts stays away until somebody asks. The master asks, for both hosts, with a rest that grows.
/// </summary>
internal static class StoragePlug
{
    public static void Advance(Draft turn)
    {
        if (!MayAsk(turn.View))
        {
            return;
        }

        foreach (var path in turn.Host.Database!.Unplugged)
        {
            var attempt = turn.Procedures.Plugs.GetValueOrDefault(path.Pbd) ?? new PlugAttempt(0, turn.Now);
            if (turn.Now < attempt.RetryAt || turn.Pending.IdOf(Purpose.PlugStorage, path.Pbd) != 0 || !IsCared(turn.View, path))
            {
                continue;
            }

            turn.Act(new HaAction.PlugStorage(path.Pbd), Deadlines.PlugStorage, Purpose.PlugStorage, path.Pbd);
            Set(turn, path.Pbd, new PlugAttempt(attempt.Tries + 1, turn.Now + Rest(attempt.Tries)));
            if (attempt.Tries == 0)
            {
                turn.Report(HaEventId.StorageChanged, Severity.Warning, $"{path.Name} is not plugged on {NameOf(turn, path.Host)}: retrying until it is");
            }
        }
    }

    public static void Done(Draft turn, Observation.ActionFinished finished, Guid pbd)
    {
        if (!turn.Procedures.Plugs.TryGetValue(pbd, out var attempt))
        {
            return;
        }

        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // The database that was read last does not show it yet.
            Set(turn, pbd, new PlugAttempt(0, turn.Now + Deadlines.StartIsShown));
            turn.Schedule = turn.Schedule with { Database = turn.Now, Toolstack = turn.Now };
            turn.Report(HaEventId.StorageChanged, Severity.Notice, "shared storage was plugged");
            StartHope.EndRests(turn);
            return;
        }

        // A second time would fill the log: the storage may be away for hours.
        if (attempt.Tries == 1)
        {
            turn.Report(HaEventId.StorageChanged, Severity.Error, $"shared storage was not plugged: {finished.Code} {finished.Detail}".TrimEnd());
        }

        Set(turn, pbd, attempt with { RetryAt = turn.Now + Rest(attempt.Tries) });
    }

    /// <summary>When the next try is due.</summary>
    public static Instant LookAgainAt(View view)
    {
        var first = Again.Never;
        if (view.State.Procedures.Plugs.IsEmpty)
        {
            return first;
        }

        foreach (var attempt in view.State.Procedures.Plugs.Values)
        {
            first = Instant.Min(first, Again.At(view, attempt.RetryAt));
        }

        return first;
    }

    private static bool MayAsk(View view) => view.State.Host.Database is { Unplugged.IsEmpty: false }
        && view.Status is HaStatus.Paired or HaStatus.Sole or HaStatus.TakingOver && view.Durable.Enabled
        && view.Durable.Master == view.Config.Self.Uuid && view.IsMaster && view.ToolstackReady;

    private static bool IsCared(View view, UnpluggedPath path)
    {
        var reached = path.Host == view.Config.Self.Uuid || (view.Status == HaStatus.Paired && view.PeerFresh);
        return reached && view.Durable.Vms.Any(vm => vm.Protected && path.Vms.Contains(vm.Uuid));
    }

    private static TimeSpan Rest(int tries)
    {
        var rest = Deadlines.PlugRest * (1 << Math.Min(tries, 4));
        return rest < Deadlines.PlugRestMax ? rest : Deadlines.PlugRestMax;
    }

    private static string NameOf(Draft turn, Guid host) => Mastership.NameOf(turn, host);

    private static void Set(Draft turn, Guid pbd, PlugAttempt attempt) =>
        turn.Procedures = turn.Procedures with { Plugs = turn.Procedures.Plugs.SetItem(pbd, attempt) };
}
