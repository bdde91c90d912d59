using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>HA enabled and disabled, as both hosts have agreed on it.</summary>
internal static class HaSwitch
{
    /// <summary>Follows the switch. True while HA is disabled for both: nothing else is decided then.</summary>
    public static bool KeepsDisabled(Draft turn)
    {
        var disabled = turn.View.DisabledForBoth;
        if (disabled && turn.State.Status != HaStatus.Disabled)
        {
            Enter(turn);
        }
        else if (!disabled && turn.State.Status == HaStatus.Disabled)
        {
            Leave(turn);
        }

        if (disabled)
        {
            RepayToolstack(turn);
        }

        return disabled;
    }

    /// <summary>The time of a disablement is over.</summary>
    public static void EnableWhenOver(Draft turn)
    {
        var durable = turn.Durable;
        if (durable is { Enabled: false, ReenableAtUnixMs: > 0 } && turn.Life.WallUnixMs >= durable.ReenableAtUnixMs)
        {
            turn.Durable = durable with
            {
                Enabled = true,
                SwitchGeneration = durable.SwitchGeneration + 1,
                ReenableAtUnixMs = 0,
                DisabledReason = "",
            };
            turn.Report(HaEventId.SwitchChanged, Severity.Notice, "the time of the disablement is over: HA is enabled again");
        }
    }

    private static void Enter(Draft turn)
    {
        turn.Durable = turn.Durable with { Takeover = null, Committed = false };
        turn.Become(Cause.DisabledForBoth, "HA is disabled on both hosts");
        Watchdog.Disarm(turn);
    }

    private static void Leave(Draft turn)
    {
        if (turn.Durable.PromiseStands)
        {
            turn.Become(Cause.PromiseStands, "HA was enabled while a promise stands");
        }
        else if (turn.View.MayRun)
        {
            turn.Become(Cause.GuestsRun, "HA was enabled, VMs run here");
            Watchdog.Arm(turn);
        }
        else
        {
            Attestation.Renew(turn);
            turn.Become(Cause.NothingRuns, "HA was enabled, nothing runs here");
        }
    }

    /// <summary>HA was disabled while the toolstack was down by our hand: it comes up again, in the role that the epoch gives it.</summary>
    private static void RepayToolstack(Draft turn)
    {
        if (turn.Departure is null && (turn.Durable.ToolstackOwed || turn.Role.Phase != RoleChangePhase.Idle)
            && turn.Peer.Beat is { } beat && turn.View.PeerFresh)
        {
            Mastership.FollowEpoch(turn, beat);
            RoleChange.Join(turn, beat);
        }
    }
}
