using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>What the daemon asks of its own toolstack and of dom0, each bounded by its deadline.</summary>
internal sealed class VirtualToolstackPort(VirtualWorld world, VirtualHost host)
{
    private static readonly TimeSpan ToolTime = TimeSpan.FromMilliseconds(20);
    private string _session = "";

    public async Task ReadAsync(Command.ReadToolstack read, Action<Observation> post)
    {
        var status = host.Toolstack.Status;
        var facts = new ToolstackFacts
        {
            Running = status.UnixListening,
            Answers = false,
            InitComplete = status.InitComplete,
            RoleFile = RoleOf(status.RoleFile),
            MasterAddress = status.RoleFile.StartsWith("slave:", StringComparison.Ordinal) ? status.RoleFile[6..] : "",
        };
        if (!facts.Running)
        {
            await world.Scheduler.Delay(TimeSpan.FromMilliseconds(1)).ConfigureAwait(false);
            post(new Observation.ToolstackObserved(read.Id, facts with { Trouble = "nobody listens on its socket" }));
            return;
        }

        var emergency = await LocalAsync("host.is_in_emergency_mode", [], read.Deadline).ConfigureAwait(false);
        if (emergency is not CallReply.Success inEmergency)
        {
            post(new Observation.ToolstackObserved(read.Id, facts with { Trouble = Text(emergency) }));
            return;
        }

        facts = facts with { Answers = true, Emergency = inEmergency.Value!.GetValue<bool>() };
        if (read.WithDatabase && !facts.Emergency)
        {
            facts = facts with { Database = await DatabaseAsync(facts, read.Deadline).ConfigureAwait(false) };
        }

        post(new Observation.ToolstackObserved(read.Id, facts));
    }

    public async Task ActAsync(Command.Act act, Action<Observation> post)
    {
        var done = RunAsync(act.Action, act.Deadline);
        await Task.WhenAny(done, world.Scheduler.Delay(act.Deadline)).ConfigureAwait(false);
        var (outcome, code, detail) = done.IsCompleted
            ? await done.ConfigureAwait(false)
            : (ActionOutcome.Unknown, "DEADLINE", $"no answer within {act.Deadline.TotalSeconds:F0} s");
        post(new Observation.ActionFinished(act.Id, outcome, code, detail));
    }

    private async Task<(ActionOutcome Outcome, string Code, string Detail)> RunAsync(HaAction action, TimeSpan deadline)
    {
        switch (action)
        {
            case HaAction.DestroyDomain destroy:
                await world.Scheduler.Delay(ToolTime).ConfigureAwait(false);
                return host.Domains.Destroy(destroy.Domid) ? Done : (ActionOutcome.Failed, "XL", "xl destroy failed");
            case HaAction.KillToolstack:
                await world.Scheduler.Delay(ToolTime).ConfigureAwait(false);
                host.Toolstack.Crash();
                await host.Toolstack.StopAsync().ConfigureAwait(false);
                return Done;
            case HaAction.StartToolstack:
                await world.Scheduler.Delay(ToolTime).ConfigureAwait(false);
                host.Toolstack.Start();
                return Done;
            case HaAction.RestartToolstack:
                await world.Scheduler.Delay(ToolTime).ConfigureAwait(false);
                host.Toolstack.Crash();
                await host.Toolstack.StopAsync().ConfigureAwait(false);
                host.Toolstack.Start();
                return Done;
            case HaAction.WriteRoleSlave slave:
                host.Disk.Write(Role.FileName, $"slave:{slave.MasterAddress}");
                return Done;
            case HaAction.WriteRoleMaster:
                host.Disk.Write(Role.FileName, "master");
                return Done;
            case HaAction.BlockPeerToolstack block:
                world.Blocked[host.Index] = block.Block;
                return Done;
            case HaAction.ResetHost:
                host.Reset();
                return Done;
            case HaAction.PowerOffHost:
                host.PowerOff();
                return Done;
            case HaAction.FencePeer or HaAction.AcquireLease:
                return (ActionOutcome.Failed, "NOT_CONFIGURED", "");
            case HaAction.ReleaseStorageLocks release:
                return await ReleaseAsync(release).ConfigureAwait(false);
            default:
                return await ThroughXapiAsync(action, deadline).ConfigureAwait(false);
        }
    }

