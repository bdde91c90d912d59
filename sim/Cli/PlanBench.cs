using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim bench plan</c>: how long the plan of a takeover takes to make, which is made anew at each change of the pool.</summary>
internal static class PlanBench
{
    private static readonly Guid A = new(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);
    private static readonly Guid B = new(2, 0, 0, [0, 0, 0, 0, 0, 0, 0, 2]);

    public static System.CommandLine.Command Create()
    {
        var vms = new Option<int>("--vms") { Description = "VMs on the host that fails.", DefaultValueFactory = _ => 200 };
        var runs = new Option<int>("--runs") { Description = "Plans.", DefaultValueFactory = _ => 1000 };
        var command = new System.CommandLine.Command("plan", "Time to work out what starts where after the failure of a host.") { vms, runs };
        command.SetAction(parsed => Run(parsed.GetValue(vms), parsed.GetValue(runs)));
        return command;
    }

    private static int Run(int vms, int runs)
    {
        var (facts, records) = Pool(vms);
        var times = new double[runs];
        var steps = 0;
        for (var run = 0; run < runs; run++)
        {
            var started = Stopwatch.GetTimestamp();
            steps = Planner.Of(new PlanInput(new PolicyConfig(), new PoolIndex(facts), A, IsSelf: true)
            {
                Candidates = records,
                IsThere = static _ => false,
            }).Steps.Length;
            times[run] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        var first = times[0];
        Array.Sort(times);
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{vms} VMs, {steps} of them fit, {runs} plans: first {first:F2} ms, p50 {times[runs / 2]:F3} ms, p99 {times[runs * 99 / 100]:F3} ms, max {times[^1]:F2} ms"));
        return times[runs / 2] <= 50 ? 0 : 1;
    }

    /// <summary>VMs of all classes and ten orders, each with two disks and an interface; the last tenth finds no memory.</summary>
    private static (DatabaseFacts Facts, VmRecord[] Records) Pool(int count)
    {
        var storages = Enumerable.Range(0, 8).Select(i => new StorageFact(new Guid(100 + i, 0, 0, new byte[8]), $"sr{i}", StorageKind.Disks, [A, B], [A, B])).ToArray();
        var network = new NetworkFact(new Guid(200, 0, 0, new byte[8]), "lan", [A, B]);
        var vms = Enumerable.Range(0, count).Select(i => new VmFact
        {
            Uuid = new Guid(1000 + i, 0, 0, new byte[8]),
            Name = $"vm{i}",
            PowerState = VmPowerState.Running,
            ResidentOn = B,
            Priority = (RestartPriority)(i % 3),
            Order = i % 10,
            Memory = VmMemory.Of(1L << 30, 12L << 20),
            Devices = new VmDevices { Drives = [new DriveFact(storages[i % 8].Uuid, false), new DriveFact(storages[(i + 1) % 8].Uuid, false)], Networks = [network.Uuid], Vcpus = 2 },
        }).ToArray();
        var facts = new DatabaseFacts
        {
            NativeHaEnabled = false,
            Master = A,
            Hosts = [A, B],
            EnabledHosts = [A, B],
            HostFacts = [new HostFact(A, "a") { MemoryTotal = count * (9L << 30) / 10, Cpus = 64 }, new HostFact(B, "b") { MemoryTotal = count * (2L << 30), Cpus = 64 }],
            Storages = [.. storages],
            Networks = [network],
            Vms = [.. vms],
        };
        return (facts, [.. vms.Select(vm => new VmRecord
        {
            Uuid = vm.Uuid, Name = vm.Name, Protected = true, Wanted = true, LastOn = B, Priority = vm.Priority, Order = vm.Order,
            Class = Protection.Of(new PolicyConfig(), vm).Class,
        })]);
    }
}
