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
        Verb("reinstall {host}", "reinstall a", "An upgrade from the installation medium, with the power off: configuration, state and package are gone; XAPI's database and role file are not.",
            (world, args) => Tamper(world, args, static host => host.Reinstall())),
        Verb("restore {host}", "restore a", "The package is installed, ha-ctl restore, then its units are enabled and started.", Restore),
        Verb("operator begins maintenance of {host} for an update", "operator begins maintenance of a for an update", "ha-ctl maintenance on --keep-master.",
            (world, args) => Ask(world, args.Host(), new OperatorRequest.Maintenance(true, 0, "update", KeepMaster: true))),
    ];

    private static void Restore(VirtualWorld world, PhraseArguments args)
    {
        var host = Host(world, args);
        host.Marked |= host.Mirrored is not null;
        host.DaemonMissing = false;
        host.StartDaemon();
    }

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