    private static readonly (ActionOutcome Outcome, string Code, string Detail) Done = (ActionOutcome.Succeeded, "", "");

    private async Task<(ActionOutcome Outcome, string Code, string Detail)> ReleaseAsync(HaAction.ReleaseStorageLocks release)
    {
        await world.Scheduler.Delay(TimeSpan.FromMilliseconds(300)).ConfigureAwait(false);
        foreach (var sr in world.Pool.Srs)
        {
            world.Storage.Reset(release.Host.ToString(), sr.Uuid);
        }

        return Done;
    }

    private async Task<(ActionOutcome Outcome, string Code, string Detail)> ThroughXapiAsync(HaAction action, TimeSpan deadline)
    {
        var reply = action switch
        {
            HaAction.PromoteToMaster => await LocalAsync("pool.emergency_transition_to_master", [], deadline).ConfigureAwait(false),
            HaAction.RecoverSlaves => await LocalAsync("pool.recover_slaves", [], deadline).ConfigureAwait(false),
            HaAction.SyncDatabase => await LocalAsync("pool.sync_database", [], deadline).ConfigureAwait(false),
            HaAction.ResetPowerState reset => await OnVmAsync("VM.power_state_reset", reset.Vm, [], deadline).ConfigureAwait(false),
            HaAction.HardShutdownVm hard => await OnVmAsync("VM.hard_shutdown", hard.Vm, [], deadline).ConfigureAwait(false),
            HaAction.StartVm start => await StartAsync(start, deadline).ConfigureAwait(false),
            _ => throw new UnreachableException(action.GetType().Name),
        };
        return reply switch
        {
            CallReply.Success => Done,
            CallReply.Failure failure => (ActionOutcome.Failed, failure.Error[0], string.Join(' ', failure.Error.Skip(1))),
            CallReply.Refused refused => (ActionOutcome.Failed, "NOT_SENT", refused.Reason),
            _ => (ActionOutcome.Unknown, "TRANSPORT", Text(reply)),
        };
    }

    private async Task<CallReply> StartAsync(HaAction.StartVm start, TimeSpan deadline)
    {
        var target = await LocalAsync("host.get_by_uuid", [start.Host.ToString()], deadline).ConfigureAwait(false);
        return target is CallReply.Success found
            ? await OnVmAsync("VM.start_on", start.Vm, [(string?)found.Value, false, false], deadline).ConfigureAwait(false)
            : target;
    }

    private async Task<CallReply> OnVmAsync(string method, Guid vm, JsonArray rest, TimeSpan deadline)
    {
        var found = await LocalAsync("VM.get_by_uuid", [vm.ToString()], deadline).ConfigureAwait(false);
        if (found is not CallReply.Success reference)
        {
            return found;
        }

        JsonArray parameters = [(string?)reference.Value];
        foreach (var value in rest)
        {
            parameters.Add(value?.DeepClone());
        }

        return await LocalAsync(method, parameters, deadline).ConfigureAwait(false);
    }

    /// <summary>A call with a local session; logged in anew when the process behind the session is gone.</summary>
    private async Task<CallReply> LocalAsync(string method, JsonArray parameters, TimeSpan deadline)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (_session.Length == 0)
            {
                var login = await BoundedAsync("session.slave_local_login_with_password", ["root", ""], deadline).ConfigureAwait(false);
                if (login is not CallReply.Success session)
                {
                    return login;
                }

                _session = (string)session.Value!;
            }

            JsonArray all = [_session];
            foreach (var value in parameters)
            {
                all.Add(value?.DeepClone());
            }

            var reply = await BoundedAsync(method, all, deadline).ConfigureAwait(false);
            if (attempt == 0 && reply is CallReply.Failure { Error: ["SESSION_INVALID", ..] })
            {
                _session = "";
                continue;
            }

