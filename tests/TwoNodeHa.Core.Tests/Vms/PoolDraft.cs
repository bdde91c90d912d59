using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

/// <summary>A pool of two hosts to be planned for: b dies, a survives.</summary>
internal sealed class PoolDraft
{
    public const long Gib = 1L << 30;
    public static readonly Guid A = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");
    public static readonly Guid B = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000002");
    public static readonly Guid Nfs = Guid.Parse("00000000-0000-4000-8000-0000000000f1");
    public static readonly Guid LocalB = Guid.Parse("00000000-0000-4000-8000-0000000000f2");

    public PolicyConfig Policy { get; set; } = new();

    public List<VmFact> Vms { get; } = [];

    public HashSet<Guid> Resting { get; } = [];

    public DatabaseFacts Facts { get; set; } = new()
    {
        NativeHaEnabled = false,
        Master = A,
        Hosts = [A, B],
        EnabledHosts = [A, B],
        Vms = [],
        HostFacts =
        [
            new HostFact(A, "a") { MemoryTotal = 20 * Gib, MemoryOverhead = Gib, ControlDomains = 3 * Gib, Cpus = 16 },
            new HostFact(B, "b") { MemoryTotal = 20 * Gib, MemoryOverhead = Gib, ControlDomains = 3 * Gib, Cpus = 16 },
        ],
        Storages =
        [
            new StorageFact(Nfs, "nfs", StorageKind.Disks, [A, B], [A, B]),
            new StorageFact(LocalB, "local-b", StorageKind.Disks, [B], [B]),
        ],
    };

    /// <summary>A VM that runs on b, with one disk on nfs.</summary>
    public Guid Add(string name, double gib, RestartPriority priority = RestartPriority.Restart, int order = 0, Func<VmFact, VmFact>? change = null)
    {
        var uuid = new Guid(Vms.Count + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
        var vm = new VmFact
        {
            Uuid = uuid,
            Name = name,
            PowerState = VmPowerState.Running,
            ResidentOn = B,
            Priority = priority,
            Order = order,
            Memory = VmMemory.Of((long)(gib * Gib)),
            Devices = new VmDevices { Drives = [new DriveFact(Nfs, IsCd: false)], Vcpus = 2 },
        };
        Vms.Add(change is null ? vm : change(vm));
        return uuid;
    }

    public PoolIndex Index() => new(Facts with { Vms = [.. Vms] });

    /// <summary>The plan of host a for everything protected on b.</summary>
    public FailoverPlan Plan() => Planner.Of(new PlanInput(Policy, Index(), A, IsSelf: true)
    {
        Candidates = [.. Vms.Where(vm => vm.ResidentOn == B && Protection.Of(Policy, vm).IsProtected).Select(Record)],
        IsThere = static _ => false,
        IsResting = Resting.Contains,
    });

    /// <summary>Names of what starts, in order, and levels.</summary>
    public string Started() => string.Join(' ', Plan().Steps.Select(step => $"{step.Vm.Name}/{step.Level}"));

    /// <summary>Why a VM does not start.</summary>
    public string Why(string name) => Plan().Misses.Single(miss => miss.Vm.Name == name).Obstacle.Text;

    public VmRecord Record(VmFact vm) => new()
    {
        Uuid = vm.Uuid,
        Name = vm.Name,
        Protected = true,
        Wanted = true,
        LastOn = vm.ResidentOn,
        Priority = vm.Priority,
        Order = vm.Order,
        StartDelay = vm.StartDelay,
        Class = Protection.Of(Policy, vm).Class,
        Appliance = vm.Appliance,
    };
}
