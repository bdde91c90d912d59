using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>What the daemon asks of its own toolstack and of dom0, each bounded by its deadline.</summary>
internal sealed class VirtualToolstackPort(VirtualWorld world, VirtualHost host, VirtualDaemon owner)
{
    private static readonly TimeSpan ToolTime = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan EventDelay = TimeSpan.FromMilliseconds(100);
    private readonly DatabaseView _facts = new();
    private Database? _followed;
    private Action? _changed;
    private bool _told;
    private Instant _toldAt;
    private TimeSpan _spacing;
    private string _session = "";
    private string _normalSession = "";

    public async Task ReadAsync(Command.ReadToolstack read, Action<Observation> post)
    {
        var status = host.Toolstack.Status;
        _spacing = read.EventSpacing;
        var facts = new ToolstackFacts
        {
            Running = status.UnixListening,
            ProcessAlive = status.Service == ServiceState.Active,
            Answers = false,
            InitComplete = status.InitComplete,
            RoleFile = RoleOf(status.RoleFile),
            MasterAddress = status.RoleFile.StartsWith("slave:", StringComparison.Ordinal) ? status.RoleFile[6..] : "",
            Listener = new ToolstackListener(host.Toolstack.Processes, host.Life),
        };
        if (!facts.Running || facts.Listener == read.Known)
        {
            await world.Scheduler.Delay(TimeSpan.FromMilliseconds(1)).ConfigureAwait(false);
            facts = facts.Running ? facts with { Answers = true, Asked = false } : facts with { Trouble = "nobody listens on its socket", Listener = null };
        }
        else
        {
            facts = await AskAsync(facts, read.Deadline).ConfigureAwait(false);
        }

        post(new Observation.ToolstackObserved(
            read.Id, read.WithDatabase && facts is { Answers: true, Emergency: false } ? await WithDatabaseAsync(facts, read.Deadline).ConfigureAwait(false) : facts));
    }

    /// <summary>A database that is not read soon may be a master's that is away, or an own toolstack that accepts calls and answers none.</summary>
    private async Task<ToolstackFacts> WithDatabaseAsync(ToolstackFacts facts, TimeSpan deadline)
    {
        var reading = DatabaseAsync(facts, deadline);
        var beside = Command.ReadToolstack.AskedBeside;
        if (!facts.Asked && !(await world.Scheduler.WithinAsync(reading, beside).ConfigureAwait(false) && await reading.ConfigureAwait(false) is not null))
        {
            facts = await AskAsync(facts, deadline - beside).ConfigureAwait(false);
        }

        return facts with { Database = await reading.ConfigureAwait(false) };
    }

    private async Task<ToolstackFacts> AskAsync(ToolstackFacts facts, TimeSpan deadline)
    {
        facts = facts with { Asked = true, Answers = false };
        var emergency = await LocalAsync("host.is_in_emergency_mode", [], deadline).ConfigureAwait(false);
        if (emergency is not CallReply.Success inEmergency)
        {
            return facts with { Trouble = Text(emergency) };
        }

        facts = facts with { Answers = true, Emergency = inEmergency.Value!.GetValue<bool>() };
        return facts with { TooNew = facts.Emergency && host.Toolstack.Status.EmergencyError is ["HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", ..] };
    }

    public async Task ActAsync(Command.Act act, Action<Observation> post)
    {
        var done = RunAsync(act.Action, act.Deadline, post);
        var (outcome, code, detail) = await world.Scheduler.WithinAsync(done, act.Deadline).ConfigureAwait(false)
            ? await done.ConfigureAwait(false)
            : (ActionOutcome.Unknown, "DEADLINE", $"no answer within {act.Deadline.TotalSeconds:F0} s");
        post(new Observation.ActionFinished(act.Id, outcome, code, detail));
    }