            return reply;
        }
    }

    private async Task<CallReply> BoundedAsync(string method, JsonArray parameters, TimeSpan deadline)
    {
        var call = host.Toolstack.CallAsync(CallOrigin.Unix, method, parameters);
        await Task.WhenAny(call, world.Scheduler.Delay(deadline)).ConfigureAwait(false);
        return call.IsCompleted ? await call.ConfigureAwait(false) : new CallReply.ConnectionLost("deadline");
    }

    private async Task<DatabaseFacts?> DatabaseAsync(ToolstackFacts facts, TimeSpan deadline)
    {
        var session = _session;
        if (facts.RoleFile != PoolRole.Master)
        {
            var login = await BoundedAsync("session.login_with_password", ["root", "", "1.0", "twonodeha"], deadline).ConfigureAwait(false);
            if (login is not CallReply.Success normal)
            {
                return null;
            }

            session = (string)normal.Value!;
        }

        var pools = await BoundedAsync("pool.get_all_records", [session], deadline).ConfigureAwait(false);
        var hosts = await BoundedAsync("host.get_all_records", [session], deadline).ConfigureAwait(false);
        var vms = await BoundedAsync("VM.get_all_records", [session], deadline).ConfigureAwait(false);
        return pools is CallReply.Success { Value: JsonObject pool } && hosts is CallReply.Success { Value: JsonObject all }
            && vms is CallReply.Success { Value: JsonObject records } && pool.Count > 0 && all.Count > 0
                ? Parse(pool.First().Value!.AsObject(), all, records) with
                {
                    FreeMemoryBytes = await FreeMemoryAsync(all, session, deadline).ConfigureAwait(false),
                }
                : null;
    }

    private async Task<long> FreeMemoryAsync(JsonObject hosts, string session, TimeSpan deadline)
    {
        var self = hosts.FirstOrDefault(pair => (string?)pair.Value!["uuid"] == host.Config.Self.Uuid.ToString()).Key;
        var free = await BoundedAsync("host.compute_free_memory", [session, self], deadline).ConfigureAwait(false);
        return free is CallReply.Success { Value: { } value } ? value.GetValue<long>() : -1;
    }

    private static DatabaseFacts Parse(JsonObject pool, JsonObject hosts, JsonObject vms)
    {
        var uuids = hosts.ToDictionary(pair => pair.Key, pair => Guid.Parse((string)pair.Value!["uuid"]!));
        return new DatabaseFacts
        {
            NativeHaEnabled = (bool)pool["ha_enabled"]!,
            Master = uuids.GetValueOrDefault((string)pool["master"]!),
            Hosts = [.. uuids.Values.Order()],
            EnabledHosts = [.. hosts.Where(pair => (bool)pair.Value!["enabled"]!).Select(pair => uuids[pair.Key]).Order()],
            Vms = [.. vms.Select(pair => pair.Value!.AsObject()).Where(IsGuest).Select(vm => Vm(vm, uuids)).OrderBy(vm => vm.Uuid)],
        };
    }

    private static bool IsGuest(JsonObject vm) =>
        !(bool)vm["is_a_template"]! && !(bool)vm["is_a_snapshot"]! && !(bool)vm["is_control_domain"]!;

    private static VmFact Vm(JsonObject vm, Dictionary<string, Guid> hosts) => new()
    {
        Uuid = Guid.Parse((string)vm["uuid"]!),
        Name = (string)vm["name_label"]!,
        PowerState = Enum.Parse<VmPowerState>((string)vm["power_state"]!),
        ResidentOn = hosts.GetValueOrDefault((string)vm["resident_on"]!),
        Priority = (string)vm["ha_restart_priority"]! switch
        {
            "restart" => RestartPriority.Restart,
            "best-effort" => RestartPriority.BestEffort,
            _ => RestartPriority.None,
        },
        Order = (int)vm["order"]!.GetValue<long>(),
        StartDelay = TimeSpan.FromSeconds(vm["start_delay"]!.GetValue<long>()),
        MemoryBytes = vm["memory_static_max"]!.GetValue<long>() + vm["memory_overhead"]!.GetValue<long>(),
        StopRequested = vm["current_operations"]!.AsObject().Any(pair =>
            (string)pair.Value! is "clean_shutdown" or "hard_shutdown" or "shutdown" or "suspend"),
    };

    private static PoolRole RoleOf(string role) => role switch
    {
        "master" => PoolRole.Master,
        _ when role.StartsWith("slave:", StringComparison.Ordinal) => PoolRole.Slave,
        _ => PoolRole.Broken,
    };

    private static string Text(CallReply reply) => reply switch
    {
        CallReply.ConnectionLost lost => lost.Reason,
        CallReply.Refused refused => refused.Reason,
        CallReply.HttpError error => error.Text,
        _ => reply.ToString() ?? "",
    };
}
