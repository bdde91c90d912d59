using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Pool.Xapi;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <content>Memory of VMs and hosts.</content>
internal static partial class WorldVerbs
{
    private static Phrase<Action<VirtualWorld, PhraseArguments>>[] MemoryVerbs() =>
    [
        Verb("memory of {vm} is {number} MiB", "memory of web is 3072 MiB", "The VM has always had that much, running or not: for the beginning of a story.",
            (world, args) => { var vm = Vm(world, args); var size = args.Number(); HasMemory(world, vm, size, size); }),
        Verb("memory of {vm} ranges from {number} to {number} MiB", "memory of web ranges from 512 to 1024 MiB",
            "The VM has always had that dynamic range, the upper end as its static maximum.",
            (world, args) => { var vm = Vm(world, args); var least = args.Number(); HasMemory(world, vm, least, args.Number()); }),
        Verb("{host} comes back with {number} MiB", "b comes back with 2048 MiB", "From its next boot on the machine has that much memory: a module failed, or was added.",
            (world, args) => { var host = Host(world, args); host.Toolstack.NextMachineMib = args.Number(); }),
        Verb("admin sets the memory of {vm} to {number} MiB", "admin sets the memory of web to 2048 MiB", "VM.set_memory, which XAPI takes of a halted VM only.",
            (world, args) => { var vm = args.Word(); var size = args.Number(); SetMemory(world, vm, size, size, "VM.set_memory", size * MemoryCheck.Mib); }),
        Verb("admin sets the dynamic memory of {vm} from {number} to {number} MiB", "admin sets the dynamic memory of web from 512 to 1024 MiB",
            "VM.set_memory_dynamic_range, also of a running VM.",
            (world, args) =>
            {
                var (vm, least, most) = (args.Word(), args.Number(), args.Number());
                SetMemory(world, vm, least, most, "VM.set_memory_dynamic_range", least * MemoryCheck.Mib, most * MemoryCheck.Mib);
            }),
    ];

    private static void HasMemory(VirtualWorld world, VmDefinition vm, long least, long most)
    {
        foreach (var host in world.Hosts)
        {
            host.Toolstack.Resize(vm.Uuid, (least + MemoryCheck.OverheadMib(most)) * MemoryCheck.Mib);
        }

        if (Master(world)?.Toolstack.Records?.FindByUuid("VM", vm.Uuid) is { } row)
        {
            VmMemoryCalls.Write(row, least * MemoryCheck.Mib, most * MemoryCheck.Mib, most * MemoryCheck.Mib);
        }

        world.Checker.MemorySet(vm.Uuid, least, most, most);
    }

    private static void SetMemory(VirtualWorld world, string name, long least, long most, string method, params long[] values)
    {
        var uuid = UuidOf(world, name);
        world.Checker.MemorySet(uuid, least, most, method == "VM.set_memory" ? most : null);
        Admin(world, method, name, [.. values.Select(value => (System.Text.Json.Nodes.JsonNode?)value)]);
    }
}
