using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Tests;

/// <summary>VMs, their locks, and what the database believes (xapi.md 4.3, 5, 6, 8.3, 10).</summary>
public sealed class VmTests
{
    [Fact]
    public void Start_DeadHostsLock_StorageErrorUntilDeclaredDead()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        string session = pool.LocalSession(pool.B);
        string vm = PoolFixture.VmRef("vm1");
        string b = PoolFixture.HostRef("b");
        pool.Value(pool.B, "VM.power_state_reset", session, vm);
        Assert.Equal("SR_BACKEND_FAILURE_46", pool.Error(pool.B, "VM.start_on", session, vm, b, false, false)[0]);
        Assert.Equal("Halted", pool.Vm(pool.B, "vm1", "power_state"));
        pool.Value(pool.B, "host.declare_dead", session, PoolFixture.HostRef("a"));
        pool.Value(pool.B, "VM.start_on", session, vm, b, false, false);
        Assert.Contains(pool.B.Domains.List(), domain => domain.VmName == "vm1");
    }

    [Fact]
    public void DeclareDead_PeerAnswers_HostIsLive()
    {
        var pool = new PoolFixture();
        Assert.Equal(
            ["HOST_IS_LIVE", PoolFixture.HostRef("b")],
            pool.Error(pool.A, "host.declare_dead", pool.LocalSession(pool.A), PoolFixture.HostRef("b")));
    }

    [Fact]
    public void DeclareDead_PeerHangs_BlocksWithoutLimit()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.Faults.HangAll = true;
        Task<CallReply> call = pool.A.CallAsync("host.declare_dead", pool.LocalSession(pool.A), PoolFixture.HostRef("b"));
        pool.RunFor(15);
        Assert.False(call.IsCompleted);
    }

    [Fact]
    public void DeclareDead_MemberDead_ResetsItsVmsAndLocks()
    {
        var pool = new PoolFixture();
        pool.B.PowerOff();
        Assert.Contains(pool.Pool.Storage.Locks(), held => held.HostUuid == pool.B.Definition.Uuid);
        pool.Value(pool.A, "host.declare_dead", pool.LocalSession(pool.A), PoolFixture.HostRef("b"));
        Assert.Equal("Halted", pool.Vm(pool.A, "vm2", "power_state"));
        Assert.DoesNotContain(pool.Pool.Storage.Locks(), held => held.HostUuid == pool.B.Definition.Uuid);
    }

    [Fact]
    public void MemberToolstack_StopsOrderly_NotLiveButVmsRun()
    {
        var pool = new PoolFixture();
        Task stop = Started(pool, () => pool.B.Toolstack.StopAsync());
        pool.RunFor(5);
        Assert.True(stop.IsCompleted);
        string metrics = (string)pool.Field(pool.A, "host", PoolFixture.HostRef("b"), "metrics")!;
        Assert.False((bool)pool.Field(pool.A, "host_metrics", metrics, "live")!);
        Assert.Equal("Running", pool.Vm(pool.A, "vm2", "power_state"));
        Assert.Single(pool.B.Domains.List());
    }

    [Fact]
    public void MemberToolstack_Crashes_StaysLive()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.Crash();
        string metrics = (string)pool.Field(pool.A, "host", PoolFixture.HostRef("b"), "metrics")!;
        Assert.True((bool)pool.Field(pool.A, "host_metrics", metrics, "live")!);
    }

    [Fact]
    public void Reconcile_VmMovedToNewMaster_OldDomainDestroyed()
    {
        var pool = new PoolFixture();
        pool.Pool.Network.Delivers = (_, _) => false;
        pool.Value(pool.B, "pool.emergency_transition_to_master", pool.LocalSession(pool.B));
        pool.RunFor(10);
        string session = pool.LocalSession(pool.B);
        pool.Value(pool.B, "VM.power_state_reset", session, PoolFixture.VmRef("vm1"));
        SrReset(pool);
        pool.Value(pool.B, "VM.start_on", session, PoolFixture.VmRef("vm1"), PoolFixture.HostRef("b"), false, false);

        // The split brain itself: one disk, two writers.
        Assert.Contains(pool.A.Domains.List(), domain => domain.VmName == "vm1");
        pool.Pool.Network.Delivers = (_, _) => true;
        pool.A.Toolstack.Crash();
        pool.UntilReadyAfterDemotion();
        Assert.DoesNotContain(pool.A.Domains.List(), domain => domain.VmName == "vm1");
        Assert.Contains(pool.B.Domains.List(), domain => domain.VmName == "vm1");
        Assert.Contains(pool.Pool.Storage.Locks(), held => held.HostUuid == pool.B.Definition.Uuid
            && held.VdiUuid == PoolDefinition.VdiUuid(PoolFixture.Definition.Vms[0]));
    }

    [Fact]
    public void Reconcile_UnplacedDomain_IsAdopted()
    {
        var pool = new PoolFixture();
        pool.Pool.Network.Delivers = (_, _) => false;
        pool.RunFor(1);
        pool.Value(pool.A, "VM.power_state_reset", pool.LocalSession(pool.A), PoolFixture.VmRef("vm2"));
        pool.Pool.Network.Delivers = (_, _) => true;
        pool.B.Toolstack.Crash();
        pool.UntilReady("b");
        Assert.Equal("Running", pool.Vm(pool.A, "vm2", "power_state"));
        Assert.Equal(PoolFixture.HostRef("b"), pool.Vm(pool.A, "vm2", "resident_on"));
    }

    [Fact]
    public void Promotion_StaleCopy_ForgetsLaterStart()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.Faults.StaleDatabase = true;
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm3"), PoolFixture.HostRef("a"), false, false);
        Assert.Equal("INTERNAL_ERROR", pool.Error(pool.A, "pool.sync_database", session)[0]);
        pool.LoseAAndPromoteB();
        Assert.Equal("Halted", pool.Vm(pool.B, "vm3", "power_state"));
    }

    [Fact]
    public void SyncDatabase_BeforePromotion_KeepsLaterStart()
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm3"), PoolFixture.HostRef("a"), false, false);
        pool.Value(pool.A, "pool.sync_database", session);
        pool.LoseAAndPromoteB();
        Assert.Equal("Running", pool.Vm(pool.B, "vm3", "power_state"));
        Assert.Equal(PoolFixture.HostRef("a"), pool.Vm(pool.B, "vm3", "resident_on"));
    }

    [Fact]
    public void Start_ChecksInOrder()
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        string a = PoolFixture.HostRef("a");
        string b = PoolFixture.HostRef("b");
        Assert.Equal(
            ["VM_BAD_POWER_STATE", PoolFixture.VmRef("vm1"), "halted", "running"],
            pool.Error(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm1"), a, false, false));
        Assert.Equal(
            "HOST_NOT_ENOUGH_FREE_MEMORY",
            pool.Error(pool.A, "VM.start_on", session, PoolFixture.VmRef("big"), a, false, false)[0]);
        pool.Value(pool.A, "VM.hard_shutdown", session, PoolFixture.VmRef("local"));
        Assert.Equal(
            "VM_REQUIRES_SR",
            pool.Error(pool.A, "VM.start_on", session, PoolFixture.VmRef("local"), b, false, false)[0]);
        pool.Value(pool.A, "host.disable", session, b);
        Assert.Equal(
            ["HOST_DISABLED", b],
            pool.Error(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm3"), b, false, false));
    }

    [Fact]
    public void StartOn_WithStartDelay_SleepsTwice()
    {
        var pool = new PoolFixture();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.set_start_delay", session, PoolFixture.VmRef("vm3"), 10);
        Instant begin = pool.Now;
        pool.Value(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm3"), PoolFixture.HostRef("b"), false, false);
        Assert.InRange((pool.Now - begin).TotalSeconds, 20, 22);
    }

    [Fact]
    public void Start_HostDiesMidway_DatabaseSaysHaltedLockLeft()
    {
        ToolstackTimings slow = ToolstackTimings.Fast with { VmStart = DurationRange.Seconds(10, 10) };
        var pool = new PoolFixture(timings: slow);
        _ = pool.A.CallAsync(
            "VM.start_on", pool.LocalSession(pool.A), PoolFixture.VmRef("vm3"), PoolFixture.HostRef("b"), false, false);
        pool.RunFor(9);
        pool.B.PowerOff();
        Assert.Equal("Halted", pool.Vm(pool.A, "vm3", "power_state"));
        Assert.Equal(2, pool.Pool.Storage.Locks().Count(held => held.HostUuid == pool.B.Definition.Uuid));
    }

    [Fact]
    public void Start_OtherOperationRunning_StallsThenGivesUp()
    {
        ToolstackTimings slow = ToolstackTimings.Fast with { VmStart = DurationRange.Seconds(1000, 1000) };
        var pool = new PoolFixture(timings: slow);
        string session = pool.LocalSession(pool.A);
        JsonNode?[] start = [session, PoolFixture.VmRef("vm3"), PoolFixture.HostRef("a"), false, false];
        _ = pool.A.CallAsync("VM.start_on", start);
        pool.RunFor(1);
        Instant begin = pool.Now;
        Assert.Equal("OTHER_OPERATION_IN_PROGRESS", pool.Error(pool.A, "VM.start_on", [.. start.Select(n => n?.DeepClone())])[0]);
        Assert.True(pool.Now - begin >= slow.BusyLimit);
    }

    [Fact]
    public void DomainCrash_MasterHears_HaltedAndUnlocked()
    {
        var pool = new PoolFixture();
        pool.B.Domains.Destroy(pool.B.Domains.List()[0].Domid);
        pool.RunFor(2);
        Assert.Equal("Halted", pool.Vm(pool.A, "vm2", "power_state"));
        Assert.DoesNotContain(pool.Pool.Storage.Locks(), held => held.HostUuid == pool.B.Definition.Uuid);
    }

    [Fact]
    public void StoragePathLost_StartFails_PbdStaysAttached()
    {
        var pool = new PoolFixture();
        pool.Pool.Storage.SetReachable(pool.B.Definition.Uuid, false);
        Assert.Equal("SR_BACKEND_FAILURE_47", pool.Error(
            pool.A, "VM.start_on", pool.LocalSession(pool.A), PoolFixture.VmRef("vm3"), PoolFixture.HostRef("b"), false, false)[0]);
    }

    [Fact]
    public void Migrate_Live_MovesDomainAndLock()
    {
        var pool = new PoolFixture();
        pool.Value(
            pool.A, "VM.pool_migrate", pool.LocalSession(pool.A), PoolFixture.VmRef("vm1"), PoolFixture.HostRef("b"),
            new JsonObject { ["live"] = "true" });
        Assert.Equal(PoolFixture.HostRef("b"), pool.Vm(pool.A, "vm1", "resident_on"));
        Assert.Contains(pool.B.Domains.List(), domain => domain.VmName == "vm1");
        Assert.DoesNotContain(pool.A.Domains.List(), domain => domain.VmName == "vm1");
    }

    [Fact]
    public void AsyncStart_TaskTellsSuccess()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.A);
        string task = (string)pool.Value(pool.A, "Async.VM.start", session, PoolFixture.VmRef("vm3"), false, false)!;
        Assert.Equal("pending", (string?)pool.Value(pool.A, "task.get_status", session, task));
        pool.RunFor(2);
        Assert.Equal("success", (string?)pool.Value(pool.A, "task.get_status", session, task));
    }

    [Fact]
    public void EventFrom_Change_OneMergedEventAndCounts()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.A);
        JsonNode first = pool.Value(pool.A, "event.from", session, new JsonArray("vm"), "", 5.0)!;
        Assert.Equal((long)first["valid_ref_counts"]!["vm"]!, first["events"]!.AsArray().Count);
        Task<CallReply> wait = pool.A.CallAsync("event.from", session, new JsonArray("vm"), (string?)first["token"], 30.0);
        pool.RunFor(1);
        Assert.False(wait.IsCompleted);
        pool.Value(pool.A, "VM.set_order", session, PoolFixture.VmRef("vm3"), 5);
        pool.RunFor(1);
        JsonNode second = Assert.IsType<CallReply.Success>(PoolFixture.Finished(wait)).Value!;
        JsonNode only = Assert.Single(second["events"]!.AsArray())!;
        Assert.Equal("mod", (string?)only["operation"]);
        Assert.Equal(5, (long)only["snapshot"]!["order"]!);
    }

    [Fact]
    public void Faults_LostAnswerAndRefusalAndDatabaseHang()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.A);
        ToolstackFaults faults = pool.A.Toolstack.Faults;
        faults.LoseAnswer("VM.set_order");
        Assert.IsType<CallReply.ConnectionLost>(pool.Call(pool.A, "VM.set_order", session, PoolFixture.VmRef("vm3"), 9));
        Assert.Equal("9", pool.Vm(pool.A, "vm3", "order"));
        faults.Refuse("VM.start", 1, "NO_HOSTS_AVAILABLE");
        Assert.Equal(["NO_HOSTS_AVAILABLE"], pool.Error(pool.A, "VM.start", session, PoolFixture.VmRef("vm3"), false, false));
        faults.HangDatabase = true;
        Task<CallReply> read = pool.A.CallAsync("VM.get_all", session);
        Assert.Equal("1", (string?)pool.Value(pool.A, "system.isAlive:1", "1"));
        pool.RunFor(100);
        Assert.False(read.IsCompleted);

        faults.HangDatabase = false;

        // The fault is lifted from outside the scheduler, so the waiting call may go on by way of the thread pool.
        SpinWait.SpinUntil(
            () =>
            {
                pool.RunFor(0.1);
                return read.IsCompleted;
            },
            TimeSpan.FromSeconds(20));
        Assert.IsType<CallReply.Success>(PoolFixture.Finished(read));
    }

    private static Task Started(PoolFixture pool, Func<Task> work)
    {
        Task? started = null;
        pool.Scheduler.After(TimeSpan.Zero, () => started = work());
        pool.RunFor(0);
        return started!;
    }

    private static void SrReset(PoolFixture pool)
    {
        foreach (SrDefinition sr in PoolFixture.Definition.Srs)
        {
            pool.Pool.Storage.Reset(pool.A.Definition.Uuid, sr.Uuid);
        }
    }
}
