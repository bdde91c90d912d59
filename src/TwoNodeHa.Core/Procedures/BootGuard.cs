using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
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
            if (turn.Pending.Has(Purpose.ChangeRole))
            {
                return new OperatorReply(true, true, "the role of this host is being changed already");
            }

            // From here on the guard alone cares for the role.
            turn.DropRoleChange();

            // A boot starts the toolstack, whoever killed it in the one before.
            turn.Guard = new GuardProgress { AskedAt = turn.Now, IsOwed = turn.Durable.ToolstackOwed };
            turn.Durable = turn.Durable with { ToolstackOwed = false };
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

        var toolstack = ReadOf(turn);
        var peer = turn.Config.Peer.Name;
        if (toolstack is { Running: true } or { ProcessAlive: true })
        {
            Decide(turn, "the toolstack is already running; its role is unchanged");
        }
        else if (turn.State.Status is HaStatus.TakingOver or HaStatus.Fencing)
        {
            Decide(turn, "this host takes over or fences: that decides its role");
        }
        else if (turn.View.PeerFresh && toolstack is not null)
        {
            Mastership.FollowEpoch(turn, turn.Peer.Beat!);
            if (!(IsBeingDisabled(turn.View, turn.Peer.Beat!) || WordIsOut(turn.View)) || turn.Now >= WaitsUntil(turn.View))
            {
                Settle(turn, $"{peer} is heard");
            }
        }
        else if (turn.Now >= WaitsUntil(turn.View) + (toolstack is null ? Deadlines.GuardReading : TimeSpan.Zero))
        {
            DecideAlone(turn, isRead: toolstack is not null);
        }
    }

    /// <summary>
    /// What is known of the toolstack; null while it is read. A reading from before the question, or from before a time in which this
    /// daemon stood still and the guard gave up, may show one that was down then and is up now.
    /// </summary>
    private static ToolstackFacts? ReadOf(Draft turn)
    {
        var readAt = turn.Host.ToolstackAt;
        if (turn.Now - readAt > Deadlines.GuardReading / 2 && !turn.Pending.Has(Purpose.ReadToolstack))
        {
            turn.ReadToolstackAnew();
        }

        return readAt >= turn.Guard!.AskedAt && turn.Now - readAt <= Deadlines.GuardReading ? turn.Host.Toolstack : null;
    }

    /// <summary>
    /// The peer is waited for. While neither it nor the gateway was ever heard, the network itself is not up yet (a switch port that
    /// spanning tree keeps closed), and the wait is as long as the site allows; from the first that was heard of either on a short
    /// one. A third party is waited for as long: it tells who may be master.
    /// </summary>
    private static Instant WaitsUntil(View view)
    {
        var asked = view.State.Procedures.Guard!.AskedAt;
        var latest = asked + Longer(Deadlines.BootGuard, view.Policy.BootGuardWait);
        var first = Earlier(view.State.Peer.HeardSince, LeavesItToThirdParty(view) ? null : view.State.Gateway.FirstAnswerAt);
        return first is { } heard ? Instant.Min(latest, Instant.Max(asked, heard) + Deadlines.BootGuard) : latest;
    }

    /// <summary>The hosts may both reach the gateway and not each other (class A needs no A1): only lease or agent tell which of them may go on. A peer that was heard with HA off takes nothing over.</summary>
    private static bool LeavesItToThirdParty(View view) => view.Policy.HasThirdParty && PeerMayTakeOver(view);

    private static bool PeerMayTakeOver(View view) => !view.DisabledForBoth
        && !(view.State.Peer.Beat is { } beat && !beat.Has(HeartbeatFlags.Enabled));

    /// <summary>
    /// The peer's disablement is adopted here and not yet answered by both: a role written now would stay for good, and the peer,
    /// which the record may name, no longer takes the role that its own file lacks.
    /// </summary>
    private static bool IsBeingDisabled(View view, Heartbeat beat) =>
        !view.Durable.Enabled && !view.DisabledForBoth && !beat.Has(HeartbeatFlags.IsMaster);

    /// <summary>
    /// A master that has given its word that nothing runs here, and does not know yet whether the peer takes it up: the news that it did may be
    /// lost, and a toolstack that came up as master meanwhile would act beside the taker's.
    /// </summary>
    private static bool WordIsOut(View view) => view.Durable.Committed && !view.FreeOfWord && !view.DisabledForBoth
        && view.Durable.Master == view.Config.Self.Uuid && view.State.Peer is { HeardSince: not null, Beat: { } beat } && View.IsMember(beat.Status);

    /// <summary>HA was disabled after a fence that left this master with the role of a slave: nobody else would make a master of either host.</summary>
    private static bool OwesTheRole(View view) => view.State.Procedures.Guard is { IsOwed: true } && view is { DisabledForBoth: true, IsMaster: false, PeerFresh: true }
        && view.Durable.Master == view.Config.Self.Uuid && view.State.Peer.Beat is { } beat
        && beat.Master == view.Config.Self.Uuid && !beat.Has(HeartbeatFlags.IsMaster);

    /// <summary>
    /// A peer that was sole goes on as master for as long as a right by the gateway lasts, and one fence. A link that failed for both is back by then (A1). Without
    /// a gateway nothing is known of either, and somebody has to be able to manage this host.
    /// </summary>
    private static Instant FormerHasFenced(View view) => view is { IsMaster: true, State.Gateway.FreshSince: { } since } && PeerMayTakeOver(view)
        ? Instant.Max(view.State.Procedures.Guard!.AskedAt, since) + view.Timing.TakeoverDelay : Instant.Zero;

    private static Instant? Earlier(Instant? left, Instant? right) => left is { } one && right is { } other ? Instant.Min(one, other) : left ?? right;

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left >= right ? left : right;

    /// <summary>When the wait is over, if nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => view.GuardIsOpen
        ? Again.First(Again.At(view, WaitsUntil(view)), Again.At(view, WaitsUntil(view) + Deadlines.GuardReading), Again.At(view, FormerHasFenced(view))) : Again.Never;

    public static void Done(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Guard is not { } guard)
        {
            return;
        }

        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // What was observed before is out of date now; until the next reading this is what the file says.
            turn.Host = turn.Host with
            {
                Toolstack = turn.Host.Toolstack! with
                {
                    RoleFile = guard.AsMaster ? PoolRole.Master : PoolRole.Slave,
                    MasterAddress = guard.AsMaster ? "" : turn.Config.Peer.Address.ToString(),
                },
            };
            Decide(turn, guard.Writing);
        }
        else if (turn.Now >= WaitsUntil(turn.View))
        {
            Decide(turn, $"the role file could not be written: {finished.Detail}");
        }
    }

    /// <summary>
    /// A record that names the peer is obeyed; one that names this host proves nothing, for the peer may have taken over. In
    /// class A, and with lone_start = hold, a master that nobody vouches for is none: the takeover makes it one when it does.
    /// </summary>
    private static void DecideAlone(Draft turn, bool isRead)
    {
        var peer = turn.Config.Peer.Name;
        if (turn.Durable.Master == turn.Config.Peer.Uuid && isRead && !turn.View.DisabledForBoth)
        {
            Settle(turn, $"{peer} is not heard, but according to this host's record it is master");
        }
        else if (isRead && MeetsMaster(turn.View))
        {
            Write(turn, Mastership.SlaveOfPeer(turn),
                $"{peer} {(turn.View.PeerHeard ? "is" : "was")} heard one way and claims to be master: the role of this host is slave:{turn.Config.Peer.Address}");
        }
        else if (isRead && turn.View.IsMaster && WordIsOut(turn.View))
        {
            Write(turn, Mastership.SlaveOfPeer(turn),
                $"{peer} was heard, and may have taken over since: the role of this host is slave:{turn.Config.Peer.Address} until that is settled");
        }
        else if (turn.View.Policy.AloneMayMeetMaster && PeerMayTakeOver(turn.View) && isRead && turn.View.IsMaster)
        {
            Write(turn, Mastership.SlaveOfPeer(turn),
                $"{peer} is not heard and no third party says that it is down: {peer} may be master, so the role of this host is slave until it takes over");
        }
        else if (turn.Now >= FormerHasFenced(turn.View))
        {
            Decide(turn, $"{peer} is not heard within {(turn.Now - turn.Guard!.AskedAt).TotalSeconds:0} s: the toolstack starts in the role it had, and nothing protected is "
                + "started before this host has a right to run");
        }
    }

    /// <summary>This one is a master by its file, and so was the peer in the newest that was heard of it, one way.</summary>
    private static bool MeetsMaster(View view) => view is { OffForBoth: false, IsMaster: true }
        && view.State.Peer.Beat is { } said && PeerIsMaster(view, said);

    private static void Settle(Draft turn, string why)
    {
        var mine = turn.Durable.Master == turn.Config.Self.Uuid;
        if (mine && !turn.View.DisabledForBoth && turn.View.PeerFresh && PeerIsMaster(turn.View, turn.Peer.Beat!))
        {
            BesideAMaster(turn, why);
        }
        else if (OwesTheRole(turn.View))
        {
            Write(turn, new HaAction.WriteRoleMaster(), $"{why}; HA is off, and the role that a fence took from this host is given back: it is master");
        }
        else if (WordIsOut(turn.View))
        {
            Write(turn, Mastership.SlaveOfPeer(turn),
                $"{why} and has not said whether it takes over: the role of this host is slave:{turn.Config.Peer.Address} until that is settled");
        }
        else if (turn.Durable.Master == Guid.Empty || turn.View.RoleAsItShouldBe || turn.View.DisabledForBoth)
        {
            Decide(turn, $"{why}: the toolstack starts in the role it had");
        }
        else if (mine && !IsOnDisk(turn))
        {
            Unwritten(turn, why);
        }
        else if (mine)
        {
            Write(turn, new HaAction.WriteRoleMaster(), $"{why} and is no master; this host is, of epoch {turn.Durable.Epoch}: its role is master");
        }
        else
        {
            Write(turn, Mastership.SlaveOfPeer(turn),
                $"{why}: it is master of epoch {turn.Durable.Epoch}, so the role of this host is slave:{turn.Config.Peer.Address}");
        }
    }

    /// <summary>That this host is master it may have heard only now, from a peer that healed a lost state.</summary>
    private static bool IsOnDisk(Draft turn) => turn.Disk.Confirmed.Master == turn.Config.Self.Uuid;

    private static void Unwritten(Draft turn, string why)
    {
        if (turn.Now >= WaitsUntil(turn.View))
        {
            Decide(turn, $"{why}, but that this host is master cannot be written to its state: the toolstack starts in the role it had");
        }
    }

    /// <summary>By its role file, or by a record of a claim above this host's.</summary>
    private static bool PeerIsMaster(View view, Heartbeat beat) => (beat.Has(HeartbeatFlags.IsMaster) && !GivesItUp(view, beat))
        || (beat.Master == view.Config.Peer.Uuid && !Rank.OutranksPeer(view));

    /// <summary>Its role file is still a master's, but its toolstack is down, and its record names this host: it is about to write the role of a slave.</summary>
    private static bool GivesItUp(View view, Heartbeat beat) => beat.Master == view.Config.Self.Uuid && beat.Epoch == view.Durable.Epoch
        && view.Durable.Master == view.Config.Self.Uuid && !beat.Has(HeartbeatFlags.MayStart) && !beat.Has(HeartbeatFlags.ToolstackHealthy);

    /// <summary>
    /// Both claim to be master. One that goes below gets the role of a slave before its toolstack starts; so does one that goes above,
    /// where the other's toolstack is up as a master already and nothing is decided in time: a takeover, or a claim raised by
    /// the peer, makes one of them the master later.
    /// </summary>
    private static void BesideAMaster(Draft turn, string why)
    {
        if (Rank.OutranksPeer(turn.View) && turn.Now < WaitsUntil(turn.View))
        {
            return;
        }

        Write(turn, Mastership.SlaveOfPeer(turn),
            $"{why} and claims to be master, as this host does: the role of this host is slave:{turn.Config.Peer.Address} until one of them takes over");
    }

    private static void Write(Draft turn, HaAction role, string sentence)
    {
        turn.Act(role, Deadlines.RoleFile, Purpose.WriteGuardedRole);
        turn.Guard = turn.Guard! with { Writing = sentence, AsMaster = role is HaAction.WriteRoleMaster };
    }

    private static void Decide(Draft turn, string sentence)
    {
        turn.Guard = turn.Guard! with { Said = sentence };
        turn.ReadToolstackAnew();
        turn.Report(HaEventId.BootGuard, Severity.Notice, $"boot guard: {sentence}");
    }
}
