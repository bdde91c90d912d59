using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The fencing ladder: toolstack killed and domains destroyed side by side, the back-ends that they leave behind ended, verified by a list that was asked for after
/// the toolstack was dead, attested; not verified in time: reset. The watchdog is not fed meanwhile. The toolstack goes
/// first because a start under way in it would create a domain behind the back of the kill.
/// </summary>
internal static class Fencing
{
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(1);

    public static void Begin(TurnBuilder turn, string reason)
    {
        turn.Become(HaStatus.Fencing, reason);
        turn.Report(HaEventId.FenceDecided, Severity.Critical, $"fencing this host: {reason}");
        if (turn.State.Takeover is not null)
        {
            Takeovers.Unblock(turn);
        }

        turn.State = turn.State with
        {
            // A reading under way shows the time before the fence, and may hang: it is not waited for.
            Schedule = turn.State.Schedule with { Domains = turn.Now, DomainsPending = 0 },
            Fence = new FenceProgress { DecidedAt = turn.Now, Reason = reason },
            Takeover = null,
            Starts = turn.State.Starts.Clear(),
            CarriedLease = null,
        };
        turn.Durable = turn.Durable with { FencePending = true, FenceReason = reason, Takeover = null, ToolstackOwed = true };
        Continue(turn);
    }

    public static void Continue(TurnBuilder turn)
    {
        var fence = turn.State.Fence ?? throw new InvalidOperationException("fencing without a fence");
        if (fence.Verified)
        {
            Attest(turn, fence);
            return;
        }

        if (fence.ToolstackDeadAt is null && fence.ToolstackKill == 0)
        {
            var id = turn.Act(new HaAction.KillToolstack(), turn.Timing.KillBound * 0.8);
            fence = fence with { ToolstackKill = id };
        }

        fence = EndBackends(turn, Kill(turn, fence));
        if (IsVerified(turn.State, fence))
        {
            fence = fence with { Verified = true };
            turn.State = turn.State with { Fence = fence };
            Verified(turn, fence);
            return;
        }

        if (!fence.ResetOrdered && turn.Now >= ResetAt(turn, fence))
        {
            turn.Report(HaEventId.FenceReset, Severity.Critical,
                $"the fence is not verified within the kill bound ({WhatIsLeft(turn.State, fence)}): resetting this host");
            turn.Act(new HaAction.ResetHost(fence.Reason), ToolTimeout);
            fence = fence with { ResetOrdered = true };
        }

        turn.State = turn.State with { Fence = fence };
    }

    /// <summary>When the reset is due: a tenth of the kill bound is left for the reset itself.</summary>
    internal static Instant ResetAt(TurnBuilder turn, FenceProgress fence) =>
        fence.DecidedAt + (turn.Timing.KillBound * 0.9);

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (turn.State.Fence is not { } fence)
        {
            return false;
        }

        if (finished.Id == fence.ToolstackKill)
        {
            if (finished.Outcome != ActionOutcome.Succeeded)
            {
                turn.Report(HaEventId.ActionTrouble, Severity.Error, $"the toolstack could not be killed yet: {finished.Detail}");
            }

            turn.State = turn.State with
            {
                StandsDownSince = finished.Outcome == ActionOutcome.Succeeded ? turn.Now : turn.State.StandsDownSince,
                Fence = fence with
                {
                    ToolstackKill = 0,
                    ToolstackDeadAt = finished.Outcome == ActionOutcome.Succeeded ? turn.Now : null,
                },
            };
            return true;
        }

        if (fence.BackendsEnd != 0 && finished.Id == fence.BackendsEnd)
        {
            BackendsEnded(turn, fence, finished);
            return true;
        }

        if (!fence.Kills.ContainsKey(finished.Id))
        {
            return false;
        }

