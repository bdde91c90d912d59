using System.Diagnostics;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>Carries out what the decision code orders of the toolstack and of dom0. Nothing is repeated here.</summary>
internal sealed class ToolstackActions(
    LocalConfig config, XapiSessions sessions, DatabaseReader database, RoleFile role, ToolRunner tools, IHostPower power)
{
    private static readonly Dictionary<string, string> s_live = new() { ["live"] = "true" };
    private static readonly TimeSpan KillAfterStop = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private Task _starting = Task.CompletedTask;
    private Task _blocking = Task.CompletedTask;
    private int _kills;

    private ToolsConfig Tools => config.Config.Tools;

    private PowerLadder Ladder => new(power, Tools.HypervisorFence);

    public async Task<Observation.ActionFinished> RunAsync(Command.Act act)
    {
        using var patience = new CancellationTokenSource(act.Deadline);
        try
        {
            var work = ExecuteAsync(act.Action, act.Deadline, patience.Token);
            var failure = await work.WaitAsync(patience.Token);
            return failure is null
                ? new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "")
                : new Observation.ActionFinished(act.Id, failure.Outcome, failure.Code, failure.Detail);
        }
        catch (XenApiFailure failure)
        {
            var outcome = failure.Outcome == CallOutcome.Unknown ? ActionOutcome.Unknown : ActionOutcome.Failed;
            return new Observation.ActionFinished(act.Id, outcome, failure.Code, string.Join(' ', failure.Parameters));
        }
        catch (XenApiException error)
        {
            var sent = error.Outcome != CallOutcome.NotSent;
            return new Observation.ActionFinished(
                act.Id, sent ? ActionOutcome.Unknown : ActionOutcome.Failed, sent ? "TRANSPORT" : "NOT_SENT", error.Message);
        }
        catch (OperationCanceledException)
        {
            return new Observation.ActionFinished(
                act.Id, ActionOutcome.Unknown, "DEADLINE", $"no answer within {act.Deadline.TotalSeconds:F0} s");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Observation.ActionFinished(act.Id, ActionOutcome.Failed, "IO", error.Message);
        }
        catch (Exception error)
        {
            // Nobody foresaw it, but whoever waits for the answer must get one.
            return new Observation.ActionFinished(act.Id, ActionOutcome.Unknown, "UNFORESEEN", error.Message);
        }
    }

    private async Task<Failure?> ExecuteAsync(HaAction action, TimeSpan deadline, CancellationToken cancel)
    {
        switch (action)
        {
            case HaAction.KillToolstack:
                return await KillToolstackAsync(NextKill(), deadline);
            case HaAction.StartToolstack:
                return await StartToolstackAsync(Volatile.Read(ref _kills), deadline);
            case HaAction.RestartToolstack:
                var kill = NextKill();
                return await KillToolstackAsync(kill, deadline) ?? await StartToolstackAsync(kill, deadline);
            case HaAction.WriteRoleSlave slave:
                role.Write($"slave:{slave.MasterAddress}");
                return null;
            case HaAction.WriteRoleMaster:
                role.Write("master");
                return null;
            case HaAction.BlockPeerToolstack block:
                return Tools.BlockPeer.Length == 0 ? null : await BlockPeerAsync(block.Block ? "add" : "delete", deadline);
            case HaAction.ReleaseStorageLocks release:
                return await ReleaseAsync(release, deadline);
            case HaAction.ResetHost:
                return Tools.ResetHost.Length > 0 ? await ToolAsync(Tools.ResetHost, [], deadline)
                    : StillThere(await Ladder.ResetAsync(deadline));
            case HaAction.PowerOffHost:
                return Tools.PowerOffHost.Length > 0 ? await ToolAsync(Tools.PowerOffHost, [], deadline)
                    : StillThere(await Ladder.PowerOffAsync(deadline));
            case HaAction.FencePeer:
            case HaAction.AcquireLease or HaAction.ReleaseLease:
            case HaAction.ReadReservations or HaAction.RegisterKeys or HaAction.PreemptPeer:
                return new Failure(ActionOutcome.Failed, "NOT_CONFIGURED", "no fence agent, no arbiter and no reservation is configured");
            case HaAction.MoveVm or HaAction.SwitchHost:
                return await ThroughPoolAsync(action, deadline, cancel);
            default:
                return await ThroughXapiAsync(action, deadline, cancel);
        }
    }

    /// <summary>What a slave asks of its master: with a session of the pool.</summary>
    private async Task<Failure?> ThroughPoolAsync(HaAction action, TimeSpan deadline, CancellationToken cancel)
    {
        var session = await sessions.PoolAsync(deadline, cancel);
        switch (action)
        {
            case HaAction.MoveVm move when database.VmRefs.TryGetValue(move.Vm, out var vm)
                && database.HostRefs.TryGetValue(move.Host, out var target):
                await session.VM.PoolMigrateAsync(vm, target, s_live, deadline, cancel);
                return null;
            case HaAction.SwitchHost { Enabled: true } when database.HostRefs.TryGetValue(config.Self.Uuid, out var self):
                await session.Host.EnableAsync(self, deadline, cancel);
                return null;
            case HaAction.SwitchHost when database.HostRefs.TryGetValue(config.Self.Uuid, out var self):
                await session.Host.DisableAsync(self, deadline, cancel);
                return null;
            default:
                return new Failure(ActionOutcome.Failed, "UUID_INVALID", "the toolstack's database does not know it");
        }
    }

    private async Task<Failure?> ThroughXapiAsync(HaAction action, TimeSpan deadline, CancellationToken cancel)
    {
        var session = action is HaAction.StartVm ? await sessions.StartsAsync(deadline, cancel) : await sessions.LocalAsync(deadline, cancel);
        switch (action)
        {
            case HaAction.PromoteToMaster:
                await session.Pool.EmergencyTransitionToMasterAsync(deadline, cancel);
                sessions.ForgetPool();
                return null;
            case HaAction.DesignateMaster designate when database.HostRefs.TryGetValue(designate.Host, out var next):
                await session.Pool.DesignateNewMasterAsync(next, deadline, cancel);
                sessions.ForgetPool();
                return null;
            case HaAction.RecoverSlaves:
                await session.Pool.RecoverSlavesAsync(deadline, cancel);
                return null;
            case HaAction.SyncDatabase:
                await session.Pool.SyncDatabaseAsync(deadline, cancel);
                return null;
            case HaAction.ResetPowerState reset when database.VmRefs.TryGetValue(reset.Vm, out var vm):
                await session.VM.PowerStateResetAsync(vm, deadline, cancel);
                return null;
            case HaAction.StartVm start when database.VmRefs.TryGetValue(start.Vm, out var vm)
                && database.HostRefs.TryGetValue(start.Host, out var host):
                await session.VM.StartOnAsync(vm, host, startPaused: false, force: false, deadline, cancel);
                return null;
            case HaAction.PlugStorage plug when database.PbdRefs.TryGetValue(plug.Pbd, out var pbd):
                await session.PBD.PlugAsync(pbd, deadline, cancel);
                return null;
            case HaAction.MarkVm mark when database.VmRefs.TryGetValue(mark.Vm, out var vm):
                return await MarkAsync(mark, vm, deadline, cancel);
            case HaAction.MarkVm or HaAction.ResetPowerState or HaAction.StartVm or HaAction.DesignateMaster or HaAction.PlugStorage:
                return new Failure(ActionOutcome.Failed, "UUID_INVALID", "the toolstack's database does not know it");
            default:
                throw new UnreachableException(action.GetType().Name);
        }
    }

    /// <summary>By a session of the pool: on a slave XAPI forwards it to the master.</summary>
    private async Task<Failure?> MarkAsync(HaAction.MarkVm mark, XenRef<VM> vm, TimeSpan deadline, CancellationToken cancel)
    {
        var session = role.Read().Role == PoolRole.Master ? await sessions.LocalAsync(deadline, cancel) : await sessions.PoolAsync(deadline, cancel);
        await session.VM.SetHaRestartPriorityAsync(vm, mark.Priority, deadline, cancel);
        if (mark.Mark is { } value)
        {
            await session.VM.OtherConfig.RemoveAsync(vm, DatabaseReader.LizardField, deadline, cancel);
            await session.VM.OtherConfig.AddAsync(vm, DatabaseReader.LizardField, value ? "true" : "false", deadline, cancel);
        }

        return null;
    }

    private int NextKill() => Interlocked.Increment(ref _kills);

    /// <summary>
    /// A fence gives up the answer of a restart under way, not the restart: whose stop was overtaken by another kill starts nothing
    /// behind its back.
    /// </summary>
    private async Task<Failure?> StartToolstackAsync(int kill, TimeSpan deadline)
    {
        Task<Failure?> start;
        lock (_gate)
        {
            if (kill != Volatile.Read(ref _kills))
            {
                return new Failure(ActionOutcome.Failed, "OVERTAKEN", "the toolstack was killed for another reason meanwhile; it is not started");
            }

            start = ToolAsync(Tools.StartToolstack, [], deadline);
            _starting = start;
        }

        return await start;
    }

    /// <summary>
    /// The stop is asked first, so that systemd does not start the unit again (Restart=on-failure); the SIGKILL behind it
    /// ends what an orderly stop would wait for, up to a minute, and longer on a slave whose master is away.
    /// </summary>
    private async Task<Failure?> KillToolstackAsync(int kill, TimeSpan deadline)
    {
        Task starting;
        lock (_gate)
        {
            starting = _starting;
        }

        var stop = ToolAsync(Tools.StopToolstack, [], deadline);
        await Task.WhenAny(stop, Task.Delay(KillAfterStop));
        for (var attempt = 0; attempt < 3 && !stop.IsCompleted; attempt++)
        {
            _ = await tools.RunAsync(Tools.KillToolstack, [], deadline);
            await Task.WhenAny(stop, Task.Delay(KillAfterStop));
        }

        sessions.ForgetPool();
        var failure = await stop;

        return failure ?? await StopBehindAsync(starting, kill, deadline);
    }

    /// <summary>A start that was asked for before the kill may reach systemd behind its stop: stopped again until it has ended, and once more.</summary>
    private async Task<Failure?> StopBehindAsync(Task starting, int kill, TimeSpan deadline)
    {
        var asked = Stopwatch.GetTimestamp();
        while (!starting.IsCompleted)
        {
            if (kill != Volatile.Read(ref _kills) || Stopwatch.GetElapsedTime(asked) >= deadline)
            {
                return new Failure(ActionOutcome.Unknown, "STARTING", "a start of the toolstack that was asked for before has not ended");
            }

            await Task.WhenAny(starting, Task.Delay(KillAfterStop));
            if (await ToolAsync(Tools.StopToolstack, [], deadline) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private async Task<Failure?> ReleaseAsync(HaAction.ReleaseStorageLocks release, TimeSpan deadline)
    {
        Failure? first = null;
        foreach (var sr in database.HostSrs.GetValueOrDefault(release.Host, []))
        {
            string[] arguments = release.WasMaster ? [release.Host.ToString(), sr, "master"] : [release.Host.ToString(), sr];
            var failure = await ToolAsync(Tools.ReleaseLocks, arguments, deadline);
            first ??= failure;
        }

        return first;
    }

    /// <summary>One behind the other, each bounded: an "add" that is slow must not land behind the "delete" that lifts it.</summary>
    private Task<Failure?> BlockPeerAsync(string verb, TimeSpan deadline)
    {
        lock (_gate)
        {
            var next = BehindAsync(_blocking, verb, deadline);
            _blocking = next;
            return next;
        }
    }

    private async Task<Failure?> BehindAsync(Task before, string verb, TimeSpan deadline)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await ToolAsync(Tools.BlockPeer, [verb, config.Peer.Address.ToString()], deadline);
    }

    private static Failure StillThere(string why) => new(ActionOutcome.Failed, "STILL_THERE", why);

    private async Task<Failure?> ToolAsync(string command, string[] arguments, TimeSpan deadline)
    {
        var result = await tools.RunAsync(command, arguments, deadline);
        return result.Succeeded ? null
            : new Failure(result.End == ToolEnd.TimedOut ? ActionOutcome.Unknown : ActionOutcome.Failed, "TOOL", result.Describe(command));
    }

    private sealed record Failure(ActionOutcome Outcome, string Code, string Detail);
}
