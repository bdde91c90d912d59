using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// The fencing ladder: toolstack killed and domains destroyed side by side, the back-ends that they leave behind ended,
/// verified by a list that was asked for after the toolstack was dead, attested; not verified in time: reset. The watchdog is
/// not fed meanwhile. The toolstack goes first because a start under way in it would create a domain behind the back of the kill.
/// </summary>
internal static class Fence
{
    public static void Begin(Draft turn, string reason)
    {
        turn.Become(Cause.FenceDecided, reason);
        turn.Report(HaEventId.FenceDecided, Severity.Critical, $"fencing this host: {reason}");
        if (turn.Takeover is not null)
        {
            PeerBlock.Lift(turn);
        }

        // A reading under way shows the time before the fence, and may hang: it is not waited for.
        turn.ReadDomainsAnew();
        turn.Abandon(Purpose.KillDomain);
        turn.Abandon(Purpose.KillToolstack);
        turn.Abandon(Purpose.EndBackends);
        turn.DropTakeover();
        turn.DropStarts();
        Evacuation.StopFor(turn, "this host fences");
        turn.Fence = new FenceProgress { DecidedAt = turn.Now, Reason = reason };
        turn.Watchdog = turn.Watchdog with { CarriedLease = null };
        turn.Durable = turn.Durable with { FencePending = true, FenceReason = reason, Takeover = null, ToolstackOwed = true };
        Advance(turn);
    }

    public static void Advance(Draft turn)
    {
        var fence = turn.Fence ?? throw new InvalidOperationException("fencing without a fence");
        if (fence.Verified)
        {
            Attest(turn, fence);
            return;
        }

        if (fence.ToolstackDeadAt is null && !turn.Pending.Has(Purpose.KillToolstack))
        {
            turn.Act(new HaAction.KillToolstack(), turn.Timing.KillBound * 0.8, Purpose.KillToolstack);
        }

        Kill(turn, fence);
        EndBackends(turn, fence);
        if (IsVerified(turn.View, fence))
        {
            turn.Fence = fence with { Verified = true };
            turn.Report(HaEventId.FenceVerified, Severity.Notice,
                $"fenced in {(turn.Now - fence.DecidedAt).TotalSeconds:F2} s: no domain is left and no disk back-end is open");
            Attestation.ByListSince(turn, turn.Host.DomainsAskedAt);
            Attest(turn, turn.Fence);
        }
        else if (!fence.ResetOrdered && turn.Now >= ResetAt(turn.View, fence))
        {
            Reset(turn, fence, $"the fence is not verified within the kill bound ({WhatIsLeft(turn.State, fence)}): resetting this host");
        }
    }

    /// <summary>When a reset is due.</summary>
    public static Instant LookAgainAt(View view) => view.State.Procedures.Fence is { } fence
        ? Again.First(Again.At(view, ResetAt(view, fence)), Again.At(view, SilenceAt(fence))) : Again.Never;

