using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Two versions of XAPI in one pool (xapi.ml, helpers.ml Checks.RPU, db_gc.ml, pool_db_backup.ml).</summary>
public sealed class UpdateTests
{
    private static readonly string[] Refused = ["NOT_SUPPORTED_DURING_UPGRADE"];

    [Fact]
    public void Update_IsInForceFromTheNextStart()
    {
        var pool = new PoolFixture();
        pool.A.Toolstack.Update();
        Assert.Equal(0, pool.A.Toolstack.Updates);
        Restart(pool, "a");
        Assert.Equal(1, pool.A.Toolstack.Updates);
    }

    [Fact]
    public void Start_MemberNewerThanTheMaster_IsBlockedUntilTheMasterIsUpdated()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.Update();
        _ = pool.B.Toolstack.RestartAsync();
        Assert.True(pool.Scheduler.RunUntil(() => pool.B.Toolstack.Status is { Emergency: true, EmergencyError: ["HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", "25.34.0"] }, PoolFixture.Long));
        string session = pool.LocalSession(pool.B);
        Assert.Equal(["HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", "25.34.0"], pool.Error(pool.B, "host.local_assert_healthy", session));
        pool.RunFor(60);
        Assert.True(pool.B.Toolstack.Status.Emergency);
        Assert.False((bool)pool.Field(pool.A, "host", PoolFixture.HostRef("b"), "enabled")!);

        pool.A.Toolstack.Update();
        Restart(pool, "a");
        pool.UntilReady("b");
        Assert.False(pool.B.Toolstack.Status.Emergency);
    }

    [Fact]
    public void Start_MemberOlderThanTheMaster_Joins()
    {
        var pool = Mixed();
        Restart(pool, "b");
        Assert.False(pool.B.Toolstack.Status.Emergency);
    }

    [Fact]
    public void Mixed_OnlyTheNewerHostTakesVms()
    {
        var pool = Mixed();
        string session = pool.LocalSession(pool.A);
        Assert.Equal(Refused, pool.Error(pool.A, "VM.start_on", session, PoolFixture.VmRef("vm3"), PoolFixture.HostRef("b"), false, false));
        Assert.Equal(Refused, pool.Error(pool.A, "VM.pool_migrate", session, PoolFixture.VmRef("vm1"), PoolFixture.HostRef("b"), Live()));
        pool.Value(pool.A, "VM.pool_migrate", session, PoolFixture.VmRef("vm2"), PoolFixture.HostRef("a"), Live());
        pool.Value(pool.A, "VM.start", session, PoolFixture.VmRef("vm3"), false, false);
        Assert.Equal(PoolFixture.HostRef("a"), pool.Vm(pool.A, "vm3", "resident_on"));
        Assert.Equal(Refused, pool.Error(pool.A, "VM.checkpoint", session, PoolFixture.VmRef("vm1"), "snapshot"));
    }

    [Fact]
    public void Mixed_MembersKeepTheDatabaseOfBefore()
    {
        var pool = Mixed();
        string session = pool.LocalSession(pool.A);
        pool.Value(pool.A, "VM.start", session, PoolFixture.VmRef("vm3"), false, false);
        pool.Value(pool.A, "pool.sync_database", session);
        pool.LoseAAndPromoteB();
        Assert.Equal("Halted", pool.Vm(pool.B, "vm3", "power_state"));
    }

    [Fact]
    public void Mixed_EndsWhenBothAreUpdated()
    {
        var pool = Mixed();
        pool.B.Toolstack.Update();
        Restart(pool, "b");
        pool.RunFor(3);
        pool.Value(pool.A, "VM.pool_migrate", pool.LocalSession(pool.A), PoolFixture.VmRef("vm1"), PoolFixture.HostRef("b"), Live());
    }

    private static System.Text.Json.Nodes.JsonObject Live() => new() { ["live"] = "true" };

    /// <summary>The master is updated, the member is not, and the master knows it.</summary>
    private static PoolFixture Mixed()
    {
        var pool = new PoolFixture();
        pool.A.Toolstack.Update();
        Restart(pool, "a");
        pool.RunFor(5);
        return pool;
    }

    private static void Restart(PoolFixture pool, string host)
    {
        Task done = pool.Pool.Host(host).Toolstack.RestartAsync();
        Assert.True(pool.Scheduler.RunUntil(() => done.IsCompleted, PoolFixture.Long));
        pool.UntilReady(host);
    }
}