    private async Task<(ActionOutcome Outcome, string Code, string Detail)> RunAsync(HaAction action, TimeSpan deadline, Action<Observation> post)
    {
        var life = host.Life;
        if (IsTool(action) && !await ToolAsync(ToolTime).ConfigureAwait(false))
        {
            return PowerLost;
        }

        switch (action)
        {
            case HaAction.DestroyDomain destroy:
                return host.Domains.Destroy(destroy.Domid) ? Done : (ActionOutcome.Failed, "XL", "xl destroy failed");
            case HaAction.EndBackends end:
                await host.Domains.EndAsync(end.Backends).ConfigureAwait(false);
                return Done;
            case HaAction.KillToolstack:
                host.Toolstack.Kill();
                await host.Toolstack.StopAsync().ConfigureAwait(false);
                return Done;
            case HaAction.StartToolstack:
                host.Toolstack.Start();
                return Done;
            case HaAction.RestartToolstack when !world.Promotion.RestartsAtOnce:
                return Done;
            case HaAction.RestartToolstack:
                host.Toolstack.Kill();
                await host.Toolstack.StopAsync().ConfigureAwait(false);
                if (life != host.Life)
                {
                    return PowerLost;
                }

                host.Toolstack.Start();
                return Done;
            case HaAction.WriteRoleSlave slave:
                host.Disk.Write(Role.FileName, $"slave:{slave.MasterAddress}");
                return Done;
            case HaAction.WriteRoleMaster:
                host.Disk.Write(Role.FileName, "master");
                return Done;
            case HaAction.BlockPeerToolstack block:
                world.Blocked[host.Index] = block.Block && world.Promotion.RejectsPeer;
                return Done;
            case HaAction.ResetHost or HaAction.PowerOffHost when host.CannotReset:
                return (ActionOutcome.Failed, "EPERM", "the kernel does not reset this host");
            case HaAction.ResetHost:
                host.Reset();
                return Done;
            case HaAction.PowerOffHost:
                host.PowerOff();
                return Done;
            case HaAction.AcquireLease:
                return await world.Arbiter.AcquireAsync(host, post).ConfigureAwait(false);
            case HaAction.ReleaseLease:
                return await world.Arbiter.ReleaseAsync(host).ConfigureAwait(false);
            case HaAction.FencePeer fence:
                return await world.Board.PowerOffAsync(host, fence.OnlyRead, post).ConfigureAwait(false);
            case HaAction.ReadReservations:
                return await world.Luns.ReadAsync(host, deadline, post).ConfigureAwait(false);
            case HaAction.RegisterKeys register:
                return await world.Luns.RegisterAsync(host, register, post).ConfigureAwait(false);
            case HaAction.PreemptPeer:
                return await world.Luns.PreemptAsync(host, post).ConfigureAwait(false);
            case HaAction.ReleaseStorageLocks release:
                return await ReleaseAsync(release).ConfigureAwait(false);
            default:
                return await ThroughXapiAsync(action, deadline).ConfigureAwait(false);
        }
    }

    private static readonly (ActionOutcome Outcome, string Code, string Detail) Done = (ActionOutcome.Succeeded, "", "");

    private bool IsTool(HaAction action) => action is HaAction.DestroyDomain or HaAction.KillToolstack or HaAction.StartToolstack
        || (action is HaAction.RestartToolstack && world.Promotion.RestartsAtOnce);

    private static readonly (ActionOutcome Outcome, string Code, string Detail) PowerLost = (ActionOutcome.Unknown, "POWER", "");

    /// <summary>A program of dom0 runs for so long; false when the host lost power meanwhile: nothing of it goes on.</summary>
    private async Task<bool> ToolAsync(TimeSpan time)
    {
        var life = host.Life;
        await world.Scheduler.Delay(time).ConfigureAwait(false);
        return life == host.Life;
    }

