using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>
/// What the two hosts of the emulated pool say to each other beside XAPI's own calls. `emu.db_*` stands for the database
/// link; it is refused by a host that is not the active master, and every write is one that may safely be repeated.
/// </summary>
internal static class InternalCalls
{
    public static void Register(MethodTable table)
    {
        table.AddWithoutSession("emu.ping", 0, 0, _ => true);
        table.AddWithoutSession("emu.hello", 3, 0, HelloAsync);
        table.AddWithoutSession("emu.tickle", 1, 0, Master(call => (JsonNode?)call.Process.Liveness.Heard(call.Text(0))));
        table.AddWithoutSession("emu.shutting_down", 1, 0, Master(call =>
            call.Process.Liveness.HeardShuttingDown(call.Process.Db.Host(call.Text(0)))));
        table.AddWithoutSession("emu.store_backup", 1, 0, call => StoreBackup(call));
        table.AddWithoutSession("emu.vm_start", 2, 0, VmHostSide.StartAsync);
        table.AddWithoutSession("emu.pbd_plug", 0, 0, VmHostSide.PlugAsync);
        table.AddWithoutSession("emu.vm_shutdown", 2, 0, VmHostSide.ShutdownAsync);
        table.AddWithoutSession("emu.vm_migrate_out", 2, 0, VmHostSide.MigrateOutAsync);
        table.AddWithoutSession("emu.vm_migrate_receive", 1, 0, VmHostSide.ReceiveAsync);
        table.AddWithoutSession("emu.vm_migrate_in", 2, 0, VmHostSide.MigrateInAsync);
        table.AddWithoutSession("emu.vm_migrates", 1, 0, call =>
            Task.FromResult<JsonNode?>(call.Process.Host.MigratingOut.Contains(call.Text(0))));
        table.AddWithoutSession("emu.vm_suspend", 1, 0, VmHostSide.SuspendAsync);
        table.AddWithoutSession("emu.sm_is_open", 1, 0, call => Task.FromResult<JsonNode?>(call.Process.Host.Xenopsd.IsOpen(call.Text(0))));
        table.AddWithoutSession("emu.vm_resize", 2, 0, VmHostSide.ResizeAsync);
        table.AddWithoutSession("emu.vm_checkpoint", 1, 0, VmHostSide.CheckpointAsync);
        RegisterDatabase(table);
    }

    private static void RegisterDatabase(MethodTable table)
    {
        table.AddWithoutSession("emu.db_touch", 0, 0, Master(_ => { }));
        table.AddWithoutSession("emu.db_login", 2, 0, Master(call =>
            call.Process.Sessions.Login(call.Text(0), call.Text(1))));
        table.AddWithoutSession("emu.db_session_known", 1, 0, Master(call => call.Process.Sessions.IsNormal(call.Text(0))));
        table.AddWithoutSession("emu.db_fetch", 0, 0, Master(call => (JsonNode?)call.Process.Keeper.Backup()));
        table.AddWithoutSession("emu.db_host_ready", 4, 0, Master(HostReady));
        table.AddWithoutSession("emu.db_host_enabled", 2, 0, Master(HostEnabled));
        table.AddWithoutSession("emu.db_reconcile", 3, 0, Master(Reconcile));
        table.AddWithoutSession("emu.db_master_version", 0, 0, Master(call => (JsonNode?)Versions.Of(call.Process.Db.Host(call.Process.HostRef))));
        table.AddWithoutSession("emu.db_vm_running", 3, 0, Master(VmRunning));
        table.AddWithoutSession("emu.db_vm_halted", 2, 0, Master(VmHalted));
        table.AddWithoutSession("emu.db_sync", 0, 0, SyncAsync);
        table.AddWithoutSession("emu.db_call", 2, 0, CallAsync);
    }

    private static Func<Call, JsonNode?> Master(Func<Call, JsonNode?> body) => call =>
    {
        AssertMaster(call.Process);
        return body(call);
    };

    private static Func<Call, JsonNode?> Master(Action<Call> body) => Master(call =>
    {
        body(call);
        return (JsonNode?)null;
    });

    private static void AssertMaster(XapiProcess process)
    {
        if (!process.IsMaster)
        {
            throw new ApiException("HOST_IS_SLAVE", process.Role.MasterAddress);
        }
    }

