using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>The first state of an incarnation, as soon as the own hypervisor was read and the incarnation is durable.</summary>
internal static class Settling
{
    public static void Settle(Draft turn)
    {
        if (turn.Host.Domains is null)
        {
            FenceWhenLate(turn, "the hypervisor's list could not be read, and the lease of the former daemon ended");
        }
        else if (turn.Disk.Confirmed.Incarnation != turn.Life.Incarnation.Counter)
        {
            // An empty master that nobody hears goes on acting as one when the peer has taken over.
            if (turn.View.Runs || turn.View is { IsMaster: true, State.Host.Toolstack.Running: true })
            {
                FenceWhenLate(turn, "the state cannot be written, so this daemon cannot speak, and the lease of the former one ended");
            }
        }
        else
        {
            EnterFirst(turn);
        }
    }

    /// <summary>A former daemon held a right that has ended, and this one cannot say yet what runs here.</summary>
    private static void FenceWhenLate(Draft turn, string why)
    {
        if (turn.Watchdog.CarriedLease is not null && !RightToRun.Of(turn.View).Holds
            && turn.Now - turn.Life.StartedAt > Grace.ForTheList(turn.View) && !HearsDisabled(turn.View) && !IsHeldFor(turn.View))
        {
            Fence.Begin(turn, why);
        }
    }

    /// <summary>The peer holds for the pause of the former daemon, whose watchdog rests: a slow list is no reason to end anything.</summary>
    private static bool IsHeldFor(View view) => view.Confirmed is { Disarm: not 0, DisarmAcknowledged: true }
        && view.State.Watchdog is { Armed: false, Facts.Running: false } && view.Now - view.State.Life.StartedAt < Deadlines.SlowDisk;

    private static void EnterFirst(Draft turn)
    {
        if (turn.View.DisabledForBoth)
        {
            turn.Durable = turn.Durable with { Takeover = null, Committed = false };
            turn.Become(Cause.DisabledForBoth, "HA is disabled");
            Watchdog.Disarm(turn);
        }
        else if (turn.Durable.FencePending && turn.View.MayWrite)
        {
            Fence.Begin(turn, $"continued after a restart: {turn.Durable.FenceReason}");
        }
        else if (turn.View.Runs)
        {
            EnterRunning(turn);
        }
        else if (turn.Durable.PromiseStands)
        {
            turn.Become(Cause.PromiseStands, "a promise not to take over stands");
            Watchdog.Arm(turn);
            WaitForFirstRight(turn);
        }
        else
        {
            turn.Become(Cause.NothingRuns, "nothing runs here");
            WaitForFirstRight(turn);
            Waiting.GiveWord(turn);
        }
    }

    /// <summary>Nothing runs here; a master's toolstack that a former daemon of this boot knew may be up.</summary>
    private static void WaitForFirstRight(Draft turn)
    {
        if (turn.Watchdog.CarriedLease is not null)
        {
            Grace.BeginEmpty(turn);
        }
    }

    private static void EnterRunning(Draft turn)
    {
        if (turn.View.BoundByWord)
        {
            Fence.Begin(turn, "VMs run here although this host gave its word that none do");
            return;
        }

        if (turn.View.OnlyLeftovers && turn.Host.Toolstack is not { Running: true })
        {
            EndLeftovers(turn);
            return;
        }

        Grace.Begin(turn);
        if (turn.Durable.Takeover is { } journal)
        {
            Takeover.Resume(turn, journal);
        }
        else
        {
            turn.Become(Cause.GuestsRun, "VMs run here, the peer is not heard yet");
            Watchdog.Arm(turn);
        }
    }

    /// <summary>
    /// Domains are gone, their writers are not, and nobody is there who would end them: the former daemon died in a fence before
    /// that was on disk. With a toolstack that runs it may as well be a VM that has just ended.
    /// </summary>
    private static void EndLeftovers(Draft turn)
    {
        if (turn.Host.Toolstack is not null)
        {
            Fence.Begin(turn, "disk back-ends of VMs that are gone were found at the start, and no toolstack that would end them");
        }
        else
        {
            FenceWhenLate(turn, "disk back-ends of VMs that are gone were found at the start, and the lease of the former daemon ended");
        }
    }

    /// <summary>The peer says now that HA is disabled: it takes nothing over, and here nothing is fenced for a slow disk.</summary>
    private static bool HearsDisabled(View view) => !view.Durable.Enabled && view.Now - view.State.Life.StartedAt < Deadlines.SlowDisk
        && view.State.Peer.Beat is { } beat && !beat.Has(HeartbeatFlags.Enabled)
        && beat.SwitchGeneration >= view.Durable.SwitchGeneration && view.PeerHeard;
}
