using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <content>Updates of the platform, as administrators and Xen Orchestra make them.</content>
internal static partial class WorldVerbs
{
    private static Phrase<Action<VirtualWorld, PhraseArguments>>[] UpdateVerbs() =>
    [
        Verb("update {host}", "update a", "yum update: a newer toolstack is installed, and in force from its next start on. Nothing without power.", Update),
        Verb("reboot {host}", "reboot a", "host.reboot through XAPI, which takes a disabled host only: then the operating system's orderly way.",
            (world, args) => RebootHost(world, args.Host())),
        Verb("operator begins maintenance of {host} for an update", "operator begins maintenance of a for an update", "ha-ctl maintenance on --keep-master.",
            (world, args) => Ask(world, args.Host(), new OperatorRequest.Maintenance(true, 0, "update", KeepMaster: true))),
    ];

    private static void Update(VirtualWorld world, PhraseArguments args)
    {
        if (Host(world, args) is { PoweredOn: true } host)
        {
            host.Toolstack.Update();
        }
    }

    /// <summary>XAPI asks whether it is disabled, and leaves the rest to the operating system (xapi_host.ml, shutdown_and_reboot_common).</summary>
    private static void RebootHost(VirtualWorld world, int index)
    {
        var host = world.Hosts[index];
        if (Master(world)?.Toolstack.Records?.FindByUuid("host", host.Config.Self.Uuid.ToString()) is not { } row)
        {
            world.Log("admin", $"host.reboot {host.Name}: no master answers");
        }
        else if (row.Flag("enabled"))
        {
            world.Log("admin", $"host.reboot {host.Name}: HOST_NOT_DISABLED");
        }
        else
        {
            Orderly(world, host, reboot: true);
        }
    }
}
