using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Each wrapper sends the method and the positional parameters that XAPI expects.</summary>
public sealed class CallTests
{
    private static readonly XenRef<VM> V = new("OpaqueRef:v");
    private static readonly XenRef<Host> H = new("OpaqueRef:h");
    private static readonly XenRef<Pool> P = new("OpaqueRef:p");
    private static readonly Dictionary<string, string> Map = new(StringComparer.Ordinal) { ["live"] = "true" };

    private static readonly (string Wire, string Result, Func<Session, Task> Call)[] Calls =
    [
        Void("""pool.emergency_transition_to_master []""", s => s.Pool.EmergencyTransitionToMasterAsync(D, T)),
        Void("""pool.emergency_reset_master ["10.0.0.2"]""", s => s.Pool.EmergencyResetMasterAsync("10.0.0.2", D, T)),
        ("""pool.recover_slaves []""", """["OpaqueRef:h"]""", s => s.Pool.RecoverSlavesAsync(D, T)),
        Void("""pool.designate_new_master ["OpaqueRef:h"]""", s => s.Pool.DesignateNewMasterAsync(H, D, T)),
        Void("""pool.sync_database []""", s => s.Pool.SyncDatabaseAsync(D, T)),
        ("""pool.is_slave ["OpaqueRef:h"]""", "true", s => s.Pool.IsSlaveAsync(H, D, T)),
        ("""pool.get_other_config ["OpaqueRef:p"]""", "{}", s => s.Pool.OtherConfig.GetAsync(P, D, T)),
        Void("""pool.set_other_config ["OpaqueRef:p",{"live":"true"}]""",
            s => s.Pool.OtherConfig.SetAsync(P, Map, D, T)),
        Void("""pool.add_to_other_config ["OpaqueRef:p","k","v"]""",
            s => s.Pool.OtherConfig.AddAsync(P, "k", "v", D, T)),
        Void("""pool.remove_from_other_config ["OpaqueRef:p","k"]""",
            s => s.Pool.OtherConfig.RemoveAsync(P, "k", D, T)),
        ("""host.get_enabled ["OpaqueRef:h"]""", "true", s => s.Host.GetEnabledAsync(H, D, T)),
        ("""host.is_in_emergency_mode []""", "false", s => s.Host.IsInEmergencyModeAsync(D, T)),
        Void("""host.local_assert_healthy []""", s => s.Host.LocalAssertHealthyAsync(D, T)),
        Void("""host.disable ["OpaqueRef:h"]""", s => s.Host.DisableAsync(H, D, T)),
        Void("""host.enable ["OpaqueRef:h"]""", s => s.Host.EnableAsync(H, D, T)),
        Void("""host.declare_dead ["OpaqueRef:h"]""", s => s.Host.DeclareDeadAsync(H, D, T)),
        ("""host.compute_free_memory ["OpaqueRef:h"]""", "12", s => s.Host.ComputeFreeMemoryAsync(H, D, T)),
        Void("""host.evacuate ["OpaqueRef:h"]""", s => s.Host.EvacuateAsync(H, D, T)),
        ("""host.get_vms_which_prevent_evacuation ["OpaqueRef:h"]""", """{"OpaqueRef:v":["VM_REQUIRES_SR","a","b"]}""",
            s => s.Host.GetVMsWhichPreventEvacuationAsync(H, D, T)),
        ("""VM.get_all_records []""", "{}", s => s.VM.GetAllRecordsAsync(D, T)),
        Void("""VM.start ["OpaqueRef:v",false,true]""", s => s.VM.StartAsync(V, startPaused: false, force: true, D, T)),
        Void("""VM.start_on ["OpaqueRef:v","OpaqueRef:h",true,false]""",
            s => s.VM.StartOnAsync(V, H, startPaused: true, force: false, D, T)),
        ("""Async.VM.start_on ["OpaqueRef:v","OpaqueRef:h",false,false]""", "\"OpaqueRef:t\"",
            s => s.VM.AsyncStartOnAsync(V, H, startPaused: false, force: false, D, T)),
        Void("""VM.hard_shutdown ["OpaqueRef:v"]""", s => s.VM.HardShutdownAsync(V, D, T)),
        Void("""VM.clean_shutdown ["OpaqueRef:v"]""", s => s.VM.CleanShutdownAsync(V, D, T)),
        Void("""VM.power_state_reset ["OpaqueRef:v"]""", s => s.VM.PowerStateResetAsync(V, D, T)),
        Void("""VM.pool_migrate ["OpaqueRef:v","OpaqueRef:h",{"live":"true"}]""",
            s => s.VM.PoolMigrateAsync(V, H, Map, D, T)),
        Void("""VM.assert_can_boot_here ["OpaqueRef:v","OpaqueRef:h"]""", s => s.VM.AssertCanBootHereAsync(V, H, D, T)),
        Void("""VM.set_ha_restart_priority ["OpaqueRef:v","best-effort"]""",
            s => s.VM.SetHaRestartPriorityAsync(V, "best-effort", D, T)),
        Void("""VM.set_order ["OpaqueRef:v",3]""", s => s.VM.SetOrderAsync(V, 3, D, T)),
        Void("""VM.set_start_delay ["OpaqueRef:v",90]""",
            s => s.VM.SetStartDelayAsync(V, TimeSpan.FromSeconds(90.7), D, T)),
        ("""message.create ["HA_FENCED",1,"Host","u","text"]""", "\"OpaqueRef:m\"",
            s => s.Message.CreateAsync("HA_FENCED", 1, "Host", "u", "text", D, T)),
        Void("""task.destroy ["OpaqueRef:t"]""", s => s.Task.DestroyAsync(new("OpaqueRef:t"), D, T)),
    ];

    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Calls.Length)];

    private static TimeSpan D => Dialogue.Deadline;

    private static CancellationToken T => Dialogue.Token;

    [Theory]
    [MemberData(nameof(Indexes))]
    public async Task Wrapper_SendsTheCallAfterTheSession(int index)
    {
        (string wire, string result, Func<Session, Task> call) = Calls[index];
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(result));

        await call(dialogue.Session);

        ReceivedRequest request = dialogue.Server.Requests[^1];
        Assert.Equal("OpaqueRef:s1", request.Session);
        string parameters = string.Join(
            ',', request.Parameters.EnumerateArray().Skip(1).Select(one => one.GetRawText()));
        Assert.Equal(wire, $"{request.Method} [{parameters}]");
    }

    [Fact]
    public async Task System_ListMethods_NeedsNoSession()
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(_ => Reply.Result("""["VM.start"]"""));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        Assert.Equal(["VM.start"], await client.SystemListMethodsAsync(D, T));
        Assert.Equal("[]", server.Requests[0].Parameters.GetRawText());
    }

    [Theory]
    [InlineData("\"twonodeha\"", true)]
    [InlineData("\"somebody else\"", false)]
    public async Task System_IsAlive_ChecksTheEcho(string echo, bool alive)
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(_ => Reply.Result(echo));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        Assert.Equal(alive, await client.SystemIsAliveAsync(D, T));
        Assert.Equal("system.isAlive:twonodeha", server.Requests[0].Method);
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        XenApiClientOptions options = new();
        XenApiClientOptions[] bad =
        [
            options with { Originator = " " }, options with { OutstandingCallsMax = 0 },
            options with { RequestBytesMax = 0 }, options with { ResponseBytesMax = 0 },
            options with { ReadAttemptsMax = 11 }, options with { ReadRetryDelay = TimeSpan.Zero },
            options with { ConnectTimeout = TimeSpan.Zero }, options with { LogoutDeadline = TimeSpan.Zero },
        ];

        Assert.All(bad, one => Assert.Throws<ArgumentException>(() => XenApiClient.ForUnixSocket("/x", one)));
    }

    private static (string Wire, string Result, Func<Session, Task> Call) Void(string wire, Func<Session, Task> call) =>
        (wire, "\"\"", call);
}
