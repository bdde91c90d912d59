using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Play;

/// <summary>How a part of the site is.</summary>
internal enum PartHealth
{
    Works,

    /// <summary>One way only, or on its way up.</summary>
    Partly,

    Broken,
}

/// <summary>Something to click: a cable, a switch, the power of a host.</summary>
/// <param name="Id">Its name in the page.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Health">How it is.</param>
/// <param name="Now">How it is, in words.</param>
/// <param name="Click">What a click does, in words.</param>
/// <param name="Sentence">The same in the scenario language.</param>
internal sealed record Part(string Id, string Name, PartHealth Health, string Now, string Click, string Sentence);

/// <summary>The parts of a site as they are now.</summary>
internal static class Parts
{
    /// <summary>Every part but the VMs.</summary>
    public static IReadOnlyList<Part> Of(VirtualWorld world)
    {
        var network = world.Network;
        var parts = new List<Part>
        {
            Simple("gateway", "the gateway", network.Gateway, "answers", "answers nobody", "Break it", "Mend it", "gateway off", "gateway on"),
            Simple("switch", "the switch", network.Switch, "works", "is dead", "Break it", "Mend it", "switch off", "switch on"),
        };
        if (network.Links > 1)
        {
            parts.Add(Simple("crossover", "the direct cable between the hosts", network.Crossover, "works", "is pulled", "Pull it", "Plug it in", "pull crossover", "plug crossover"));
        }

        foreach (var host in world.Hosts)
        {
            var name = host.Name;
            parts.Add(Power(host));
            parts.Add(Cable(network, host));
            parts.Add(Simple($"storage-{host.Index}", $"the path of {name} to the storage", !host.StorageLost, "works", "is cut", "Cut it", "Mend it",
                $"storage of {name} is lost", $"storage of {name} is back"));
        }

        return parts;
    }

    /// <summary>A VM: a click crashes it, or starts it where it is down.</summary>
    public static Part Vm(Player player, Lane lane) => lane.Now == Place.Nowhere
        ? new Part($"vm-{lane.Vm}", lane.Vm, PartHealth.Broken, "is down", "Start it by hand", $"admin starts {lane.Vm}")
        : new Part($"vm-{lane.Vm}", lane.Vm, lane.Now == Place.Both ? PartHealth.Partly : PartHealth.Works,
            lane.Now == Place.Both ? "RUNS ON BOTH HOSTS" : $"runs on {player.World.Hosts[lane.Now == Place.First ? 0 : 1].Name}", "Crash it", $"{lane.Vm} crashes");

    private static Part Simple(string id, string name, bool works, string well, string bad, string breaks, string mends, string broken, string mended) => works
        ? new Part(id, name, PartHealth.Works, well, breaks, broken)
        : new Part(id, name, PartHealth.Broken, bad, mends, mended);

    private static Part Power(VirtualHost host)
    {
        var (id, name) = ($"power-{host.Index}", $"host {host.Name}");
        return host switch
        {
            { PoweredOn: true } => new Part(id, name, PartHealth.Works, "has power", "Pull its power", $"power off {host.Name}"),
            { Booting: true } => new Part(id, name, PartHealth.Partly, "is booting", "Pull its power", $"power off {host.Name}"),
            _ => new Part(id, name, PartHealth.Broken, "has no power", "Power it on", $"power on {host.Name}"),
        };
    }

    private static Part Cable(VirtualNetwork network, VirtualHost host)
    {
        var (id, name) = ($"cable-{host.Index}", $"the network cable of {host.Name}");
        return network.PortOf(host.Index) switch
        {
            (true, true) => new Part(id, name, PartHealth.Works, "works", "Pull it", $"pull cable of {host.Name}"),
            (true, false) => new Part(id, name, PartHealth.Partly, "carries only outwards", "Mend it", $"plug cable of {host.Name}"),
            (false, true) => new Part(id, name, PartHealth.Partly, "carries only inwards", "Mend it", $"plug cable of {host.Name}"),
            _ => new Part(id, name, PartHealth.Broken, "is pulled", "Plug it in", $"plug cable of {host.Name}"),
        };
    }
}
