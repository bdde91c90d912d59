using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Virtual;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Tests;

/// <summary>A virtual pool that is up: a master, b member; vm1 on a, vm2 on b, vm3 halted.</summary>
internal sealed class PoolFixture
{
    public static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    public PoolFixture(int seed = 1, ToolstackTimings? timings = null, bool boot = true)
    {
        Pool = new VirtualPool(Scheduler, Definition, timings ?? ToolstackTimings.Fast, seed);
        if (boot)
        {
            Pool.PowerOnAll();
            UntilReady("a");
            UntilReady("b");
        }
    }

    public static PoolDefinition Definition { get; } = PoolDefinition.Parse("""
        { "hosts": [ { "name": "a", "address": "10.0.0.1" }, { "name": "b", "address": "10.0.0.2" } ],
          "vms": [ { "name": "vm1", "running_on": "a" }, { "name": "vm2", "running_on": "b" }, { "name": "vm3" },
                   { "name": "big", "memory_mib": 15000 }, { "name": "local", "sr": "local-a", "running_on": "a" } ] }
        """);

    public VirtualScheduler Scheduler { get; } = new();

    public VirtualPool Pool { get; }

    public VirtualHost A => Pool.Host("a");

    public VirtualHost B => Pool.Host("b");

    public Instant Now => Scheduler.Now;

    public static string VmUuid(string name) => Definition.Vms.First(vm => vm.Name == name).Uuid;

    public static string VmRef(string name) => Ref("VM", VmUuid(name));

    public static string HostRef(string name) => Ref("host", Definition.Host(name).Uuid);

    public void UntilReady(string host) => Assert.True(
        Scheduler.RunUntil(() => Pool.Host(host).Toolstack.Status.InitComplete, Long), $"{host} never became ready");

    public void RunFor(double seconds) => Scheduler.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>A call that must be answered; the virtual time it takes passes.</summary>
    public CallReply Call(VirtualHost host, string method, params JsonNode?[] parameters)
    {
        Task<CallReply> call = host.CallAsync(method, parameters);
        Assert.True(Scheduler.RunUntil(() => call.IsCompleted, Long), $"{method} hangs");
        return call.GetAwaiter().GetResult();
    }

    /// <summary>The result of a call that by now must have been answered.</summary>
    public static CallReply Finished(Task<CallReply> call)
    {
        Assert.True(call.IsCompleted, "still not answered");
        return call.GetAwaiter().GetResult();
    }

    public JsonNode? Value(VirtualHost host, string method, params JsonNode?[] parameters) =>
        Call(host, method, parameters) is CallReply.Success success
            ? success.Value
            : throw new InvalidOperationException($"{method}: {Call(host, method, parameters)}");

    /// <summary>The error of a call that must fail.</summary>
    public IReadOnlyList<string> Error(VirtualHost host, string method, params JsonNode?[] parameters) =>
        Assert.IsType<CallReply.Failure>(Call(host, method, parameters)).Error;

    public string LocalSession(VirtualHost host) =>
        (string)Value(host, "session.slave_local_login_with_password", "root", "")!;

    public string Session(VirtualHost host) =>
        (string)Value(host, "session.login_with_password", "root", "", "2.0", "test")!;

    public JsonNode? Field(VirtualHost master, string @class, string reference, string field) =>
        Value(master, $"{@class}.get_record", LocalSession(master), reference)![field];

    public string Vm(VirtualHost master, string name, string field) =>
        Field(master, "VM", VmRef(name), field)!.ToString();

    /// <summary>Promotes b after a lost power, up to a usable master.</summary>
    public void LoseAAndPromoteB()
    {
        A.PowerOff();
        Value(B, "pool.emergency_transition_to_master", LocalSession(B));
        Assert.True(Scheduler.RunUntil(() => !B.Toolstack.Status.UnixListening, Long));
        UntilReady("b");
    }

    /// <summary>a notices the new master at its next start and comes back as its member.</summary>
    public void UntilReadyAfterDemotion()
    {
        Assert.True(Scheduler.RunUntil(() => A.Toolstack.Status.RoleFile == "slave:10.0.0.2", Long), "a did not demote");
        UntilReady("a");
    }

    private static string Ref(string @class, string uuid) => "OpaqueRef:" + PoolDefinition.UuidOf("ref-" + @class, uuid);
}
