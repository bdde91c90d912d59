using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// Care for XAPI's role of this host: who is master of which epoch, and a toolstack that has to come up in that role.
/// XAPI looks for another master once, at its start, and never again; so this is done here.
/// </summary>
internal static class RoleCare
{
    private static readonly TimeSpan GhostPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RoleConfusion = TimeSpan.FromSeconds(5);

    /// <summary>Adopts the peer's epoch and master where they rank higher.</summary>
    public static void FollowEpoch(TurnBuilder turn, Heartbeat beat)
    {
        if (turn.State.DoubleSince is not null)
        {
            // Who adopts the peer's epoch gives up his own claim: first it is seen whether a VM moves or runs twice.
            return;
        }

        var durable = turn.Durable;
        if (durable.Master == Guid.Empty && beat.Master == Guid.Empty)
        {
            FirstMaster(turn, beat);
            return;
        }

        // An attested host may be overtaken at any moment; one on which HA is disabled is not.
        var speaks = beat.Attestation == 0 && (Knowledge.IsMember(beat.Status) || beat.Status == HaStatus.Disabled);
        var higher = beat.Epoch > durable.Epoch && speaks;
        var sameRank = beat.Epoch == durable.Epoch && beat.Master != durable.Master && beat.Master != Guid.Empty
            && (durable.Master == Guid.Empty || beat.Master.CompareTo(durable.Master) > 0 || (durable.Committed && speaks));
        if (higher || sameRank)
        {
            turn.Durable = durable with { Epoch = beat.Epoch, Master = beat.Master };
            turn.Report(HaEventId.PeerChanged, Severity.Notice,
                $"epoch {beat.Epoch}: master is {NameOf(turn, beat.Master)}");
        }

        if (turn.State.Status == HaStatus.Paired)
        {
            FollowHandover(turn, beat);
        }
    }

    /// <summary>A host with a right to run beats an empty one whatever the epochs, and raises its epoch above both.</summary>
    public static bool RunnerRaises(TurnBuilder turn, Heartbeat beat)
    {
        var durable = turn.Durable;
        if (!Knowledge.IsMember(turn.State.Status) || beat.Attestation == 0
            || beat.Epoch < durable.Epoch || beat.Master == durable.Master || beat.Master == Guid.Empty)
        {
            return false;
        }

        var master = Knowledge.IsMaster(turn.State) ? turn.Config.Self.Uuid : durable.Master;
        turn.Durable = durable with { Epoch = beat.Epoch + 1, Master = master };
        turn.Report(HaEventId.PeerChanged, Severity.Notice,
            $"{turn.Config.Peer.Name} is empty and names another master: epoch raised to {beat.Epoch + 1}, master is {NameOf(turn, master)}");
        return true;
    }

    /// <summary>The toolstack may have started a VM that the newest list of the hypervisor does not show.</summary>
    public static bool MayStart(HaState state) => state.StandsDownSince is not { } since || state.DomainsAskedAt < since;

    /// <summary>From now on the toolstack starts nothing by itself; what it started until now is looked for.</summary>
    public static void StandsDown(TurnBuilder turn)
    {
        if (turn.State.StandsDownSince is null)
        {
            turn.State = turn.State with
            {
                StandsDownSince = turn.Now,
                Schedule = turn.Durable.Committed && turn.State.Domains is not null
                    ? turn.State.Schedule with { Domains = turn.Now, DomainsPending = 0 } : turn.State.Schedule,
            };
        }
    }

    /// <summary>What was just observed of the toolstack.</summary>
    public static void Observed(TurnBuilder turn, ToolstackFacts facts)
    {
        if (facts.RoleFile == PoolRole.Slave)
        {
            StandsDown(turn);
        }
        else if (facts.Running)
        {
            turn.State = turn.State with { StandsDownSince = null };
        }
    }

    /// <summary>The toolstack is up in the role that the epoch gives it.</summary>
    public static bool Settled(TurnBuilder turn) =>
        turn.State.Role.Phase == 0 && Knowledge.ToolstackReady(turn.State) && RoleAsItShouldBe(turn);

