using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// Who is master is settled before the toolstack of a booting host starts: XAPI looks for another master once, at its start,
/// and two of them can coexist for ever, or demote each other (xapi.md 8.1). The unit that the toolstack is ordered after
/// asks again and again until this has decided; it is bounded, so that a lone cold start is never held for ever.
/// </summary>
internal static class BootGuard
{
    /// <summary>How long the peer is waited for. A heartbeat crosses within milliseconds; a switch port may take seconds to forward.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>The toolstack is held back: nobody else starts it or changes its role meanwhile.</summary>
    public static bool Open(HaState state) => state.Guard is { Said.Length: 0 };

    public static OperatorReply Ask(TurnBuilder turn)
    {
        if (turn.State.Guard is null)
        {
            turn.State = turn.State with
            {
                Guard = new GuardProgress { Until = turn.Now + Patience },
                Schedule = turn.State.Schedule with { Toolstack = turn.Now, ToolstackPending = 0 },
            };
        }

        Continue(turn);
        return turn.State.Guard is { Said: { Length: > 0 } said }
            ? new OperatorReply(true, false, said)
            : new OperatorReply(true, true, $"waiting for {turn.Config.Peer.Name}");
    }

    public static void Continue(TurnBuilder turn)
    {
        if (!Open(turn.State) || turn.State.Guard!.Pending != 0)
        {
            return;
        }

        var (state, peer) = (turn.State, turn.Config.Peer.Name);
        if (state.Status is HaStatus.TakingOver or HaStatus.Fencing || state.Toolstack is { Running: true })
        {
            Decide(turn, state.Toolstack is { Running: true } ? "the toolstack runs already, its role is left" : "this host takes over or fences: its role comes with that");
        }
        else if (Knowledge.PeerFresh(turn.Config, state, turn.Now) && state.Toolstack is not null)
        {
            RoleCare.FollowEpoch(turn, state.Peer.Beat!);
            Settle(turn, $"{peer} is heard");
        }
        else if (turn.Now >= state.Guard.Until)
        {
            // A record that names the peer is obeyed; one that names this host proves nothing, for the peer may have taken over.
            if (turn.Durable.Master == turn.Config.Peer.Uuid && state.Toolstack is not null)
            {
                Settle(turn, $"{peer} is not heard, but by the own record it is master");
            }
            else
            {
                Decide(turn, $"{peer} is not heard within {Patience.TotalSeconds:0} s: the toolstack starts in the role it had, and nothing protected is "
                    + "started before this host has a right to run");
            }
        }
    }

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (turn.State.Guard is not { } guard || guard.Pending == 0 || guard.Pending != finished.Id)
        {
            return false;
        }

        turn.State = turn.State with { Guard = guard with { Pending = 0 } };
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // What was observed before is out of date now; until the next reading this is what the file says.
            var mine = turn.Durable.Master == turn.Config.Self.Uuid;
            turn.State = turn.State with
            {
                Toolstack = turn.State.Toolstack! with
                {
                    RoleFile = mine ? PoolRole.Master : PoolRole.Slave,
                    MasterAddress = mine ? "" : turn.Config.Peer.Address.ToString(),
                },
            };
            Decide(turn, guard.Writing);
        }
        else if (turn.Now >= guard.Until)
        {
            Decide(turn, $"the role file could not be written: {finished.Detail}");
        }

        return true;
    }

    private static void Settle(TurnBuilder turn, string why)
    {
        var state = turn.State;
        var mine = turn.Durable.Master == turn.Config.Self.Uuid;
        if (turn.Durable.Master == Guid.Empty || RoleCare.RoleAsItShouldBe(turn))
        {
            Decide(turn, $"{why}: the toolstack starts in the role it had");
        }
        else if (!mine)
        {
            Write(turn, new HaAction.WriteRoleSlave(turn.Config.Peer.Address.ToString()),
                $"{why}: it is master of epoch {turn.Durable.Epoch}, so the role of this host is slave:{turn.Config.Peer.Address}");
        }
        else if (!state.Peer.Beat!.Has(HeartbeatFlags.IsMaster))
        {
            Write(turn, new HaAction.WriteRoleMaster(), $"{why} and is no master; this host is, of epoch {turn.Durable.Epoch}: its role is master");
        }
        else
        {
            Decide(turn, $"{why} and says to be master as this host does: settled by rank when the toolstack is up");
        }
    }

    private static void Write(TurnBuilder turn, HaAction role, string sentence)
    {
        var id = turn.Act(role, TimeSpan.FromSeconds(5));
        turn.State = turn.State with { Guard = turn.State.Guard! with { Pending = id, Writing = sentence } };
    }

    private static void Decide(TurnBuilder turn, string sentence)
    {
        turn.State = turn.State with
        {
            Guard = turn.State.Guard! with { Said = sentence },
            Schedule = turn.State.Schedule with { Toolstack = turn.Now, ToolstackPending = 0 },
        };
        turn.Report(HaEventId.BootGuard, Severity.Notice, $"boot guard: {sentence}");
    }
}