    private async Task<(ActionOutcome Outcome, string Code, string Detail)> ReleaseAsync(HaAction.ReleaseStorageLocks release)
    {
        if (!await ToolAsync(TimeSpan.FromMilliseconds(300)).ConfigureAwait(false))
        {
            return PowerLost;
        }

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
            HaAction.DesignateMaster designate => await DesignateAsync(designate, deadline).ConfigureAwait(false),
            HaAction.RecoverSlaves => await LocalAsync("pool.recover_slaves", [], deadline).ConfigureAwait(false),
            HaAction.SyncDatabase => await LocalAsync("pool.sync_database", [], deadline).ConfigureAwait(false),
            HaAction.ResetPowerState reset => await OnVmAsync("VM.power_state_reset", reset.Vm, [], deadline).ConfigureAwait(false),
            HaAction.PlugStorage plug => await PlugAsync(plug, deadline).ConfigureAwait(false),
            HaAction.StartVm start => await StartAsync(start, deadline).ConfigureAwait(false),
            HaAction.MarkVm mark => await MarkAsync(mark, deadline).ConfigureAwait(false),
            HaAction.MoveVm move => await InPoolAsync("VM.pool_migrate",
                [Database.RefOf("VM", move.Vm.ToString()), Database.RefOf("host", move.Host.ToString()), new JsonObject { ["live"] = "true" }], deadline).ConfigureAwait(false),
            HaAction.SwitchHost { Enabled: var enabled } => await InPoolAsync(enabled ? "host.enable" : "host.disable",
                [host.Toolstack.HostRef], deadline).ConfigureAwait(false),
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

    private async Task<CallReply> DesignateAsync(HaAction.DesignateMaster designate, TimeSpan deadline)
    {
        var target = await LocalAsync("host.get_by_uuid", [designate.Host.ToString()], deadline).ConfigureAwait(false);
        return target is CallReply.Success found
            ? await LocalAsync("pool.designate_new_master", [(string?)found.Value], deadline).ConfigureAwait(false)
            : target;
    }

    private async Task<CallReply> StartAsync(HaAction.StartVm start, TimeSpan deadline)
    {
        var target = await LocalAsync("host.get_by_uuid", [start.Host.ToString()], deadline).ConfigureAwait(false);
        return target is CallReply.Success found
            ? await OnVmAsync("VM.start_on", start.Vm, [(string?)found.Value, false, false], deadline).ConfigureAwait(false)
            : target;
    }

    private async Task<CallReply> MarkAsync(HaAction.MarkVm mark, TimeSpan deadline)
    {
        var reply = await OnVmAsync("VM.set_ha_restart_priority", mark.Vm, [mark.Priority], deadline).ConfigureAwait(false);
        if (mark.Mark is not { } value || reply is not CallReply.Success)
        {
            return reply;
        }

        await OnVmAsync("VM.remove_from_other_config", mark.Vm, [DatabaseView.LizardField], deadline).ConfigureAwait(false);
        return await OnVmAsync("VM.add_to_other_config", mark.Vm, [DatabaseView.LizardField, value ? "true" : "false"], deadline).ConfigureAwait(false);
    }

    /// <summary>A call with a session of the pool, as a slave needs it.</summary>
    private async Task<CallReply> InPoolAsync(string method, JsonNode?[] parameters, TimeSpan deadline)
    {
        var login = await BoundedAsync("session.login_with_password", ["root", "", "1.0", "twonodeha"], deadline).ConfigureAwait(false);
        return login is CallReply.Success session
            ? await BoundedAsync(method, [session.Value?.DeepClone(), .. parameters.Select(value => value?.DeepClone())], deadline).ConfigureAwait(false)
            : login;
    }

    private async Task<CallReply> PlugAsync(HaAction.PlugStorage plug, TimeSpan deadline)
    {
        var found = await LocalAsync("PBD.get_by_uuid", [plug.Pbd.ToString()], deadline).ConfigureAwait(false);
        return found is CallReply.Success reference
            ? await LocalAsync("PBD.plug", [(string?)reference.Value], deadline).ConfigureAwait(false)
            : found;
    }

    private async Task<CallReply> OnVmAsync(string method, Guid vm, JsonNode?[] rest, TimeSpan deadline)
    {
        var found = await LocalAsync("VM.get_by_uuid", [vm.ToString()], deadline).ConfigureAwait(false);
        if (found is not CallReply.Success reference)
        {
            return found;
        }

        return await LocalAsync(method, [(string?)reference.Value, .. rest], deadline).ConfigureAwait(false);
    }

    /// <summary>A call with a local session; logged in anew when the process behind the session is gone.</summary>
    private async Task<CallReply> LocalAsync(string method, JsonNode?[] parameters, TimeSpan deadline)
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

            var reply = await BoundedAsync(method, [_session, .. parameters.Select(value => value?.DeepClone())], deadline).ConfigureAwait(false);
            if (attempt == 0 && reply is CallReply.Failure { Error: ["SESSION_INVALID", ..] })
            {
                _session = "";
                continue;
            }

            return reply;
        }
    }

    private async Task<CallReply> BoundedAsync(string method, JsonNode?[] parameters, TimeSpan deadline)
    {
        var call = host.Toolstack.CallAsync(CallOrigin.Unix, method, new JsonArray(parameters));
        return await world.Scheduler.WithinAsync(call, deadline).ConfigureAwait(false) ? await call.ConfigureAwait(false) : new CallReply.ConnectionLost("deadline");
    }

    /// <summary>
    /// The database as the toolstack would tell it now. One call goes the whole way, with its session, its forwarding and
    /// its faults; the records behind it are then read where they lie, and only when they changed.
    /// </summary>
    private async Task<DatabaseFacts?> DatabaseAsync(ToolstackFacts facts, TimeSpan deadline)
    {
        var master = facts.RoleFile == PoolRole.Master;
        if (!master && _normalSession.Length == 0)
        {
            var login = await BoundedAsync("session.login_with_password", ["root", "", "1.0", "twonodeha"], deadline).ConfigureAwait(false);
            if (login is not CallReply.Success session)
            {
                return null;
            }

            _normalSession = (string)session.Value!;
        }

        var reply = await BoundedAsync("pool.get_all", [master ? _session : _normalSession], deadline).ConfigureAwait(false);
        if (reply is not CallReply.Success)
        {
            _normalSession = "";
            return null;
        }

        var source = master ? host : world.Hosts[1 - host.Index];
        if (source.Toolstack.Records is not { } records)
        {
            return null;
        }

        Follow(records, source);
        return _facts.Read(records, host.Config.Self.Uuid, host.Mirrored);
    }

    /// <summary>The daemon knows the database as it is now: reading it again would tell it nothing.</summary>
    public bool IsCurrent(DatabaseFacts? known) =>
        (host.Toolstack.Records ?? world.Hosts[1 - host.Index].Toolstack.Records) is { } records && _facts.IsCurrent(records, known);

    /// <summary>The toolstack is well, as the daemon knows it: asked again, it would say the same.</summary>
    public bool IsCurrent(ToolstackFacts? known) => host.Toolstack.Status is var status
        && known is { Answers: true, Emergency: false, InitComplete: true, TooNew: false }
        && status is { UnixListening: true, InitComplete: true, Emergency: false }
        && known.RoleFile == RoleOf(status.RoleFile) && (known.MasterAddress.Length == 0 || status.RoleFile.EndsWith(known.MasterAddress, StringComparison.Ordinal));

    /// <summary>event.from: a change of the database is told within a moment, while the toolstack that serves it can be reached.</summary>
    private void Follow(Database records, VirtualHost source)
    {
        if (ReferenceEquals(records, _followed))
        {
            return;
        }

        if (_followed is not null)
        {
            _followed.Changed -= _changed;
        }

        (_followed, _changed) = (records, () => Changed(records, source));
        records.Changed += _changed;
    }

    private void Changed(Database records, VirtualHost source)
    {
        if (_told)
        {
            return;
        }

        _told = true;
        var life = host.Life;

        // Only a spacing that was ordered is kept: the usual one is little more than the delay.
        var rest = _spacing > Command.ReadToolstack.UsualSpacing ? _toldAt + _spacing - host.LocalNow : EventDelay;
        world.Scheduler.After((rest > EventDelay ? rest : EventDelay) + host.EventsLateBy, () =>
        {
            (_told, _toldAt) = (false, host.LocalNow);
            var reached = life == host.Life && ReferenceEquals(source.Toolstack.Records, records)
                && host.Toolstack.Status.UnixListening && !host.Toolstack.Faults.HangAll && !source.Toolstack.Faults.HangAll
                && (ReferenceEquals(source, host) || world.Path(host.Index));
            if (reached && ReferenceEquals(host.Daemon, owner) && _facts.Read(records, host.Config.Self.Uuid, host.Mirrored) is { } facts)
            {
                owner.Post(new Observation.DatabaseObserved(facts));
            }
        });
    }

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
