using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>host.* (xapi.md 4.2, 5.3).</summary>
internal static class HostCalls
{
    public static void Register(MethodTable table)
    {
        table.Add("host.is_in_emergency_mode", 0, 0, call => call.Process.Emergency, mayBeAsync: false);
        table.Add("host.local_assert_healthy", 0, 0, call => AssertHealthy(call), mayBeAsync: false);
        table.Add("host.shutdown_agent", 0, 0, ShutdownAgentAsync, mayBeAsync: false);
        table.Add("host.emergency_ha_disable", 0, 1, call => EmergencyHaDisable(call), mayBeAsync: false);
        table.Add("host.declare_dead", 1, 0, DeclareDeadAsync);
        table.Add("host.disable", 1, 1, call => OnHost(call, "emu.host_disable", call.Flag(1, fallback: true)));
        table.Add("host.destroy", 1, 0, call => Destroy(call));
        table.Add("host.enable", 1, 0, call => OnHost(call, "emu.host_enable"));
        table.Add("host.shutdown", 1, 0, call => PowerAsync(call, reboot: false));
        table.Add("host.reboot", 1, 0, call => PowerAsync(call, reboot: true));
        table.Add("host.restart_agent", 1, 0, call => OnHost(call, "emu.host_restart_agent"));
        table.Add("host.power_on", 1, 0, PowerOnAsync);
        table.Add("host.evacuate", 1, 2, EvacuateAsync);
        table.Add("host.get_vms_which_prevent_evacuation", 1, 0, call => PreventEvacuation(call));
        table.Add("host.compute_free_memory", 1, 0, call =>
            MemoryCheck.Free(call.Process.Db, call.Process.Db.Host(call.Text(0))));
        table.AddWithoutSession("emu.host_disable", 1, 0, DisableHereAsync);
        table.AddWithoutSession("emu.host_enable", 0, 0, EnableHereAsync);
        table.AddWithoutSession("emu.host_restart_agent", 0, 0, call => RestartAgentHere(call));
        table.AddWithoutSession("emu.host_power", 1, 0, call => PowerHere(call));
    }

    private static Task<JsonNode?> OnHost(Call call, string method, params JsonNode?[] parameters)
    {
        XapiProcess process = call.Process;
        return process.Vms.OnHostAsync(process.Db.Host(call.Text(0)), method, parameters);
    }

    private static JsonNode? AssertHealthy(Call call) =>
        call.Process.Emergency ? throw new ApiException([.. call.Process.EmergencyError]) : null;

    /// <summary>xe host-forget: a host that is down and holds nothing leaves the database for good, with what was its own.</summary>
    private static JsonNode? Destroy(Call call)
    {
        Database db = call.Process.Db;
        Row host = db.Host(call.Text(0));
        if (host.Ref == call.Process.HostRef)
        {
            throw new ApiException("HOST_CANNOT_DESTROY_SELF", host.Ref);
        }

        if (db.IsLive(host))
        {
            throw new ApiException("HOST_IS_LIVE", host.Ref);
        }

        if (db.All("VM").Any(vm => !vm.Flag("is_control_domain") && vm.Text("resident_on") == host.Ref))
        {
            throw new ApiException("HOST_HAS_RESIDENT_VMS", host.Ref);
        }

        foreach (Row sr in db.All("SR"))
        {
            sr.Set("PBDs", new JsonArray([.. sr.List("PBDs").Where(pbd => db.Get("PBD", pbd).Text("host") != host.Ref).Select(pbd => (JsonNode)pbd)]));
        }

        string[] classes = ["PBD", "PIF", "VM"];
        foreach (Row own in classes.SelectMany(db.All).Where(row => row.Text(row.Class == "VM" ? "resident_on" : "host") == host.Ref).ToList())
        {
            db.Remove(own);
        }

        db.Remove(db.Metrics(host));
        db.Remove(host);
        return null;
    }

    private static JsonNode? EmergencyHaDisable(Call call)
    {
        if (!call.Process.Local.HaArmed && !call.Flag(0))
        {
            throw new ApiException("HA_NOT_ENABLED");
        }

        call.Process.Local.HaArmed = false;
        return null;
    }

