using System.Diagnostics;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Routine;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Gives each fact to the room that keeps it, and each answer to the procedure that waits for it.</summary>
internal static class Intake
{
    public static void Take(Draft turn, Observation observation)
    {
        switch (observation)
        {
            case Observation.Started started:
                Start.Begin(turn, started);
                break;
            case Observation.Ticked ticked:
                Tick(turn, ticked.WallUnixMs);
                break;
            case Observation.HeartbeatReceived received:
                HeartbeatIntake.Receive(turn, received);
                break;
            case Observation.GatewayAnswered answered:
                PathIntake.GatewayAnswered(turn, answered);
                break;
            case Observation.PeerAnswered answered:
                PathIntake.PeerAnswered(turn, answered);
                break;
            case Observation.DomainsListed listed:
                HostIntake.DomainsListed(turn, listed);
                break;
            case Observation.ToolstackObserved observed:
                ToolstackIntake.Observed(turn, observed);
                break;
            case Observation.DatabaseObserved observed:
                ToolstackIntake.DatabaseObserved(turn, observed.Facts);
                break;
            case Observation.StorageProbed probed:
                HostIntake.StorageProbed(turn, probed);
                break;
            case Observation.ReplicasRead read:
                PathIntake.ReplicasRead(turn, read);
                break;
            case Observation.Persisted persisted:
                Persistence.Persisted(turn, persisted);
                break;
            case Observation.ActionFinished finished:
                Ended(turn, finished);
                break;
            case Observation.ArbiterObserved arbiter:
                ThirdPartyIntake.ArbiterObserved(turn, arbiter);
                break;
            case Observation.ReservationsRead read:
                ReservationIntake.Read(turn, read);
                break;
            case Observation.PeerPowerOff off:
                ThirdPartyIntake.PeerPowerOff(turn, off);
                break;
            case Observation.ThirdPartySeen seen:
                ThirdPartyIntake.Seen(turn, seen);
                break;
            case Observation.OperatorAsked asked:
                OperatorDesk.Answer(turn, asked);
                break;
            case Observation.WatchdogChanged changed:
                Watchdog.Changed(turn, changed.Facts);
                break;
            case Observation.LoopLate late:
                HostIntake.LoopLate(turn, late);
                break;
            case Observation.StopRequested:
                Pause.Begin(turn);
                break;
            default:
                throw new UnreachableException(observation.GetType().Name);
        }
    }

    private static void Tick(Draft turn, long wallUnixMs)
    {
        // A copy of the state at every tick is not free.
        if (NeedsWallClock(turn))
        {
            turn.Life = turn.Life with { WallUnixMs = wallUnixMs };
        }

        Tombstones.Age(turn, wallUnixMs);
        Damping.Keep(turn, wallUnixMs);
    }

    private static void Ended(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Pending.Find(finished.Id) is not { } pending)
        {
            HostIntake.ForgetAnswer(turn, finished.Id);
            return;
        }

        turn.Pending = turn.Pending.Without(pending);
        Answer(turn, finished, pending);
    }

    /// <summary>Who handles the result of a command: by the purpose that it was ordered with.</summary>
    private static void Answer(Draft turn, Observation.ActionFinished finished, PendingCommand pending)
    {
        switch (pending.Purpose)
        {
            case Purpose.KillToolstack:
                Fence.ToolstackKilled(turn, finished);
                break;
            case Purpose.KillDomain:
                Fence.DomainKilled(turn, finished);
                break;
            case Purpose.EndBackends:
                Fence.BackendsEnded(turn, finished);
                break;
            case Purpose.WriteGuardedRole:
                BootGuard.Done(turn, finished);
                break;
            case Purpose.HandOver:
                Departure.Done(turn, finished);
                break;
            case Purpose.ChangeRole:
                RoleChange.Done(turn, finished);
                break;
            case Purpose.TakeoverStep:
                Takeover.Done(turn, finished, pending.Vm);
                break;
            case Purpose.KeepVm:
                ToolstackWait.Kept(turn, finished, pending.Vm);
                break;
            case Purpose.CopyDatabase:
                VmBook.Copied(turn, finished);
                break;
            case Purpose.StartVm:
                VmStart.Done(turn, finished, pending.Vm);
                break;
            case Purpose.MarkVm:
                ProtectDesk.Done(turn, finished, pending.Vm);
                break;
            case Purpose.PreferMaster:
                PreferredMaster.Done(turn, finished);
                break;
            case Purpose.MoveVm:
                Moves.Done(turn, finished, pending.Vm);
                break;
            case Purpose.GiveMastership:
                Moves.Done(turn, finished, Moves.Mastership);
                break;
            case Purpose.PlugStorage:
                StoragePlug.Done(turn, finished, pending.Vm);
                break;
            case Purpose.FencePeer or Purpose.SwitchPeerOff:
                ThirdPartyIntake.FenceAnswered(turn, finished);
                break;
            case Purpose.AcquireLease:
                Probing.LeaseAnswered(turn, finished);
                break;
            case Purpose.RegisterKeys:
            case Purpose.PreemptPeer:
                Reserving.Done(turn, finished, pending.Purpose);
                break;
            case Purpose.ReadPeerPower:
                ThirdPartyIntake.PowerRead(turn, finished);
                break;
            default:
                break; // Nobody waits for it.
        }
    }

    private static bool NeedsWallClock(Draft turn) => (turn.Durable.ReenableAtUnixMs > 0 && turn.Life.ReenableAt is null)
        || turn.Durable.Maintenance is { UntilUnixMs: > 0 };
}
