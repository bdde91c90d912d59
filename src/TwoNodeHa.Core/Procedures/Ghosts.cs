using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// A protected VM that the database shows running here while no domain of it exists: a master that dies loses its newest
/// changes (the database is flushed every two seconds). Only a start of this host's toolstack compares the two again.
/// What was read before the domain was gone says nothing: a master's database may be out of reach.
/// </summary>
internal static class Ghosts
{
    public static void Advance(Draft turn)
    {
        if (turn.Host.DomainsAskedAt < turn.Host.DatabaseAt)
        {
            return;
        }

        if (GhostOf(turn.View) is not { } ghost)
        {
            if (turn.Procedures.GhostSince is not null)
            {
                turn.Procedures = turn.Procedures with { GhostSince = null };
            }

            return;
        }

        var since = turn.Procedures.GhostSince ?? turn.Now;
        turn.Procedures = turn.Procedures with { GhostSince = since };
        if (turn.Now - since > Deadlines.Ghost && turn.Host.DatabaseAt > since && turn.Now >= turn.Role.RetryAt)
        {
            turn.Procedures = turn.Procedures with { GhostSince = null };
            turn.Report(HaEventId.Alert, Severity.Error,
                $"XAPI shows {ghost} running here, the hypervisor does not: this toolstack is restarted, so that it compares the two");
            RoleChange.Restart(turn);
        }
    }

    private static string? GhostOf(View view)
    {
        if (view.Status != HaStatus.Paired || view.State.Procedures.Role.Phase != RoleChangePhase.Idle || !view.ToolstackReady
            || view.State.Pending.Has(Purpose.StartVm))
        {
            return null;
        }

        foreach (var vm in view.State.Host.Database?.Vms ?? [])
        {
            if (vm.PowerState == VmPowerState.Running && vm.ResidentOn == view.Config.Self.Uuid && !view.RunsHere(vm.Uuid))
            {
                return vm.Name;
            }
        }

        return null;
    }
}
