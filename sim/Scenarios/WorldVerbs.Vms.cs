using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <content>What VMs are like, and what becomes of their starts.</content>
internal static partial class WorldVerbs
{
    private static Phrase<Action<VirtualWorld, PhraseArguments>>[] VmVerbs() =>
    [
        Verb("next start on {host} takes {time}", "next start on a takes 150s", "One VM start on that host lasts that much longer.",
            (world, args) => { var host = Host(world, args); host.Toolstack.Faults.NextVmStartTakes = args.Time(); }),
        Verb("guest agents report after {time}", "guest agents report after 20s", "From now on VM.guest_metrics is there so long after a start.",
            (world, args) => { var time = args.Time(); foreach (var host in world.Hosts) { host.Toolstack.AgentTime = time; } }),
        Verb("agent of {vm} is silent", "agent of web is silent", "That guest has no agent.",
            (world, args) => { var vm = Vm(world, args); foreach (var host in world.Hosts) { host.Toolstack.SilentAgents.Add(vm.Uuid); } }),
        Verb("admin sets the priority of {vm} to {word}", "admin sets the priority of web to best-effort", "VM.set_ha_restart_priority: restart, best-effort, or none for no mark.",
            (world, args) => { var vm = args.Word(); var word = args.Word(); Admin(world, "VM.set_ha_restart_priority", vm, word == "none" ? "" : word); }),
        Verb("admin sets the order of {vm} to {number}", "admin sets the order of web to 3", "VM.set_order.",
            (world, args) => { var vm = args.Word(); Admin(world, "VM.set_order", vm, (long)args.Number()); }),
        Verb("admin sets the start delay of {vm} to {number} s", "admin sets the start delay of web to 20 s", "VM.set_start_delay.",
            (world, args) => { var vm = args.Word(); Admin(world, "VM.set_start_delay", vm, (long)args.Number()); }),
        .. MemoryVerbs(),
        Verb("database copy of {host} lacks {vm}", "database copy of b lacks web", "The copy on that host's disk is from before the VM was created.",
            (world, args) => { var host = Host(world, args); ForgetInCopy(host, Vm(world, args)); }),
        Verb("admin deletes {vm}", "admin deletes web", "VM.destroy through XAPI, which takes a halted VM only.",
            (world, args) => { var vm = args.Word(); world.Checker.Unwanted(UuidOf(world, vm)); Admin(world, "VM.destroy", vm); }),
        Verb("admin creates {vm}", "admin creates web", "VM.create and VBD.create through XAPI, of a VM that was deleted before: halted, on the disk that it had.",
            (world, args) => CreateAgain(world, Vm(world, args))),
        Verb("admin blocks the migration of {vm}", "admin blocks the migration of db", "VM.add_to_blocked_operations with `pool_migrate`.",
            (world, args) => Admin(world, "VM.add_to_blocked_operations", args.Word(), "pool_migrate", "licence dongle")),
    ];

    private static void CreateAgain(VirtualWorld world, VmDefinition vm)
    {
        var seed = DatabaseSeed.Create(world.Pool);
        var row = seed.FindByUuid("VM", vm.Uuid)!;
        var fields = row.Snapshot();
        (fields["power_state"], fields["resident_on"]) = ("Halted", Database.NullRef);
        Administer(world, "VM.create", _ => [fields]);
        foreach (var drive in row.List("VBDs").Select(reference => seed.Get("VBD", reference).Snapshot()))
        {
            drive["currently_attached"] = false;
            Administer(world, "VBD.create", _ => [drive]);
        }
    }

    private static void ForgetInCopy(VirtualHost host, VmDefinition vm)
    {
        var copy = Database.Load(host.Disk.Read("state.db")!);
        copy.Remove(copy.FindByUuid("VM", vm.Uuid)!);
        host.Disk.Write("state.db", copy.Save());
    }
}