    /// <summary>Pool.hello (xapi.md 4.2), with the call back that proves the way back works.</summary>
    private static async Task<JsonNode?> HelloAsync(Call call)
    {
        XapiProcess process = call.Process;
        AssertMaster(process);
        Row? host = process.Db.FindByUuid("host", call.Text(0));
        if (host is null)
        {
            return "unknown_host";
        }

        if (process.Db.Pool().Flag("ha_enabled") && !call.Flag(2))
        {
            return "ha_mismatch";
        }

        try
        {
            await process.AskPeerAsync(call.Text(1), "emu.ping").ConfigureAwait(false);
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            return "cannot_talk_back";
        }

        host.Set("address", call.Text(1));
        process.Liveness.HeardHello(host);
        CancelTasksOf(process, host);
        process.Log("hello", ("from", host.Text("name_label")));
        return "ok";
    }

    private static void CancelTasksOf(XapiProcess process, Row host)
    {
        foreach (Row task in process.Db.All("task").Where(task => task.Text("resident_on") == host.Ref).ToList())
        {
            process.Tasks.Cancel(task.Ref);
        }
    }

    private static JsonNode? StoreBackup(Call call)
    {
        // A host that thinks it is master keeps its own database.
        if (call.Process.IsMaster)
        {
            throw new ApiException("INTERNAL_ERROR", "not a pool member");
        }

        call.Process.Keeper.StoreBackup(call.Text(0));
        return null;
    }

    private static void HostEnabled(Call call)
    {
        Row host = call.Process.Db.Host(call.Text(0));
        host.Set("enabled", call.Flag(1));
        call.Process.Log(call.Flag(1) ? "host_enabled" : "host_disabled", ("target", host.Text("name_label")));
    }

    private static void HostReady(Call call)
    {
        Database db = call.Process.Db;
        Row host = db.Host(call.Text(0));
        db.Metrics(host).Set("memory_total", (long)call.Float(3) * MemoryCheck.Mib);
        foreach (Row pbd in db.All("PBD").Where(pbd => pbd.Text("host") == host.Ref))
        {
            pbd.Set("currently_attached", call.Flag(1) || !db.Get("SR", pbd.Text("SR")).Flag("shared"));
        }

        if (call.Flag(2))
        {
            host.Set("enabled", true);
        }
    }

    /// <summary>The table of xapi.md 8.3. Returns the VMs whose domains that host must destroy.</summary>
    private static JsonNode Reconcile(Call call)
    {
        XapiProcess process = call.Process;
        string hostRef = call.Text(0);
        Versions.Note(process.Db.Host(hostRef), call.Text(2));
        Dictionary<string, long> here = call.Node(1)!.AsArray().ToDictionary(
            node => (string)node!["uuid"]!, node => Numbers.ToLong(node!["domid"]!.AsValue()), StringComparer.Ordinal);
        var doomed = new JsonArray();
        foreach ((string uuid, long domid) in here)
        {
            Row? vm = process.Db.FindByUuid("VM", uuid);
            if (vm is null || BelongsElsewhere(process.Db, vm, hostRef))
            {
                doomed.Add((JsonNode)uuid);
                continue;
            }

            process.Vms.MarkRunning(vm, hostRef, domid);
        }

        foreach (Row vm in process.Db.All("VM").Where(vm => vm.Text("resident_on") == hostRef).ToList())
        {
            if (!vm.Flag("is_control_domain") && !here.ContainsKey(vm.Uuid))
            {
                process.Vms.ForceHalted(vm);
            }
        }

        return doomed;
    }

    private static bool BelongsElsewhere(Database db, Row vm, string hostRef) =>
        vm.Text("resident_on") != hostRef && db.Find("host", vm.Text("resident_on")) is not null;

    private static void VmRunning(Call call)
    {
        if (call.Process.Db.FindByUuid("VM", call.Text(0)) is { } vm)
        {
            call.Process.Vms.MarkRunning(vm, call.Text(1), (long)call.Float(2));
        }
    }

    private static void VmHalted(Call call)
    {
        if (call.Process.Db.FindByUuid("VM", call.Text(0)) is { } vm && vm.Text("resident_on") == call.Text(1))
        {
            var operations = vm["current_operations"]?.DeepClone();
            call.Process.Vms.ForceHalted(vm);

            // Unlike a reset, the end of a domain does not cancel the operation that caused it.
            vm.Set("current_operations", operations);
            call.Process.Log("vm_halted", ("vm", vm.Text("name_label")), ("uuid", vm.Uuid));
        }
    }

    private static async Task<JsonNode?> SyncAsync(Call call)
    {
        AssertMaster(call.Process);
        await call.Process.Keeper.SyncAllAsync().ConfigureAwait(false);
        return null;
    }

    private static Task<JsonNode?> CallAsync(Call call)
    {
        AssertMaster(call.Process);
        return call.Process.Methods.ExecuteAsync(CallOrigin.Internal, call.Text(0), (JsonArray)call.Node(1)!.DeepClone());
    }
}