    public static void ToolstackKilled(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Fence is not { } fence)
        {
            return;
        }

        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            turn.Host = turn.Host with { StandsDownSince = turn.Now };
            turn.Fence = fence with { ToolstackDeadAt = turn.Now };
        }
        else
        {
            Tell(turn, $"the toolstack could not be killed yet: {finished.Detail}");
        }
    }

    public static void DomainKilled(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Fence is not { } fence)
        {
            return;
        }

        turn.Fence = fence with { LastKillEnded = turn.Now };
        if (!turn.Pending.Has(Purpose.KillDomain))
        {
            // A list that was asked for before the last kill ended is of no use: the next one is asked for now.
            turn.ReadDomainsAnew();
        }

        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            Tell(turn, $"a domain could not be destroyed yet: {finished.Detail}");
        }
    }

    public static void BackendsEnded(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Fence is not { } fence)
        {
            return;
        }

        turn.Fence = fence with { LastKillEnded = turn.Now };
        turn.ReadDomainsAnew();
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            Tell(turn, $"disk back-ends could not be ended yet: {finished.Detail}");
        }
    }

    /// <summary>Orders of a fence are repeated up to forty times a second: what went wrong is said once.</summary>
    private static void Tell(Draft turn, string trouble)
    {
        if (turn.Fence is { } fence && !fence.Told.Contains(trouble))
        {
            turn.Fence = fence with { Told = fence.Told.Add(trouble) };
            turn.Report(HaEventId.ActionTrouble, Severity.Error, trouble);
        }
    }

    /// <summary>What the site wants done with a fenced host, once the peer had time to hear the attestation. Ordered once.</summary>
    public static void AfterFence(Draft turn)
    {
        var action = turn.Config.Policy.FenceAction;
        var due = turn.Life.StatusSince + turn.Timing.AttestWindow;
        if (action == FenceAction.Kill || turn.State.Status != HaStatus.Fenced || turn.Now < due
            || due + Deadlines.FenceTool < turn.Now || turn.Procedures.FenceActionAt >= due)
        {
            return;
        }

        turn.Procedures = turn.Procedures with { FenceActionAt = turn.Now };
        turn.Act(action == FenceAction.Reboot
            ? new HaAction.ResetHost("fence_action = reboot")
            : new HaAction.PowerOffHost("fence_action = poweroff"), Deadlines.FenceTool);
    }

    /// <summary>A tenth of the kill bound is left for the reset itself.</summary>
    private static Instant ResetAt(View view, FenceProgress fence) => fence.DecidedAt + (view.Timing.KillBound * 0.9);

    /// <summary>Until then the disk may still take the attestation, which is worth more than silence.</summary>
    private static Instant SilenceAt(FenceProgress fence) => fence.DecidedAt + Deadlines.SlowDisk;

    private static void Reset(Draft turn, FenceProgress fence, string why)
    {
        turn.Report(HaEventId.FenceReset, Severity.Critical, why);
        turn.Act(new HaAction.ResetHost(fence.Reason), Deadlines.FenceTool);
        turn.Fence = fence with { ResetOrdered = true };
    }

    private static void Kill(Draft turn, FenceProgress fence)
    {
        if (turn.Host.Domains is not { } domains || turn.Host.DomainsAskedAt < fence.LastKillEnded)
        {
            return;
        }

        foreach (var guest in domains.Guests)
        {
            if (!turn.Pending.Open.Any(command => command.Purpose == Purpose.KillDomain && command.Domid == guest.Domid))
            {
                turn.Act(new HaAction.DestroyDomain(guest.Domid, guest.Vm), Deadlines.FenceTool, Purpose.KillDomain, guest.Vm, guest.Domid);
            }
        }
    }

    /// <summary>
    /// Nobody ends a tapdisk whose domain is gone while the toolstack is dead: the ladder does, and its end is the proof that
    /// its I/O is done. The garbage collector of the SR master goes with them.
    /// </summary>
    private static void EndBackends(Draft turn, FenceProgress fence)
    {
        if (turn.Pending.Has(Purpose.EndBackends) || turn.Host.Domains is not { } domains || turn.Host.DomainsAskedAt < fence.LastKillEnded)
        {
            return;
        }

        var left = domains.Unserved;
        if (!left.IsEmpty)
        {
            turn.Act(new HaAction.EndBackends(left), Deadlines.FenceTool, Purpose.EndBackends);
        }
    }

    private static bool IsVerified(View view, FenceProgress fence) =>
        fence.ToolstackDeadAt is { } dead && !view.MayWrite && view.State.Host.DomainsAskedAt >= dead;

    private static string WhatIsLeft(HaState state, FenceProgress fence)
    {
        var toolstack = fence.ToolstackDeadAt is null ? "the toolstack is not known to be dead, " : "";
        return state.Host.Domains is not { } domains ? $"{toolstack}the hypervisor's list cannot be read"
            : $"{toolstack}{domains.Guests.Length} domains and "
                + $"{domains.OpenBackends + domains.Backends.Count(static backend => backend.IsWriter)} disk back-ends are left";
    }

    private static void Attest(Draft turn, FenceProgress fence)
    {
        var durable = turn.Disk.Confirmed.Committed && turn.Disk.Confirmed.Attestation == turn.Durable.Attestation;
        if (!durable)
        {
            // Nothing runs here, and nobody can be told: a host that is silent the peer can take over from.
            if (!fence.ResetOrdered && turn.Now >= SilenceAt(fence))
            {
                Reset(turn, fence, "the fence is verified, but the attestation cannot be written: resetting this host, so that the peer can take over");
            }

            return;
        }

        // What was known of the toolstack is of the one that was killed: it is observed anew before anything leans on it.
        turn.Host = turn.Host with { Toolstack = null, Database = null };
        turn.ReadToolstackAnew();
        turn.Become(Cause.FenceVerified, $"nothing runs here, verified ({fence.Reason})");
    }
}