    /// <summary>The orderly end of xapi: tells the master, then exits 0, which systemd does not restart.</summary>
    private static async Task<JsonNode?> ShutdownAgentAsync(Call call)
    {
        XapiProcess process = call.Process;
        try
        {
            if (!process.IsMaster)
            {
                await process.GuardWithin(
                    process.AskPeerAsync(process.Role.MasterAddress, "emu.shutting_down", process.HostRef),
                    process.Host.Timings.ConnectLimit).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            process.Log("negative_heartbeat_lost", ("reason", error.Message));
        }

        process.Keeper.FlushIfMaster();
        process.Host.Scheduler.After(process.Host.Timings.AgentExit, () => process.Exit(0));
        return null;
    }

    private static async Task<JsonNode?> DisableHereAsync(Call call)
    {
        call.Process.DisabledByUser = true;
        call.Process.Local.DisabledIndefinitely = !call.Flag(0);
        return await call.Process.Link.DbAsync("emu.db_host_enabled", call.Process.HostRef, false).ConfigureAwait(false);
    }

    private static async Task<JsonNode?> EnableHereAsync(Call call)
    {
        if (!call.Process.InitComplete)
        {
            throw new ApiException("HOST_STILL_BOOTING");
        }

        if (call.Process.Local.DisabledUntilReboot)
        {
            throw new ApiException("HOST_DISABLED_UNTIL_REBOOT", call.Process.HostRef);
        }

        call.Process.DisabledByUser = false;
        call.Process.Local.DisabledIndefinitely = false;
        return await call.Process.Link.DbAsync("emu.db_host_enabled", call.Process.HostRef, true).ConfigureAwait(false);
    }

    private static JsonNode? RestartAgentHere(Call call)
    {
        HostContext host = call.Process.Host;
        host.Scheduler.After(host.Timings.AgentExit, host.RestartService);
        return null;
    }

    private static async Task<JsonNode?> PowerAsync(Call call, bool reboot)
    {
        Row host = call.Process.Db.Host(call.Text(0));
        if (host.Flag("enabled"))
        {
            throw new ApiException("HOST_NOT_DISABLED", host.Ref);
        }

        return await call.Process.Vms.OnHostAsync(host, "emu.host_power", reboot).ConfigureAwait(false);
    }

    private static JsonNode? PowerHere(Call call)
    {
        HostContext host = call.Process.Host;
        bool reboot = call.Flag(0);
        host.Scheduler.After(host.Timings.HostPowerDelay, () => host.OrderlyPower(reboot));
        return null;
    }

    private static async Task<JsonNode?> PowerOnAsync(Call call)
    {
        Row host = call.Process.Db.Host(call.Text(0));
        throw await call.Process.Liveness.AnswersAsync(host).ConfigureAwait(false)
            ? new ApiException("HOST_IS_LIVE", host.Ref)
            : new ApiException("HOST_POWER_ON_MODE_DISABLED");
    }

    /// <summary>Step by step as xapi.md 5.3; it does not set live=false, and it may abort midway.</summary>
    private static async Task<JsonNode?> DeclareDeadAsync(Call call)
    {
        XapiProcess process = call.Process;
        Row host = process.Db.Host(call.Text(0));
        process.Log("declare_dead", ("target", host.Text("name_label")));
        if (await process.Liveness.AnswersAsync(host).ConfigureAwait(false))
        {
            throw new ApiException("HOST_IS_LIVE", host.Ref);
        }

        int exit = process.Host.Faults.PreDeclareDeadHookExit;
        if (exit > 1)
        {
            throw new ApiException("XAPI_HOOK_FAILED", "host-pre-declare-dead", "user", "", $"{exit}");
        }

        foreach (Row vm in ResidentVms(process.Db, host))
        {
            await process.Vms.ResetAsync(vm).ConfigureAwait(false);
        }

        host.Set("enabled", false);
        await ResetVdisAsync(process, host).ConfigureAwait(false);
        process.Log("declared_dead", ("target", host.Text("name_label")));
        return null;
    }

    /// <summary>The shipped post hook, 10resetvdis: releases the disk locks the dead host left behind.</summary>
    private static async Task ResetVdisAsync(XapiProcess process, Row host)
    {
        foreach (Row pbd in process.Db.All("PBD").Where(pbd => pbd.Text("host") == host.Ref).ToList())
        {
            await process.Delay(process.Host.Timings.ResetVdis).ConfigureAwait(false);
            string sr = process.Db.Get("SR", pbd.Text("SR")).Uuid;
            int dropped = process.Host.Storage.Reset(host.Uuid, sr);
            process.Log("resetvdis", ("target", host.Text("name_label")), ("sr", sr), ("dropped", $"{dropped}"));
        }
    }

    private static List<Row> ResidentVms(Database db, Row host) =>
        [.. db.All("VM").Where(vm => vm.Text("resident_on") == host.Ref && !vm.Flag("is_control_domain"))];

    private static async Task<JsonNode?> EvacuateAsync(Call call)
    {
        XapiProcess process = call.Process;
        Row host = process.Db.Host(call.Text(0));
        Row target = process.Db.All("host").First(other => other.Ref != host.Ref);
        List<Row> vms = ResidentVms(process.Db, host);
        foreach (Row vm in vms)
        {
            VmPlacement.AssertCanBootHere(process.Db, vm, target);
        }

        host.SetEntry("current_operations", call.TaskRef, "evacuate");
        try
        {
            foreach (Row vm in vms)
            {
                await process.Vms.MigrateAsync(call, vm, target).ConfigureAwait(false);
            }
        }
        finally
        {
            host.RemoveEntry("current_operations", call.TaskRef);
        }

        return null;
    }

    private static JsonNode PreventEvacuation(Call call)
    {
        Database db = call.Process.Db;
        Row host = db.Host(call.Text(0));
        Row target = db.All("host").First(other => other.Ref != host.Ref);
        var result = new JsonObject();
        foreach (Row vm in ResidentVms(db, host))
        {
            try
            {
                VmPlacement.AssertCanBootHere(db, vm, target);
            }
            catch (ApiException error)
            {
                result[vm.Ref] = new JsonArray([.. error.Error.Select(text => (JsonNode)text)]);
            }
        }

        return result;
    }
}
