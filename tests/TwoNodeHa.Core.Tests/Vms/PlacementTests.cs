using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

public sealed class PlacementTests
{
    private static readonly Guid Iso = Guid.Parse("00000000-0000-4000-8000-0000000000f3");
    private static readonly Guid Drive = Guid.Parse("00000000-0000-4000-8000-0000000000f4");
    private static readonly Guid Dmz = Guid.Parse("00000000-0000-4000-8000-0000000000e1");
    private static readonly Guid Inner = Guid.Parse("00000000-0000-4000-8000-0000000000e2");
    private readonly PoolDraft _pool = new();

    public static TheoryData<string, bool, string> Cases => new()
    {
        { "local disk", true, "a disk is on 'local-b', which a does not reach" },
        { "unplugged", true, "storage 'nfs' is not plugged on a" },
        { "local iso", true, "its CD is an image on 'iso', which a does not reach: eject it" },
        { "host drive", true, "it holds a drive of another host ('DVD'): eject it" },
        { "pci", true, "a PCI device is passed through, which a does not have" },
        { "usb", true, "a USB device is passed through, which a does not have" },
        { "vgpu", true, "it has a virtual GPU" },
        { "host-only network", true, "network 'dmz' has no interface on a" },
        { "internal network", false, "network 'inner' has no physical interface: each host has its own" },
        { "cpus", true, "it has 64 CPUs, a has 16" },
        { "blocked", true, "its start is blocked in blocked_operations (start): no" },
        { "blocked start_on", true, "its start is blocked in blocked_operations (start_on)" },
        { "blocked move", false, "blocked_operations has pool_migrate" },
        { "rival", false, "XAPI starts it by itself at the boot of a host (other_config:auto_poweron)" },
        { "cpu features", false, "it was started with CPU features that a lacks: a start works, a live migration does not" },
        { "disabled", true, "a is disabled: xe host-enable" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void EachObstacle_IsNamedExactly(string @case, bool prevents, string text)
    {
        _pool.Facts = _pool.Facts with
        {
            AutoPowerOn = true,
            Storages =
            [
                .. _pool.Facts.Storages.Select(storage => @case == "unplugged" && storage.Uuid == PoolDraft.Nfs ? storage with { Attached = [PoolDraft.B] } : storage),
                new StorageFact(Iso, "iso", StorageKind.Images, [PoolDraft.B], [PoolDraft.B]),
                new StorageFact(Drive, "DVD", StorageKind.HostDrives, [PoolDraft.B], [PoolDraft.B]),
            ],
            Networks = [new NetworkFact(Dmz, "dmz", [PoolDraft.B]), new NetworkFact(Inner, "inner", []) { IsInternal = true }],
            HostFacts =
            [
                .. _pool.Facts.HostFacts.Select(host => host with { Enabled = @case != "disabled" || host.Uuid == PoolDraft.B, CpuVendor = "GenuineIntel", CpuFeatures = "000000ff-0f" }),
            ],
        };
        _pool.Add("vm", 1, change: vm => Change(@case, vm));
        var obstacles = Placement.Of(_pool.Index(), _pool.Vms[0], PoolDraft.A, PoolDraft.B);
        var found = Assert.Single(obstacles);
        Assert.Equal((prevents, text), (found.Prevents, found.Text));
        Assert.Equal(prevents, !_pool.Plan().Misses.IsEmpty);
    }

    [Fact]
    public void WhereItRuns_ItsOwnDevicesAreNoObstacle()
    {
        _pool.Add("vm", 1, change: vm => vm with { Devices = vm.Devices with { Pci = true, Usb = true, VirtualGpu = true } });
        Assert.Empty(Placement.Of(_pool.Index(), _pool.Vms[0], PoolDraft.B, PoolDraft.B));
    }

    [Fact]
    public void CpuFeatures_ThatAreThere_AreNoObstacle()
    {
        _pool.Facts = _pool.Facts with { HostFacts = [.. _pool.Facts.HostFacts.Select(host => host with { CpuFeatures = "000000ff-0000000f" })] };
        _pool.Add("vm", 1, change: vm => vm with { Devices = vm.Devices with { CpuFeatures = "0000000f" } });
        Assert.Empty(Placement.Of(_pool.Index(), _pool.Vms[0], PoolDraft.A, PoolDraft.B));
    }

    private static VmFact Change(string @case, VmFact vm) => @case switch
    {
        "local disk" => With(vm, devices => devices with { Drives = [new DriveFact(PoolDraft.LocalB, false)] }),
        "local iso" => With(vm, devices => devices with { Drives = devices.Drives.Add(new DriveFact(Iso, true)) }),
        "host drive" => With(vm, devices => devices with { Drives = devices.Drives.Add(new DriveFact(Drive, true)) }),
        "pci" => With(vm, devices => devices with { Pci = true }),
        "usb" => With(vm, devices => devices with { Usb = true }),
        "vgpu" => With(vm, devices => devices with { VirtualGpu = true }),
        "host-only network" => With(vm, devices => devices with { Networks = [Dmz] }),
        "internal network" => With(vm, devices => devices with { Networks = [Inner] }),
        "cpus" => With(vm, devices => devices with { Vcpus = 64 }),
        "blocked" => vm with { Blocked = ImmutableSortedDictionary<string, string>.Empty.Add("start", "no") },
        "blocked start_on" => vm with { Blocked = ImmutableSortedDictionary<string, string>.Empty.Add("start_on", "") },
        "blocked move" => vm with { Blocked = ImmutableSortedDictionary<string, string>.Empty.Add("pool_migrate", "") },
        "rival" => vm with { AutoPowerOn = true },
        "cpu features" => With(vm, devices => devices with { CpuFeatures = "000000ff-1f" }),
        _ => vm,
    };

    private static VmFact With(VmFact vm, Func<VmDevices, VmDevices> change) => vm with { Devices = change(vm.Devices) };
}
