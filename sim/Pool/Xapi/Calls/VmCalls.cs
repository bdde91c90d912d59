using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>VM.* (xapi.md 6), and PBD.plug.</summary>
internal static class VmCalls
{
    public static void Register(MethodTable table)
    {
        table.Add("VM.start", 3, 0, call => Void(call.Process.Vms.StartAsync(call, Vm(call), null)));
        table.Add("VM.start_on", 4, 0, call =>
            Void(call.Process.Vms.StartAsync(call, Vm(call), call.Process.Db.Host(call.Text(1)))));
        table.Add("VM.clean_shutdown", 1, 0, call => Void(call.Process.Vms.ShutdownAsync(call, Vm(call), clean: true)));
        table.Add("VM.hard_shutdown", 1, 0, call => Void(call.Process.Vms.ShutdownAsync(call, Vm(call), clean: false)));
        table.Add("VM.shutdown", 1, 0, call => Void(call.Process.Vms.ShutdownAsync(call, Vm(call), clean: true)));
        table.Add("VM.suspend", 1, 0, call => Void(call.Process.Vms.SuspendAsync(call, Vm(call))));
        table.Add("VM.resume", 3, 0, call => Void(call.Process.Vms.ResumeAsync(call, Vm(call), null)));
        table.Add("VM.resume_on", 4, 0, call => Void(call.Process.Vms.ResumeAsync(call, Vm(call), call.Process.Db.Host(call.Text(1)))));
        table.Add("VM.checkpoint", 2, 0, call => Void(call.Process.Vms.CheckpointAsync(call, Vm(call))));
        table.Add("VM.create", 1, 0, call => Create(call, "VM"));
        table.Add("VBD.create", 1, 0, call => Create(call, "VBD"));
        table.Add("VM.destroy", 1, 0, call => Destroy(call));
        table.Add("VM.power_state_reset", 1, 0, call => Void(call.Process.Vms.ResetAsync(Vm(call))));
        table.Add("PBD.plug", 1, 0, call => Void(call.Process.Vms.PlugAsync(call.Process.Db.Get("PBD", call.Text(0)))));
        table.Add("VM.pool_migrate", 3, 0, call =>
            Void(call.Process.Vms.MigrateAsync(call, Vm(call), call.Process.Db.Host(call.Text(1)))));
        table.Add("VM.set_memory", 2, 0, call => Void(call.Process.VmMemory.SetAsync(Vm(call), (long)call.Float(1))));
        table.Add("VM.set_memory_dynamic_range", 3, 0, call => Void(call.Process.VmMemory.SetRangeAsync(Vm(call), (long)call.Float(1), (long)call.Float(2))));
        table.Add("VM.assert_can_boot_here", 2, 0, call => AssertCanBootHere(call));
        table.Add("VM.get_possible_hosts", 1, 0, call =>
            new JsonArray([.. VmPlacement.PossibleHosts(call.Process.Db, Vm(call)).Select(host => (JsonNode)host.Ref)]));
    }

    private static Row Vm(Call call) => call.Process.Db.Get("VM", call.Text(0));

    private static async Task<JsonNode?> Void(Task work)
    {
        await work.ConfigureAwait(false);
        return null;
    }

    /// <summary>A new VM has the fields that are given and runs nowhere; a new drive belongs to its VM.</summary>
    private static JsonNode? Create(Call call, string @class)
    {
        var fields = (JsonObject)call.Node(0)!.DeepClone();
        Row row = call.Process.Db.Add(@class, Database.RefOf(@class, (string)fields["uuid"]!), fields);
        if (@class == "VBD")
        {
            Row vm = call.Process.Db.Get("VM", row.Text("VM"));
            vm.Set("VBDs", new JsonArray([.. vm.List("VBDs").Append(row.Ref).Distinct().Select(drive => (JsonNode)drive)]));
        }

        return row.Ref;
    }

    /// <summary>The record and its drives; disks stay.</summary>
    private static JsonNode? Destroy(Call call)
    {
        Row vm = Vm(call);
        if (vm.Text("power_state") != "Halted")
        {
            throw new ApiException("VM_BAD_POWER_STATE", vm.Ref, "halted", vm.Text("power_state").ToLowerInvariant());
        }

        foreach (Row drive in call.Process.Db.All("VBD").Where(drive => drive.Text("VM") == vm.Ref).ToList())
        {
            call.Process.Db.Remove(drive);
        }

        call.Process.Db.Remove(vm);
        return null;
    }

    private static JsonNode? AssertCanBootHere(Call call)
    {
        VmPlacement.AssertCanBootHere(call.Process.Db, Vm(call), call.Process.Db.Host(call.Text(1)));
        return null;
    }
}
