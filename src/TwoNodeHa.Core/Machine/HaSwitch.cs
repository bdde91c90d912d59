using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Rules;
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
            if (turn.Life.EnabledAt is null)
            {
                turn.Life = turn.Life with { EnabledAt = turn.Now };
                turn.Schedule = turn.Schedule with { Domains = turn.Now };
            }

            if (WaitsForList(turn.View) || WaitsForRight(turn.View))
            {
                EndPromiseOfRunner(turn);
                return true;
            }

            Leave(turn);
        }

        if (disabled)
        {
            ForgetEnabling(turn);
            FollowPool(turn);
            RepayToolstack(turn);
        }

        return disabled;
    }

    /// <summary>When the wait for a right, or the time of a disablement, is over.</summary>
    public static Instant LookAgainAt(View view) => Again.First(
        Again.After(view, view.State.Life.EnabledAt, view.Timing.Lease),
        view.State.Life.ReenableAt is { } over ? Again.At(view, over) : Again.Never);

    /// <summary>
    /// The time of a disablement is over. The wall clock gives the deadline once; from then on the monotonic clock counts, as on
    /// the peer, which was told the same deadline.
    /// </summary>
    public static void EnableWhenOver(Draft turn)
    {
        var durable = turn.Durable;
        if (durable is not { Enabled: false, ReenableAtUnixMs: > 0 })
        {
            return;
        }

        if (turn.Life.ReenableAt is null && turn.Life.WallUnixMs > 0)
        {
            var left = TimeSpan.FromMilliseconds(Math.Max(0, durable.ReenableAtUnixMs - turn.Life.WallUnixMs));
            turn.Life = turn.Life with { ReenableAt = turn.Now + left };
        }

        if (turn.Life.ReenableAt is { } over && turn.Now >= over)
        {
            turn.Life = turn.Life with { ReenableAt = null };
            turn.Durable = durable with
            {
                Enabled = true,
                SwitchGeneration = durable.SwitchGeneration + 1,
                DisabledFrom = 0,
                ReenableAtUnixMs = 0,
                DisabledReason = "",
            };
            turn.Report(HaEventId.SwitchChanged, Severity.Notice, "the disable period has ended: HA is enabled again");
        }
    }

    /// <summary>
    /// What runs here now, and not what did a moment ago, decides how this host goes on: a VM that was just started would be killed for a
    /// word or a promise. A list that hangs is not waited for longer than a lease.
    /// </summary>
    private static bool WaitsForList(View view) => view.State.Life.EnabledAt is { } since
        && view.State.Host.DomainsAskedAt < since && view.Now - since < view.Timing.Lease;

    /// <summary>HA was enabled while VMs run here without a right: one lease is given for the first answers.</summary>
    private static bool WaitsForRight(View view) => view.Runs && !RightToRun.Of(view).Holds
        && view.State.Life.EnabledAt is { } since && view.Now - since < view.Timing.Lease;

    /// <summary>
    /// VMs were brought back under a promise while HA was disabled: the maintenance is over in fact, and the peer is asked to give the
    /// promise up before the wait is over and what runs here is killed for it.
    /// </summary>
    private static void EndPromiseOfRunner(Draft turn)
    {
        if (turn.View.Runs && turn.Durable is { PromiseStands: true, WantsReadmission: false })
        {
            Evacuation.AskForReadmission(turn);
            turn.Report(HaEventId.Maintenance, Severity.Warning,
                $"VMs run here although this host is in maintenance: it is over, and {turn.Config.Peer.Name} is asked for readmission");
        }
    }

    private static void Enter(Draft turn)
    {
        Evacuation.StopFor(turn, "HA was disabled");
        turn.Life = turn.Life with { EnabledAt = null };
        turn.Procedures = turn.Procedures with { DoubleSince = null };
        if (turn.Durable.Takeover is { WasMaster: false, Step: < TakeoverStep.Promote })
        {
            // Nobody was promoted yet: the raised epoch goes on with the master that the pool had.
            turn.Durable = turn.Durable with { Master = turn.Config.Peer.Uuid };
        }

        if (turn.Durable.Takeover is not null && turn.View.Missing() is { IsEmpty: false } missing)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                $"HA was disabled in the middle of a takeover; not running here: {string.Join(", ", missing.Select(vm => vm.Name))}. "
                    + "Start them by hand, or enable HA again");
        }

        turn.DropTakeover();
        turn.DropStarts();
        turn.Durable = turn.Durable with { Takeover = null, Committed = false };
        turn.Become(Cause.DisabledForBoth, "HA is disabled on both hosts");
        Watchdog.Disarm(turn);
    }

    /// <summary>The next time that HA is enabled counts from then, also where this one was never entered.</summary>
    private static void ForgetEnabling(Draft turn)
    {
        if (turn.Life.EnabledAt is not null)
        {
            turn.Life = turn.Life with { EnabledAt = null };
        }
    }

    private static void Leave(Draft turn)
    {
        if (turn.Durable.PromiseStands)
        {
            turn.Become(Cause.PromiseStands, "HA was enabled while a promise stands");
            Watchdog.Arm(turn);
        }
        else if (turn.View.MayRun)
        {
            turn.Become(Cause.GuestsRun, turn.Durable.StateLost ? "the state was lost, VMs run here" : "HA was enabled, VMs run here");
            Watchdog.Arm(turn);
        }
        else
        {
            turn.Become(Cause.NothingRuns, turn.Durable.StateLost ? "the state was lost, nothing runs here" : "HA was enabled, nothing runs here");
            Waiting.GiveWord(turn);
        }
    }

    /// <summary>
    /// The record of who is master follows the pool also while HA is disabled: what the administrator does then must not be undone when
    /// HA is enabled. Only the record changes.
    /// </summary>
    private static void FollowPool(Draft turn)
    {
        if (turn.State.Status == HaStatus.Disabled && turn.View.PeerFresh && turn.Peer.Beat is { } beat)
        {
            if (beat.Epoch > turn.Durable.Epoch)
            {
                Mastership.FollowEpoch(turn, beat);
            }

            Mastership.FollowHandover(turn, beat);
        }
    }

    /// <summary>
    /// HA was disabled while the toolstack was down by our hand: it comes up again, in the role that the epoch gives it. A newer one that the peer
    /// cannot give yet, because it has not heard of the disablement, is waited for.
    /// </summary>
    private static void RepayToolstack(Draft turn)
    {
        if (turn.Departure is null && (turn.Durable.ToolstackOwed || turn.Role.Phase != RoleChangePhase.Idle)
            && turn.Peer.Beat is { } beat && turn.View.PeerFresh)
        {
            Mastership.FollowEpoch(turn, beat);
            if (beat.Epoch <= turn.Durable.Epoch)
            {
                RoleChange.Repay(turn);
            }
        }
    }
}
