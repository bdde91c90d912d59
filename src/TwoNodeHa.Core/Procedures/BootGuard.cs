using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Who is master is settled before the toolstack of a booting host starts: XAPI looks for another master once, at its start,
/// and two of them can coexist for ever, or demote each other (xapi.md 8.1). The unit that the toolstack is ordered after
/// asks again and again until this has decided; it is bounded, so that a lone cold start is never held for ever.
/// </summary>
internal static class BootGuard
{
    public static OperatorReply Ask(Draft turn)
    {
        if (turn.Guard is null)
        {
            turn.Guard = new GuardProgress { AskedAt = turn.Now };
            turn.ReadToolstackAnew();
        }

        Advance(turn);
        return turn.Guard is { Said: { Length: > 0 } said }
            ? new OperatorReply(true, false, said)
            : new OperatorReply(true, true, $"waiting for {turn.Config.Peer.Name}");
    }

    public static void Advance(Draft turn)
    {
        if (!turn.View.GuardIsOpen || turn.Pending.Has(Purpose.WriteGuardedRole))
        {
            return;
        }

        var (toolstack, peer) = (turn.Host.Toolstack, turn.Config.Peer.Name);
        if (toolstack is { Running: true })
        {
            Decide(turn, "the toolstack runs already, its role is left");
        }
        else if (turn.State.Status is HaStatus.TakingOver or HaStatus.Fencing)
        {
            Decide(turn, "this host takes over or fences: its role comes with that");
        }
        else if (turn.View.PeerFresh && toolstack is not null)
        {
            Mastership.FollowEpoch(turn, turn.Peer.Beat!);
            Settle(turn, $"{peer} is heard");
        }
        else if (turn.Now >= WaitsUntil(turn.View))
        {
            DecideAlone(turn);
        }
    }

    /// <summary>
    /// The peer is waited for. While neither it nor the gateway was ever heard, the network itself is not up yet (a switch port that
    /// spanning tree keeps closed), and the wait is as long as the site allows; from the gateway's first answer on a short one.
    /// </summary>
    private static Instant WaitsUntil(View view)
    {
        var asked = view.State.Procedures.Guard!.AskedAt;
        if (view.State.Peer.LastHeard is not null)
        {
            return asked + Deadlines.BootGuard;
        }

        var latest = asked + Longer(Deadlines.BootGuard, view.Policy.BootGuardWait);
        return view.State.Gateway.FirstAnswerAt is { } first ? Instant.Min(latest, Instant.Max(asked, first) + Deadlines.BootGuard) : latest;
    }

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left >= right ? left : right;

    /// <summary>When the wait is over, if nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => view.GuardIsOpen ? Again.At(view, WaitsUntil(view)) : Again.Never;

    public static void Done(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Guard is not { } guard)
        {
            return;
        }

        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // What was observed before is out of date now; until the next reading this is what the file says.
            var mine = turn.Durable.Master == turn.Config.Self.Uuid;
            turn.Host = turn.Host with
            {
                Toolstack = turn.Host.Toolstack! with
                {
                    RoleFile = mine ? PoolRole.Master : PoolRole.Slave,
                    MasterAddress = mine ? "" : turn.Config.Peer.Address.ToString(),
                },
            };
            Decide(turn, guard.Writing);
        }
        else if (turn.Now >= WaitsUntil(turn.View))
        {
            Decide(turn, $"the role file could not be written: {finished.Detail}");
        }
    }

    /// <summary>A record that names the peer is obeyed; one that names this host proves nothing, for the peer may have taken over.</summary>
    private static void DecideAlone(Draft turn)
    {
        var peer = turn.Config.Peer.Name;
        if (turn.Durable.Master == turn.Config.Peer.Uuid && turn.Host.Toolstack is not null)
        {
            Settle(turn, $"{peer} is not heard, but by the own record it is master");
        }
        else
        {
            Decide(turn, $"{peer} is not heard within {(turn.Now - turn.Guard!.AskedAt).TotalSeconds:0} s: the toolstack starts in the role it had, and nothing protected is "
                + "started before this host has a right to run");
        }
    }

    private static void Settle(Draft turn, string why)
    {
        var mine = turn.Durable.Master == turn.Config.Self.Uuid;
        if (turn.Durable.Master == Guid.Empty || turn.View.RoleAsItShouldBe)
        {
            Decide(turn, $"{why}: the toolstack starts in the role it had");
        }
        else if (!mine)
        {
            Write(turn, new HaAction.WriteRoleSlave(turn.Config.Peer.Address.ToString()),
                $"{why}: it is master of epoch {turn.Durable.Epoch}, so the role of this host is slave:{turn.Config.Peer.Address}");
        }
        else if (!turn.Peer.Beat!.Has(HeartbeatFlags.IsMaster))
        {
            Write(turn, new HaAction.WriteRoleMaster(), $"{why} and is no master; this host is, of epoch {turn.Durable.Epoch}: its role is master");
        }
        else
        {
            Decide(turn, $"{why} and says to be master as this host does: settled by rank when the toolstack is up");
        }
    }

    private static void Write(Draft turn, HaAction role, string sentence)
    {
        turn.Act(role, Deadlines.RoleFile, Purpose.WriteGuardedRole);
        turn.Guard = turn.Guard! with { Writing = sentence };
    }

    private static void Decide(Draft turn, string sentence)
    {
        turn.Guard = turn.Guard! with { Said = sentence };
        turn.ReadToolstackAnew();
        turn.Report(HaEventId.BootGuard, Severity.Notice, $"boot guard: {sentence}");
    }
}
