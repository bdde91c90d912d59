using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>
/// Whether a VM can run on a host, and if not exactly why: XAPI's own checks before a start, over the same records
/// (xapi_vm_helpers.ml, agility.ml). Without memory, which depends on what else starts there.
/// </summary>
public static class Placement
{
    /// <summary>All obstacles, those that prevent a start first.</summary>
    /// <param name="pool">The records.</param>
    /// <param name="vm">The VM.</param>
    /// <param name="host">Uuid of the host that it is to run on.</param>
    /// <param name="home">Uuid of the host that it runs on, or ran on last; empty when that is not known.</param>
    public static ImmutableArray<Obstacle> Of(PoolIndex pool, VmFact vm, Guid host, Guid home)
    {
        var found = new List<Obstacle>();
        AddHost(found, pool, vm, host);
        AddBlocked(found, vm);
        foreach (var drive in vm.Devices.Drives)
        {
            AddDrive(found, pool, drive, host);
        }

        foreach (var network in vm.Devices.Networks)
        {
            AddNetwork(found, pool, network, host);
        }

        if (home != host && home != Guid.Empty)
        {
            AddDevices(found, vm, pool.NameOf(host));
        }

        AddRemarks(found, pool, vm, host);
        return [.. found.Distinct().OrderBy(static obstacle => obstacle.Prevents ? 0 : 1)];
    }

    private static void AddHost(List<Obstacle> found, PoolIndex pool, VmFact vm, Guid host)
    {
        if (pool.Host(host) is not { } fact)
        {
            return;
        }

        if (!fact.Enabled)
        {
            Prevent(found, ObstacleKind.HostDisabled, $"{fact.Name} is disabled: xe host-enable");
        }

        if (fact.Cpus > 0 && vm.Devices.Vcpus > fact.Cpus)
        {
            Prevent(found, ObstacleKind.TooManyCpus,
                string.Create(CultureInfo.InvariantCulture, $"it has {vm.Devices.Vcpus} CPUs, {fact.Name} has {fact.Cpus}"));
        }
    }

    /// <summary>XAPI compares exact names and would let <c>start_on</c> pass where <c>start</c> is blocked; who blocked one meant any start.</summary>
    private static void AddBlocked(List<Obstacle> found, VmFact vm)
    {
        foreach (var (operation, text) in vm.Blocked)
        {
            var reason = text.Length > 0 ? $": {text}" : "";
            if (operation is "start" or "start_on")
            {
                Prevent(found, ObstacleKind.Blocked, $"its start is blocked in blocked_operations ({operation}){reason}");
            }
            else if (operation is "pool_migrate" or "clean_shutdown" or "hard_shutdown" or "suspend" or "resume_on")
            {
                Remark(found, ObstacleKind.BlockedOperation, $"blocked_operations has {operation}{reason}");
            }
        }
    }

    private static void AddDrive(List<Obstacle> found, PoolIndex pool, DriveFact drive, Guid host)
    {
        if (pool.Storage(drive.Storage) is not { } storage || storage.Attached.Contains(host))
        {
            return;
        }

        var name = pool.NameOf(host);
        if (storage.Paths.Contains(host))
        {
            Prevent(found, ObstacleKind.UnpluggedStorage, $"storage '{storage.Name}' is not plugged on {name}");
            return;
        }

        var (kind, text) = storage.Kind switch
        {
            StorageKind.HostDrives => (ObstacleKind.HostDrive, $"it holds a drive of another host ('{storage.Name}'): eject it"),
            StorageKind.Images => (ObstacleKind.LocalIso, $"its CD is an image on '{storage.Name}', which {name} does not reach: eject it"),
            _ => (ObstacleKind.LocalDisk, $"a disk is on '{storage.Name}', which {name} does not reach"),
        };
        Prevent(found, kind, text);
    }

    private static void AddNetwork(List<Obstacle> found, PoolIndex pool, Guid uuid, Guid host)
    {
        if (pool.Network(uuid) is not { } network)
        {
            return;
        }

        var name = pool.NameOf(host);
        if (network.IsInternal)
        {
            Remark(found, ObstacleKind.InternalNetwork, $"network '{network.Name}' has no physical interface: each host has its own");
        }
        else if (!network.Hosts.IsDefault && !network.Hosts.Contains(host))
        {
            Prevent(found, ObstacleKind.Network, $"network '{network.Name}' has no interface on {name}");
        }
        else if (network.IsSriov)
        {
            Remark(found, ObstacleKind.Sriov, $"network '{network.Name}' gives it a function of the card (SR-IOV): it cannot be migrated");
        }
    }

    /// <summary>A device stays where it is: on the host that the VM runs on it is no obstacle.</summary>
    private static void AddDevices(List<Obstacle> found, VmFact vm, string name)
    {
        if (vm.Devices.Pci)
        {
            Prevent(found, ObstacleKind.PassedThroughDevice, $"a PCI device is passed through, which {name} does not have");
        }

        if (vm.Devices.Usb)
        {
            Prevent(found, ObstacleKind.Usb, $"a USB device is passed through, which {name} does not have");
        }

        if (vm.Devices.VirtualGpu)
        {
            Prevent(found, ObstacleKind.VirtualGpu, "it has a virtual GPU");
        }
    }

    private static void AddRemarks(List<Obstacle> found, PoolIndex pool, VmFact vm, Guid host)
    {
        if (vm.AutoPowerOn && pool.Facts.AutoPowerOn)
        {
            Remark(found, ObstacleKind.RivalStarter, "XAPI starts it by itself at the boot of a host (other_config:auto_poweron)");
        }

        if (pool.Host(host) is { } fact && vm.ResidentOn != host && vm.PowerState is VmPowerState.Running or VmPowerState.Paused
            && !CpuFeatures.Suffice(fact, vm.Devices))
        {
            Remark(found, ObstacleKind.CpuFeatures, $"it was started with CPU features that {fact.Name} lacks: a start works, a live migration does not");
        }
    }

    private static void Prevent(List<Obstacle> found, ObstacleKind kind, string text) => found.Add(new Obstacle(kind, true, text));

    private static void Remark(List<Obstacle> found, ObstacleKind kind, string text) => found.Add(new Obstacle(kind, false, text));
}