        fence = fence with { Kills = fence.Kills.Remove(finished.Id), LastKillEnded = turn.Now };
        turn.State = turn.State with { Fence = fence };
        if (fence.Kills.IsEmpty)
        {
            // A list that was asked for before the last kill ended is of no use: the next one is asked for now.
            turn.State = turn.State with { Schedule = turn.State.Schedule with { Domains = turn.Now, DomainsPending = 0 } };
        }

        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"a domain could not be destroyed yet: {finished.Detail}");
        }

        return true;
    }

    private static FenceProgress Kill(TurnBuilder turn, FenceProgress fence)
    {
        if (turn.State.Domains is not { } domains || turn.State.DomainsAskedAt < fence.LastKillEnded)
        {
            return fence;
        }

        foreach (var guest in domains.Guests)
        {
            if (!fence.Kills.ContainsValue(guest.Domid))
            {
                var id = turn.Act(new HaAction.DestroyDomain(guest.Domid, guest.Vm), ToolTimeout);
                fence = fence with { Kills = fence.Kills.Add(id, guest.Domid) };
            }
        }

        return fence;
    }

    /// <summary>
    /// Nobody ends a tapdisk whose domain is gone while the toolstack is dead: the ladder does, and its end is the proof that
    /// its I/O is done. The garbage collector of the SR master goes with them.
    /// </summary>
    private static FenceProgress EndBackends(TurnBuilder turn, FenceProgress fence)
    {
        if (fence.BackendsEnd != 0 || turn.State.Domains is not { } domains || turn.State.DomainsAskedAt < fence.LastKillEnded)
        {
            return fence;
        }

        var left = domains.Unserved;
        return left.IsEmpty ? fence : fence with { BackendsEnd = turn.Act(new HaAction.EndBackends(left), ToolTimeout) };
    }

    private static void BackendsEnded(TurnBuilder turn, FenceProgress fence, Observation.ActionFinished finished)
    {
        turn.State = turn.State with
        {
            Fence = fence with { BackendsEnd = 0, LastKillEnded = turn.Now },
            Schedule = turn.State.Schedule with { Domains = turn.Now, DomainsPending = 0 },
        };
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"disk back-ends could not be ended yet: {finished.Detail}");
        }
    }

    private static bool IsVerified(HaState state, FenceProgress fence) =>
        fence.ToolstackDeadAt is { } dead && !Knowledge.MayWrite(state) && state.DomainsAskedAt >= dead;

    private static string WhatIsLeft(HaState state, FenceProgress fence)
    {
        var toolstack = fence.ToolstackDeadAt is null ? "the toolstack is not known to be dead, " : "";
        return state.Domains is not { } domains ? $"{toolstack}the hypervisor's list cannot be read"
            : $"{toolstack}{domains.Guests.Length} domains and {domains.OpenBackends + domains.Backends.Count(static backend => backend.IsWriter)} disk back-ends are left";
    }

    private static void Verified(TurnBuilder turn, FenceProgress fence)
    {
        turn.Report(HaEventId.FenceVerified, Severity.Notice,
            $"fenced in {(turn.Now - fence.DecidedAt).TotalSeconds:F2} s: no domain is left and no disk back-end is open");
        Decisions.AttestAnew(turn);
        Attest(turn, turn.State.Fence!);
    }

    private static void Attest(TurnBuilder turn, FenceProgress fence)
    {
        var durable = turn.State.Confirmed.Committed && turn.State.Confirmed.Attestation == turn.Durable.Attestation;
        if (!durable && turn.State.DiskTrouble.Length == 0)
        {
            return;
        }

        // What was known of the toolstack is of the one that was killed: it is observed anew before anything leans on it.
        turn.State = turn.State with
        {
            Fence = null,
            Role = new RoleProgress(),
            Toolstack = null,
            Database = null,
            Schedule = turn.State.Schedule with { Toolstack = turn.Now, ToolstackPending = 0 },
        };
        turn.Become(HaStatus.Fenced, $"nothing runs here, verified ({fence.Reason})");
    }

    /// <summary>What the site wants done with a fenced host, once the peer had time to hear the attestation.</summary>
    public static void AfterFence(TurnBuilder turn)
    {
        var action = turn.Config.Policy.FenceAction;
        var due = turn.State.StatusSince + turn.Timing.AttestWindow;
        if (action == FenceAction.Kill || turn.State.Status != HaStatus.Fenced || turn.Now < due
            || turn.State.StatusSince + turn.Timing.AttestWindow + ToolTimeout < turn.Now)
        {
            return;
        }

        turn.Act(action == FenceAction.Reboot
            ? new HaAction.ResetHost("fence_action = reboot")
            : new HaAction.PowerOffHost("fence_action = poweroff"), ToolTimeout);
    }
}
