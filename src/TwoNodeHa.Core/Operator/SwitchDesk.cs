using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Operator;

/// <summary>The operator's orders about the HA switch: enabled, disabled, disabled for a time.</summary>
internal static class SwitchDesk
{
    public static OperatorReply Enable(Draft turn)
    {
        var peer = turn.Config.Peer.Name;
        if (turn.Durable.Enabled)
        {
            return new OperatorReply(true, false, "HA is enabled already.");
        }

        if (WhyNotEnable(turn) is { } reason)
        {
            return OperatorReply.Refused(reason);
        }

        turn.Durable = turn.Durable with
        {
            Enabled = true,
            StateLost = false,
            SwitchGeneration = Math.Max(turn.Durable.SwitchGeneration, turn.Durable.PeerSwitchGeneration) + 1,
            DisabledReason = "",
            ReenableAtUnixMs = 0,
            DisabledFrom = 0,
        };
        turn.Life = turn.Life with { ReenableAt = null, WallUnixMs = 0 };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice, "HA was enabled by the operator");
        return new OperatorReply(true, true, $"HA is enabled here; {peer} adopts it with its next heartbeats.");
    }

    private static string? WhyNotEnable(Draft turn)
    {
        var state = turn.State;
        var peer = turn.Config.Peer.Name;
        if (!turn.View.PeerFresh || state.Peer.Beat is not { } beat)
        {
            return $"{peer} is not heard; both hosts must hear each other when HA is enabled.";
        }

        if (beat.ConfigFingerprint != turn.Config.Fingerprint)
        {
            return $"the configuration of {peer} differs; copy the same ha.conf to both hosts and restart both daemons.";
        }

        if (turn.View.WatchdogTrouble is { } trouble)
        {
            return $"the watchdog cannot be counted on ({trouble}); correct that, or write 'device = none' and accept what the "
                + "safety class then says.";
        }

        if (state.Host.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on; switch it off first (xe pool-ha-disable).";
        }

        if (state.Host.Database is { Hosts.Length: not 2 } database)
        {
            return $"the pool has {database.Hosts.Length} hosts; this daemon guards exactly two.";
        }

        if (state.Host.Database is null)
        {
            return LacksMaster(turn.View) ? $"{Advices.NoMaster}. {Advices.NameMaster}"
                : "the toolstack has not been read yet; try again when 'ha-ctl status' shows it.";
        }

        return turn.View.GatewayFresh ? null
            : "the gateway does not answer; HA would have nothing to lean on.";
    }

    /// <summary>
    /// Both toolstacks were started as slaves while HA is disabled: each waits for the other for ever, and nobody but an administrator
    /// may end that.
    /// </summary>
    public static bool LacksMaster(View view) => view is { DisabledForBoth: true, PeerFresh: true, ToolstackReady: false }
        && view.State.Host.Toolstack is { RoleFile: PoolRole.Slave } && !view.State.Peer.Beat!.Has(HeartbeatFlags.IsMaster);

    public static OperatorReply Disable(Draft turn, OperatorRequest.Disable request)
    {
        if (NeverInForce(turn.State))
        {
            TakeBack(turn);
        }

        if (!turn.Durable.Enabled && !turn.Durable.StateLost)
        {
            DisableAgain(turn, request);
            return new OperatorReply(true, !IsConfirmed(turn.View), SwitchSentence(turn));
        }

        turn.Durable = turn.Durable with
        {
            Enabled = false,
            StateLost = false,
            SwitchGeneration = Math.Max(turn.Durable.SwitchGeneration, turn.Durable.PeerSwitchGeneration) + 1,
            DisabledReason = request.Reason,
            ReenableAtUnixMs = request.UntilUnixMs,
            DisabledFrom = 0,
        };
        turn.Life = turn.Life with { ReenableAt = null, WallUnixMs = 0 };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice,
            $"HA was disabled by the operator{(request.Reason.Length > 0 ? $": {request.Reason}" : "")}");
        return new OperatorReply(true, true, SwitchSentence(turn));
    }

    /// <summary>Another end is another order, with a number of its own: the peer adopts nothing that has the number it knows.</summary>
    private static void DisableAgain(Draft turn, OperatorRequest.Disable request)
    {
        var durable = turn.Durable;
        var began = turn.View.DisabledFrom;
        turn.Durable = durable with { DisabledReason = request.Reason };
        if (request.UntilUnixMs == durable.ReenableAtUnixMs)
        {
            return;
        }

        turn.Durable = turn.Durable with
        {
            SwitchGeneration = Math.Max(durable.SwitchGeneration, durable.PeerSwitchGeneration) + 1,
            ReenableAtUnixMs = request.UntilUnixMs,
            DisabledFrom = began,
        };
        turn.Life = turn.Life with { ReenableAt = null, WallUnixMs = 0 };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice,
            $"the operator {(request.UntilUnixMs > 0 ? "changed" : "removed")} the end of the disable period");
    }

    private static void TakeBack(Draft turn)
    {
        var disk = turn.Disk.Confirmed;
        turn.Durable = turn.Durable with
        {
            Enabled = false,
            SwitchGeneration = disk.SwitchGeneration,
            ReenableAtUnixMs = disk.ReenableAtUnixMs,
            DisabledFrom = disk.DisabledFrom,
        };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice, "HA stays disabled: the pending enable was withdrawn");
    }

    /// <summary>
    /// HA was enabled here, and the disk has not taken that: nobody heard of it, so it is taken back, and what the peer has
    /// acknowledged before goes on.
    /// </summary>
    private static bool NeverInForce(HaState state) => state.Durable.Enabled && state.Disk.Confirmed is { Enabled: false, StateLost: false }
        && state.Disk.Writing == 0 && state.Durable.PeerSwitchGeneration < state.Durable.SwitchGeneration;

    private static bool IsConfirmed(View view) =>
        view.DisabledForBoth && (view.Durable.SwitchGeneration == 0 || view.Durable.PeerSwitchGeneration == view.Durable.SwitchGeneration);

    private static string SwitchSentence(Draft turn)
    {
        var peer = turn.Config.Peer.Name;
        if (!turn.View.DisabledForBoth)
        {
            return $"HA takes nothing over from here any more. {peer} has not confirmed yet: until it does, this host "
                + "stays bound and fences itself when it loses both the peer and the gateway.";
        }

        return IsConfirmed(turn.View) ? "HA is disabled on both hosts."
            : $"HA is disabled on both hosts; {peer} has not confirmed the new end yet. Until it does, the old end applies there.";
    }
}
