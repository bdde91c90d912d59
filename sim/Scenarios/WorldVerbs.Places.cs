using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <content>What binds a VM to one host.</content>
internal static partial class WorldVerbs
{
    private static Phrase<Action<VirtualWorld, PhraseArguments>>[] PlaceVerbs() =>
    [
        Verb("disk of {vm} is local to {host}", "disk of web is local to a", "Its disk has always been on that host's own storage repository.",
            (world, args) => Bind(world, Vm(world, args), args.Host(), LocalDisk)),
        Verb("{vm} has an image of {host}", "web has an image of a", "An ISO image of a local library of that host is in its CD drive.",
            (world, args) => Bind(world, Vm(world, args), args.Host(), LocalImage)),
        Verb("admin ejects the image of {vm}", "admin ejects the image of web", "VBD.eject: the drive is empty.", EjectImage),
        Verb("{vm} has a network of {host}", "web has a network of a", "An interface on a network that only that host has a port to.",
            (world, args) => Bind(world, Vm(world, args), args.Host(), HostNetwork)),
        Verb("{vm} has a device of {host}", "web has a device of a", "A PCI device of that host is passed through.",
            (world, args) => Bind(world, Vm(world, args), args.Host(), PassedThrough)),
    ];

    private static void Bind(VirtualWorld world, VmDefinition vm, int host, Action<Database, Row, HostDefinition> with)
    {
        if (Master(world)?.Toolstack.Records is { } records && records.FindByUuid("VM", vm.Uuid) is { } row)
        {
            with(records, row, world.Pool.Hosts[host]);
            world.Checker.BoundTo(vm.Uuid, host);
        }
    }

    private static void LocalDisk(Database records, Row vm, HostDefinition host)
    {
        var local = records.All("SR").First(sr => sr.Text("name_label") == "local-" + host.Name);
        records.Get("VDI", records.Get("VBD", vm.List("VBDs")[0]).Text("VDI")).Set("SR", local.Ref);
    }

    private static void LocalImage(Database records, Row vm, HostDefinition host)
    {
        var hostRef = Database.RefOf("host", host.Uuid);
        var sr = Add(records, "SR", "iso" + host.Uuid, new JsonObject
        {
            ["name_label"] = "images of " + host.Name, ["type"] = "iso", ["content_type"] = "iso", ["shared"] = false, ["VDIs"] = new JsonArray(),
        });
        var pbd = Add(records, "PBD", "iso" + host.Uuid, new JsonObject { ["host"] = hostRef, ["SR"] = sr.Ref, ["currently_attached"] = true });
        sr.Set("PBDs", new JsonArray(pbd.Ref));
        var image = Add(records, "VDI", "iso" + vm.Uuid, new JsonObject { ["name_label"] = "install.iso", ["SR"] = sr.Ref, ["read_only"] = true });
        var drive = Add(records, "VBD", "iso" + vm.Uuid, new JsonObject { ["VM"] = vm.Ref, ["VDI"] = image.Ref, ["type"] = "CD", ["mode"] = "RO", ["empty"] = false });
        vm.Set("VBDs", new JsonArray([.. vm.List("VBDs").Append(drive.Ref).Select(reference => (JsonNode)reference)]));
    }

    private static void HostNetwork(Database records, Row vm, HostDefinition host)
    {
        var network = Add(records, "network", "own" + host.Uuid, new JsonObject { ["name_label"] = "lab of " + host.Name, ["other_config"] = new JsonObject() });
        Add(records, "PIF", "own" + host.Uuid, new JsonObject { ["host"] = Database.RefOf("host", host.Uuid), ["network"] = network.Ref, ["device"] = "eth5" });
        var port = Add(records, "VIF", "own" + vm.Uuid, new JsonObject { ["VM"] = vm.Ref, ["network"] = network.Ref, ["device"] = "1" });
        vm.Set("VIFs", new JsonArray(port.Ref));
    }

    private static void PassedThrough(Database records, Row vm, HostDefinition host)
    {
        vm.SetEntry("other_config", "pci", "0/0000:04:00.0");
        vm.SetEntry("other_config", "emu.device_of", host.Uuid);
    }

    private static void EjectImage(VirtualWorld world, PhraseArguments args)
    {
        var vm = Vm(world, args);
        foreach (var drive in Master(world)?.Toolstack.Records?.All("VBD").Where(row => row.Text("type") == "CD" && row.Text("VM") == Database.RefOf("VM", vm.Uuid)).ToList() ?? [])
        {
            drive.Set("empty", true);
        }

        world.Checker.Unbound(vm.Uuid);
    }

    private static Row Add(Database records, string @class, string name, JsonObject fields)
    {
        var uuid = PoolDefinition.UuidOf(@class, name);
        fields["uuid"] = uuid;
        return records.Find(@class, Database.RefOf(@class, uuid)) ?? records.Add(@class, Database.RefOf(@class, uuid), fields);
    }
}