    /// <summary>Brings the own toolstack up in the right role; only while nothing runs here and the peer is heard.</summary>
    public static void Continue(TurnBuilder turn, Heartbeat beat)
    {
        var role = turn.State.Role;
        if (BootGuard.Open(turn.State) || role.Pending != 0 || turn.Now < role.RetryAt || turn.State.Toolstack is not { } toolstack
            || turn.Durable.Master == Guid.Empty || Knowledge.Runs(turn.State))
        {
            return;
        }

        // An unconsumed attestation of a master: the peer is about to take over, so the role is not settled yet. Once the
        // peer has named itself, an old master must not be able to act for another moment (S2).
        var peerIsMaster = turn.Durable.Master == turn.Config.Peer.Uuid && beat.Master == turn.Config.Peer.Uuid
            && beat.Epoch == turn.Durable.Epoch && Knowledge.IsMember(beat.Status);
        if (!Leave.FreeOfWord(turn.State) && !peerIsMaster)
        {
            return;
        }

        if (role.Phase != 0)
        {
            Proceed(turn);
        }
        else if (!RoleAsItShouldBe(turn))
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Notice,
                $"master of epoch {turn.Durable.Epoch} is {NameOf(turn, turn.Durable.Master)}: this toolstack is restarted in its role");
            Order(turn, 1, new HaAction.KillToolstack());
        }
        else if (!toolstack.Running && turn.Now - turn.State.StatusSince > TimeSpan.FromSeconds(0.5))
        {
            Order(turn, 3, new HaAction.StartToolstack());
        }
    }

    /// <summary>The next order of a change of role that has begun: killed, written, started.</summary>
    private static void Proceed(TurnBuilder turn)
    {
        switch (turn.State.Role.Phase)
        {
            case 1:
                Order(turn, 2, turn.Durable.Master == turn.Config.Self.Uuid
                    ? new HaAction.WriteRoleMaster()
                    : new HaAction.WriteRoleSlave(turn.Config.Peer.Address.ToString()));
                break;
            case 2:
                Order(turn, 3, new HaAction.StartToolstack());
                break;
            default:
                turn.State = turn.State with { Role = new RoleProgress { RetryAt = turn.Now + TimeSpan.FromSeconds(2) } };
                break;
        }
    }

    /// <summary>
    /// The toolstack of the epoch's master came up as a slave: XAPI demotes a master that meets another one at its start, and
    /// two can do that to each other (xapi.md 8.1). When the peer is no master either, this one takes its role back.
    /// </summary>
    public static void KeepMaster(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Role.Phase != 0)
        {
            if (state.Role.Pending == 0 && turn.Now >= state.Role.RetryAt)
            {
                Proceed(turn);
            }

            return;
        }

        var peerIsMaster = Knowledge.PeerFresh(turn.Config, state, turn.Now) && state.Peer.Beat!.Has(HeartbeatFlags.IsMaster);
        var mine = state.Status is HaStatus.Sole or HaStatus.Paired or HaStatus.Suspecting && turn.Durable.Enabled
            && turn.Durable.Master == turn.Config.Self.Uuid && !peerIsMaster
            && (state.Status == HaStatus.Sole || Knowledge.PeerFresh(turn.Config, state, turn.Now))
            && state.Toolstack is { RoleFile: PoolRole.Slave };
        if (!mine)
        {
            turn.State = state.RoleConflictSince is null ? state : state with { RoleConflictSince = null };
            return;
        }

        var since = state.RoleConflictSince ?? turn.Now;
        turn.State = state with { RoleConflictSince = since };
        if (turn.Now - since < RoleConfusion || turn.Now < state.Role.RetryAt)
        {
            return;
        }

        turn.Report(HaEventId.Conflict, Severity.Error,
            $"this host is master of epoch {turn.Durable.Epoch}, but its toolstack is a slave and no other master is heard: promoted again");
        turn.State = turn.State with { RoleConflictSince = null };
        Order(turn, 1, new HaAction.KillToolstack());
    }

    /// <summary>
    /// A protected VM that the database shows running here while no domain of it exists: a master that dies loses its newest
    /// changes (the database is flushed every two seconds). Only a start of this host's toolstack compares the two again.
    /// </summary>
    public static void LookForGhosts(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.DomainsAskedAt < state.DatabaseAt)
        {
            return;
        }

        var ghost = state.Status == HaStatus.Paired && state.Role.Phase == 0 && Knowledge.ToolstackReady(state)
            && !state.Starts.Values.Any(attempt => attempt.Pending != 0)
            ? GhostOf(turn) : null;
        if (ghost is null)
        {
            turn.State = state.GhostSince is null ? state : state with { GhostSince = null };
            return;
        }

        var since = state.GhostSince ?? turn.Now;
        turn.State = state with { GhostSince = since };
        if (turn.Now - since > GhostPatience && turn.Now >= state.Role.RetryAt)
        {
            turn.State = turn.State with { GhostSince = null };
            turn.Report(HaEventId.Alert, Severity.Error,
                $"XAPI shows {ghost} running here, the hypervisor does not: this toolstack is restarted, so that it compares the two");
            Order(turn, 3, new HaAction.RestartToolstack());
        }
    }

    private static string? GhostOf(TurnBuilder turn)
    {
        foreach (var vm in turn.State.Database?.Vms ?? [])
        {
            if (vm.PowerState == VmPowerState.Running && vm.ResidentOn == turn.Config.Self.Uuid && !Knowledge.RunsHere(turn.State, vm.Uuid))
            {
                return vm.Name;
            }
        }

        return null;
    }

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        var role = turn.State.Role;
        if (role.Pending == 0 || finished.Id != role.Pending)
        {
            return false;
        }

        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"settling the toolstack's role failed: {finished.Detail}");
            turn.State = turn.State with { Role = new RoleProgress { RetryAt = turn.Now + TimeSpan.FromSeconds(2) } };
            return true;
        }

        if (role.Phase == 1)
        {
            StandsDown(turn);
        }

        // The next observation must be newer than what was just done.
        turn.State = turn.State with
        {
            Role = role with { Pending = 0, RetryAt = role.Phase == 3 ? turn.Now + TimeSpan.FromSeconds(1) : turn.Now },
        };
        return true;
    }

    private static void Order(TurnBuilder turn, int phase, HaAction action)
    {
        if (action is HaAction.KillToolstack)
        {
            turn.Durable = turn.Durable with { ToolstackOwed = true };
        }

        if (action is HaAction.StartToolstack or HaAction.RestartToolstack && turn.Durable.Master != turn.Config.Peer.Uuid)
        {
            turn.State = turn.State with { StandsDownSince = null };
        }

        var id = turn.Act(action, TimeSpan.FromSeconds(20));
        turn.State = turn.State with { Role = turn.State.Role with { Phase = phase, Pending = id } };
    }

    /// <summary>The role file says what the epoch says.</summary>
    public static bool RoleAsItShouldBe(TurnBuilder turn)
    {
        var toolstack = turn.State.Toolstack;
        if (toolstack is null || turn.Durable.Master == Guid.Empty)
        {
            return toolstack is { RoleFile: PoolRole.Master or PoolRole.Slave };
        }

        return turn.Durable.Master == turn.Config.Self.Uuid
            ? toolstack.RoleFile == PoolRole.Master
            : toolstack.RoleFile == PoolRole.Slave && toolstack.MasterAddress == turn.Config.Peer.Address.ToString();
    }

    private static void FirstMaster(TurnBuilder turn, Heartbeat beat)
    {
        // Under a word the rank of the two must not change.
        if (Knowledge.IsMaster(turn.State) && !beat.Has(HeartbeatFlags.IsMaster) && !turn.Durable.Committed)
        {
            turn.Durable = turn.Durable with { Master = turn.Config.Self.Uuid };
        }
    }

    /// <summary>
    /// The mastership was moved here by XAPI (pool.designate_new_master), by an administrator or by a host that departed: the
    /// epoch follows. An empty peer that wants to be master all the same is demoted by XAPI at each start of its toolstack.
    /// </summary>
    public static void FollowHandover(TurnBuilder turn, Heartbeat beat)
    {
        var moved = Knowledge.IsMaster(turn.State) && Knowledge.ToolstackReady(turn.State)
            && (IsEmpty(beat) || (!beat.Has(HeartbeatFlags.IsMaster) && beat.Has(HeartbeatFlags.ToolstackHealthy)))
            && turn.Durable.Master != turn.Config.Self.Uuid && turn.Durable.Master != Guid.Empty;
        if (!moved)
        {
            turn.State = turn.State.RoleChangeSince is null ? turn.State : turn.State with { RoleChangeSince = null };
            return;
        }

        var since = turn.State.RoleChangeSince ?? turn.Now;
        turn.State = turn.State with { RoleChangeSince = since };
        if (turn.Now - since >= RoleConfusion)
        {
            turn.Durable = turn.Durable with { Epoch = turn.Durable.Epoch + 1, Master = turn.Config.Self.Uuid };
            turn.Report(HaEventId.PeerChanged, Severity.Notice,
                $"the mastership was moved here by XAPI: epoch {turn.Durable.Epoch}");
        }
    }

    /// <summary>The peer runs nothing and waits to be admitted.</summary>
    public static bool IsEmpty(Heartbeat beat) => beat.Status is HaStatus.Joining or HaStatus.Fenced && beat.RunningCount == 0;

    private static string NameOf(TurnBuilder turn, Guid host) =>
        host == turn.Config.Self.Uuid ? turn.Config.Self.Name
        : host == turn.Config.Peer.Uuid ? turn.Config.Peer.Name : "unknown";
}
