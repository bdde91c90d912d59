using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

/// <summary>What is odd in the toolstack's database costs itself: no reading, no event and no other VM.</summary>
public sealed class OddDatabaseTests : IDisposable
{
    private static readonly Guid Alpha = Guid.Parse("11111111-1111-4111-8111-111111111111");
    private static readonly Guid Beta = Guid.Parse("22222222-2222-4222-8222-222222222222");
    private static readonly Guid Good = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");
    private static readonly Guid Odd = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000002");
    private readonly Scratch _scratch = new();
    private readonly ListLogger _log = new();
    private readonly CollectingSink _sink = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("\"order\":nan", "order")]
    [InlineData("\"name_label\":\"\\ud800\"", "name_label")]
    [InlineData("\"power_state\":7", "power_state")]
    public async Task A_VM_that_cannot_be_read_is_named_and_the_others_are_known(string damage, string field)
    {
        await using var server = Server($"{Vm(Odd)[..^1]},{damage}}}");
        await using var port = Port();
        var facts = await ReadAsync(port);
        Assert.Equal(Good, Assert.Single(facts.Vms).Uuid);
        var lost = Assert.Single(facts.Unreadable);
        Assert.Equal(("VM", Odd), (lost.Class, lost.Uuid));
        Assert.Contains(field, lost.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"start_delay\":4294967296", 3600)]
    [InlineData("\"start_delay\":-5", 0)]
    [InlineData("\"shutdown_delay\":9223372036854775807,\"start_delay\":7", 7)]
    public async Task A_delay_of_any_size_costs_nothing_and_counts_up_to_an_hour(string delays, int seconds)
    {
        await using var server = Server($"{Vm(Odd)[..^1]},{delays}}}");
        await using var port = Port();
        var facts = await ReadAsync(port);
        Assert.Empty(facts.Unreadable);
        Assert.Equal(TimeSpan.FromSeconds(seconds), facts.Vms.Single(vm => vm.Uuid == Odd).StartDelay);
    }

    [Fact]
    public async Task Two_VMs_with_one_uuid_are_no_exception()
    {
        await using var server = Server(Vm(Good));
        await using var port = Port();
        var facts = await ReadAsync(port);
        Assert.Single(facts.Vms);
        Assert.Single(facts.Unreadable);
    }

    [Theory]
    [InlineData("start", "not now")]
    [InlineData("clean_shutdown", null)]
    public async Task A_start_that_the_administrator_blocked_is_told(string operation, string? told)
    {
        await using var server = Server($"{Vm(Odd)[..^1]},\"blocked_operations\":{{\"{operation}\":\"not now\"}}}}");
        await using var port = Port();
        Assert.Equal(told, (await ReadAsync(port)).Vms.Single(vm => vm.Uuid == Odd).Blocked.GetValueOrDefault("start"));
    }

    [Fact]
    public async Task A_host_that_cannot_be_read_is_a_host_all_the_same()
    {
        await using var server = Server(Vm(Odd), $$"""{"uuid":"{{Beta}}","enabled":7}""");
        await using var port = Port();
        var facts = await ReadAsync(port);
        Assert.Equal([Alpha, Beta], facts.Hosts);
        Assert.Equal([Alpha], facts.EnabledHosts);
        Assert.Equal(("host", Beta), (Assert.Single(facts.Unreadable).Class, facts.Unreadable[0].Uuid));
    }

    [Fact]
    public async Task What_follows_the_database_goes_on_after_a_failure_that_nobody_foresaw()
    {
        await using var server = Server(Vm(Odd));
        await using var sessions = new XapiSessions(_scratch["no-xapi"]);
        var readings = 0;
        var known = new DatabaseFacts { NativeHaEnabled = false, Master = Alpha, Hosts = [], EnabledHosts = [], FreeMemoryBytes = 0, Vms = [] };
        using var events = new DatabaseEvents(
            sessions,
            (_, _) => Interlocked.Increment(ref readings) < 3 ? throw new InvalidCastException("unforeseen") : Task.FromResult(known),
            _sink, new BackOff(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(60)), _log);
        events.Start();
        await Eventually.Holds(() => _sink.Of<Observation.DatabaseObserved>().Length > 0, "a reading after two that failed");
        Assert.Equal(2, _log.Lines.Count(line => line.Contains("nobody foresaw", StringComparison.Ordinal)));
    }

    [Fact]
    public void Pauses_grow_up_to_the_limit_and_start_again_after_work_that_lasted()
    {
        var backOff = new BackOff(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60));
        Assert.Equal([5, 10, 20, 40, 60, 60], Enumerable.Range(0, 6).Select(_ => backOff.After(TimeSpan.Zero).TotalSeconds));
        Assert.Equal([5, 10], new[] { 61, 3 }.Select(lasted => backOff.After(TimeSpan.FromSeconds(lasted)).TotalSeconds));
    }

    private ToolstackPort Port()
    {
        File.WriteAllText(_scratch["pool.conf"], "master");
        return new ToolstackPort(new LocalConfig(Samples.OnLoopback(_scratch), 0), _sink, new ToolRunner(), _log);
    }

    private async Task<DatabaseFacts> ReadAsync(ToolstackPort port)
    {
        var before = _sink.Of<Observation.ToolstackObserved>().Length;
        port.Read(new Command.ReadToolstack(before, WithDatabase: true, Eventually.Ceiling));
        await Eventually.Holds(() => _sink.Of<Observation.ToolstackObserved>().Length > before, "a reading");
        var facts = _sink.Of<Observation.ToolstackObserved>()[before].Facts;
        Assert.True(facts.Database is not null, facts.Trouble);
        return facts.Database;
    }

    /// <summary>A pool of one host with a sound VM and another.</summary>
    private ScriptedServer Server(string odd, string? second = null) => ScriptedServer.OnUnixSocket(
        request => request.Method switch
        {
            "pool.get_all_records" => Reply.Result("""{"OpaqueRef:p":{"uuid":"p","master":"OpaqueRef:a","ha_enabled":false}}"""),
            "host.get_all_records" => Reply.Result(
                $$"""{"OpaqueRef:a":{"uuid":"{{Alpha}}","enabled":true}{{(second is null ? "" : $",\"OpaqueRef:b\":{second}")}}}"""),
            "VM.get_all_records" => Reply.Result($$"""{"OpaqueRef:good":{{Vm(Good)}},"OpaqueRef:odd":{{odd}}}"""),
            { } other when other.EndsWith(".get_all_records", StringComparison.Ordinal) => Reply.Result("{}"),
            "host.compute_free_memory" => Reply.Result("1"),
            "host.is_in_emergency_mode" => Reply.Result("false"),
            "event.from" => Reply.Result("""{"events":[{"class":"vm","operation":"mod","ref":"OpaqueRef:odd"}],"valid_ref_counts":{},"token":"t"}"""),
            _ => Reply.Result("\"OpaqueRef:s\""),
        },
        _scratch["no-xapi"]);

    private static string Vm(Guid uuid) =>
        $$$"""
        {"uuid":"{{{uuid}}}","name_label":"x","power_state":"Halted","resident_on":"OpaqueRef:NULL","is_a_template":false,"is_a_snapshot":false,
         "is_control_domain":false,"memory_static_max":1,"memory_overhead":3,"ha_restart_priority":"restart","order":1,"start_delay":30,
         "other_config":{},"blocked_operations":{},"current_operations":{}}
        """;
}
