using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Small things that clients of others notice: order of checks, refusals, names, forms of results.</summary>
public sealed class FidelityTests
{
    private static readonly string Vm1 = PoolFixture.VmRef("vm1");
    private static readonly string Vm3 = PoolFixture.VmRef("vm3");

    [Theory]
    [InlineData("start", "VM.start", true)]
    [InlineData("start", "VM.start_on", false)]
    [InlineData("start_on", "VM.start", false)]
    [InlineData("start_on", "VM.start_on", true)]
    public void Blocked_TheExactOperationCounts(string blocked, string method, bool refused)
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.add_to_blocked_operations", session, Vm3, blocked, "not now");
        JsonNode?[] call = method == "VM.start" ? [session, Vm3, false, false] : [session, Vm3, PoolFixture.HostRef("a"), false, false];
        CallReply reply = pool.Call(pool.A, method, call);
        string[] expected = refused ? ["OPERATION_BLOCKED", Vm3, "not now"] : [];
        Assert.Equal(expected, (reply as CallReply.Failure)?.Error ?? []);
    }

    [Fact]
    public void RunningVmWithAnOperationInProgress_IsRefusedAtOnce()
    {
        var pool = new PoolFixture(timings: ToolstackTimings.Fast with { VmCleanShutdown = DurationRange.Seconds(1000, 1000) });
        string session = pool.LocalSession(pool.A);
        _ = pool.A.CallAsync("VM.clean_shutdown", session, Vm1);
        pool.RunFor(1);
        Instant begin = pool.Now;
        Assert.Equal(
            ["VM_BAD_POWER_STATE", Vm1, "halted", "running"],
            pool.Error(pool.A, "VM.start_on", session, Vm1, PoolFixture.HostRef("a"), false, false));
        Assert.True(pool.Now - begin < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Blocked_IsSaidBeforeTheKindOfVm()
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.set_is_a_template", session, Vm3, true);
        JsonNode?[] start = [session, Vm3, PoolFixture.HostRef("a"), false, false];
        Assert.Equal("VM_IS_TEMPLATE", pool.Error(pool.A, "VM.start_on", [.. start.Select(node => node?.DeepClone())])[0]);
        pool.Value(pool.A, "VM.add_to_blocked_operations", session, Vm3, "start_on", "x");
        Assert.Equal("OPERATION_BLOCKED", pool.Error(pool.A, "VM.start_on", start)[0]);
    }

    [Theory]
    [InlineData("VM.start", "start")]
    [InlineData("VM.start_on", "start_on")]
    public void CurrentOperations_NameTheOperation(string method, string operation)
    {
        var pool = new PoolFixture(timings: ToolstackTimings.Fast with { VmStart = DurationRange.Seconds(100, 100) });
        string session = pool.LocalSession(pool.A);
        _ = method == "VM.start" ? pool.A.CallAsync(method, session, Vm3, false, false)
            : pool.A.CallAsync(method, session, Vm3, PoolFixture.HostRef("a"), false, false);
        pool.RunFor(2);
        Assert.Equal(operation, (string?)Assert.Single(pool.Field(pool.A, "VM", Vm3, "current_operations")!.AsObject()).Value);
    }

    [Fact]
    public void Force_ReservesMemoryAllTheSame()
    {
        var pool = new PoolFixture();
        Assert.Equal("HOST_NOT_ENOUGH_FREE_MEMORY", pool.Error(
            pool.A, "VM.start_on", pool.LocalSession(pool.A), PoolFixture.VmRef("big"), PoolFixture.HostRef("a"), false, true)[0]);
    }

    [Theory]
    [InlineData("order", "-1")]
    [InlineData("start_delay", "-1")]
    [InlineData("shutdown_delay", "-9")]
    [InlineData("ha_restart_priority", "\"bogus\"")]
    [InlineData("blocked_operations", """{"sleep":"x"}""")]
    public void Setter_ThatXapiRefuses_IsRefusedAndWritesNothing(string field, string value)
    {
        var pool = new PoolFixture();
        string before = pool.Vm(pool.A, "vm3", field);
        string session = pool.LocalSession(pool.A);
        Assert.Equal(["INVALID_VALUE", field], pool.Error(pool.A, $"VM.set_{field}", session, Vm3, JsonNode.Parse(value)).Take(2));
        Assert.Equal(before, pool.Vm(pool.A, "vm3", field));
    }

    [Theory]
    [InlineData("start_delay", "4294967296")]
    [InlineData("shutdown_delay", "9223372036854775807")]
    [InlineData("ha_restart_priority", "\"best-effort\"")]
    [InlineData("blocked_operations", """{"start":"x"}""")]
    public void Setter_ThatXapiAccepts_IsAccepted(string field, string value)
    {
        var pool = new PoolFixture();
        pool.Value(pool.A, $"VM.set_{field}", pool.LocalSession(pool.A), Vm3, JsonNode.Parse(value));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(value), pool.Field(pool.A, "VM", Vm3, field)));
    }

    [Fact]
    public void HugeStartDelay_KeepsTheVmRunning()
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.set_start_delay", session, Vm3, long.MaxValue);
        Task<CallReply> start = pool.A.CallAsync("VM.start_on", session, Vm3, PoolFixture.HostRef("a"), false, false);
        pool.RunFor(10);
        Assert.False(start.IsCompleted);
        Assert.Contains(pool.A.Domains.List(), domain => domain.VmName == "vm3");
    }

    [Fact]
    public void UnknownMethod_BadSessionIsSaidFirst()
    {
        var pool = new PoolFixture();
        Assert.Equal(["SESSION_INVALID", "OpaqueRef:x"], pool.Error(pool.A, "VM.fly", "OpaqueRef:x"));
        Assert.Equal(["MESSAGE_METHOD_UNKNOWN", "VM.fly"], pool.Error(pool.A, "VM.fly", pool.LocalSession(pool.A)));
    }

    [Fact]
    public void TooManyParameters_AreIgnoredWhereThereAreDefaults()
    {
        var pool = new PoolFixture();
        Assert.IsType<CallReply.Success>(pool.Call(pool.A, "session.login_with_password", "root", "", "2.0", "test", "more"));
        Assert.Equal("MESSAGE_PARAMETER_COUNT_MISMATCH", pool.Error(
            pool.A, "VM.clean_shutdown", pool.LocalSession(pool.A), Vm1, "more")[0]);
    }

    [Fact]
    public void AsyncResultOfASet_IsAnArrayOfXmlRpc()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.A);
        string task = (string)pool.Value(pool.A, "Async.VM.get_possible_hosts", session, Vm3)!;
        pool.RunFor(2);
        string result = (string)pool.Value(pool.A, "task.get_result", session, task)!;
        Assert.StartsWith("<value><array><data><value>OpaqueRef:", result, StringComparison.Ordinal);
    }

    [Fact]
    public void ListMethods_NamesGeneratedOnesAndOnlyWhatIsKnown()
    {
        var pool = new PoolFixture();
        string[] names = [.. pool.Value(pool.A, "system.listMethods")!.AsArray().Select(name => (string)name!)];
        foreach (string name in (string[])["VM.get_all_records", "host.get_all_records", "VM.get_record", "VM.set_order", "VM.start_on",
            "VM.add_to_other_config", "VM.get_allowed_operations", "pool.get_master", "VM.add_tags", "message.get_all_records"])
        {
            Assert.Contains(name, names);
        }

        Assert.Equal(names.Distinct().Count(), names.Length);
        string session = pool.LocalSession(pool.A);
        foreach (string name in names.Where(name => name.Contains(".get_", StringComparison.Ordinal)))
        {
            CallReply reply = pool.Call(pool.A, name, session);
            Assert.False(reply is CallReply.Failure { Error: ["MESSAGE_METHOD_UNKNOWN", ..] }, name);
        }
    }

    [Fact]
    public void Session_IsOfALocalSuperuser()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.A);
        Assert.True((bool)pool.Value(pool.A, "session.get_is_local_superuser", session, session)!);
        Assert.Equal("HANDLE_INVALID", pool.Error(pool.A, "session.get_is_local_superuser", session, "OpaqueRef:x")[0]);
    }
}
