using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// <c>prefer_master = emptier</c>: the death of a master costs its VMs a promotion more, so the master should be the host with
/// fewer of them. The mastership is handed over in order, by XAPI; damped, and never while anything else is under way.
/// </summary>
internal static class PreferredMaster
{
    public static void Advance(Draft turn)
    {
        if (turn.Config.Policy.PreferMaster == PreferMaster.None)
        {
            return;
        }

        var known = turn.Procedures.Preference;
        if (!IsQuiet(turn.View) || !PeerIsEmptier(turn.View))
        {
            if (known.Since is not null)
            {
                turn.Procedures = turn.Procedures with { Preference = known with { Since = null } };
            }

            return;
        }

        var since = known.Since ?? turn.Now;
        turn.Procedures = turn.Procedures with { Preference = known with { Since = since } };
        if (turn.Now - since < Deadlines.PreferenceLasts || turn.Now - known.OfferedAt < Deadlines.PreferencePause)
        {
            return;
        }

        turn.Procedures = turn.Procedures with { Preference = new PreferenceView { OfferedAt = turn.Now } };
        turn.Report(HaEventId.PeerChanged, Severity.Notice,
            $"prefer_master = emptier: the mastership is handed to {turn.Config.Peer.Name}, which runs fewer VMs of class restart");
        turn.Act(new HaAction.DesignateMaster(turn.Config.Peer.Uuid), Deadlines.HandOver, Purpose.PreferMaster);
    }

    public static void Done(Draft turn, Observation.ActionFinished finished)
    {
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Warning,
                $"prefer_master: the mastership was not handed over: {finished.Code} {finished.Detail}".TrimEnd());
        }
    }

    /// <summary>When the wish has lasted long enough.</summary>
    public static Instant LookAgainAt(View view) => view.State.Procedures.Preference is { Since: { } since } preference
        ? Again.At(view, Instant.Max(since + Deadlines.PreferenceLasts, (preference.OfferedAt ?? since) + Deadlines.PreferencePause))
        : Again.Never;

    /// <summary>A settled pair, both hosts enabled, of one version: no update, no maintenance, no start under way.</summary>
    private static bool IsQuiet(View view) => view.Status == HaStatus.Paired && view.Durable.Enabled && view.IsMaster
        && view.Durable.Master == view.Config.Self.Uuid && view.RoleIsSettled && view.PeerCanFollow && !view.IsPausing
        && view.State.Procedures.Departure is null && !view.State.Pending.Has(Purpose.StartVm) && !view.State.Pending.Has(Purpose.PreferMaster)
        && view.State.Host.DatabaseAt is { } read && view.Now - read < Deadlines.RecordsAreOld
        && view.State.Host.Database is { RollingUpgrade: false, NativeHaEnabled: false } database && AreAlike(database);

    private static bool AreAlike(DatabaseFacts database) => database.HostFacts is [{ Enabled: true } one, { Enabled: true } other]
        && one.Version == other.Version;

    private static bool PeerIsEmptier(View view)
    {
        var (here, there) = (0, 0);
        foreach (var vm in view.Durable.Vms)
        {
            if (vm is { Protected: true, Class: VmClass.Restart })
            {
                here += view.RunsHere(vm.Uuid) ? 1 : 0;
                there += view.RunsOnPeer(vm.Uuid) ? 1 : 0;
            }
        }

        return there < here;
    }
}
