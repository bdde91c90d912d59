using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Who is master, and what each host says meanwhile (xapi.md 2, 3, 4, 8).</summary>
public sealed class RoleTests
{
    [Fact]
    public void Boot_BothHosts_MasterAndMemberEnabled()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.B);
        Assert.True((bool)pool.Value(pool.B, "host.get_enabled", session, PoolFixture.HostRef("a"))!);
        Assert.True((bool)pool.Value(pool.B, "host.get_enabled", session, PoolFixture.HostRef("b"))!);
        Assert.True((bool)pool.Value(pool.B, "pool.is_slave", session, "")!);
        Assert.Equal(PoolFixture.HostRef("b"), (string?)pool.Value(pool.B, "session.get_this_host", session, session));
        Assert.False((bool)pool.Value(pool.A, "pool.is_slave", session, "")!);
    }

    [Theory]
    [InlineData(false, 0.9, 2.5)]
    [InlineData(true, 20, 110)]
    public void Promotion_MasterLost_UsableWithinDocumentedTime(bool realistic, double min, double max)
    {
        var pool = new PoolFixture(timings: realistic ? ToolstackTimings.Realistic : ToolstackTimings.Fast);
        Instant begin = pool.Now;
        pool.LoseAAndPromoteB();
        Assert.InRange((pool.Now - begin).TotalSeconds, min, realistic ? max : max + ToolstackTimings.Fast.ConnectLimit.TotalSeconds);
        string session = pool.LocalSession(pool.B);
        Assert.True((bool)pool.Value(pool.B, "host.get_enabled", session, PoolFixture.HostRef("b"))!);
        Assert.False((bool)pool.Value(pool.B, "host.get_enabled", session, PoolFixture.HostRef("a"))!);
    }

    [Fact]
    public void Promotion_PeerDead_PeerReadsLiveUntilAssumedDead()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        string metrics = (string)pool.Field(pool.B, "host", PoolFixture.HostRef("a"), "metrics")!;
        Assert.True((bool)pool.Field(pool.B, "host_metrics", metrics, "live")!);
        pool.Scheduler.RunFor(ToolstackTimings.Fast.AssumedDead + (2 * ToolstackTimings.Fast.Collector));
        Assert.False((bool)pool.Field(pool.B, "host_metrics", metrics, "live")!);
    }

    [Fact]
    public void Promotion_OldSessions_AreInvalid()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.B);
        pool.LoseAAndPromoteB();
        Assert.Equal(["SESSION_INVALID", session], pool.Error(pool.B, "VM.get_all", session));
    }

    [Fact]
    public void Promotion_CalledTwice_FuseBurnsOnce()
    {
        var pool = new PoolFixture();
        pool.A.PowerOff();
        string session = pool.LocalSession(pool.B);
        pool.Value(pool.B, "pool.emergency_transition_to_master", session);
        pool.Value(pool.B, "pool.emergency_transition_to_master", session);
        pool.RunFor(10);
        Assert.Single(pool.Pool.Events, line => line.Contains("b toolstack_exit", StringComparison.Ordinal));
    }

    [Fact]
    public void Promotion_NativeHaOn_IsRefused()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.SetNativeHa(true);
        Assert.Equal(["HA_IS_ENABLED"], pool.Error(pool.B, "pool.emergency_transition_to_master", pool.LocalSession(pool.B)));
    }

    [Fact]
    public void MemberCall_MasterToolstackDown_HangsThenExecutesLate()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.B);
        pool.A.PowerOff();
        Task<CallReply> call = pool.B.CallAsync(
            "VM.add_to_other_config", session, PoolFixture.VmRef("vm3"), "late", "yes");
        Task<CallReply> login = pool.B.CallAsync("session.login_with_password", "root", "");
        pool.RunFor(120);
        Assert.False(call.IsCompleted);
        Assert.False(login.IsCompleted);

        // Local facts still answer at once.
        string local = pool.LocalSession(pool.B);
        Assert.False((bool)pool.Value(pool.B, "host.is_in_emergency_mode", local)!);
        pool.A.PowerOn();
        pool.RunFor(30);

        // The session died with the old master process: executed late, refused for that alone.
        Assert.Equal(FailureOrigin.Forwarded, Assert.IsType<CallReply.Failure>(PoolFixture.Finished(call)).Origin);
        Assert.IsType<CallReply.Success>(PoolFixture.Finished(login));
    }

    [Fact]
    public void MemberCall_NetworkCutThenHealed_WriteTakesEffectLate()
    {
        var pool = new PoolFixture();
        string session = pool.Session(pool.B);
        pool.Pool.Network.Delivers = (_, _) => false;
        Task<CallReply> call = pool.B.CallAsync(
            "VM.add_to_other_config", session, PoolFixture.VmRef("vm3"), "late", "yes");
        pool.RunFor(15);
        Assert.False(call.IsCompleted);
        pool.Pool.Network.Delivers = (_, _) => true;
        pool.RunFor(15);
        Assert.IsType<CallReply.Success>(PoolFixture.Finished(call));
        Assert.Contains("late", pool.Vm(pool.A, "vm3", "other_config"), StringComparison.Ordinal);
    }

    [Fact]
    public void Member_StartsWithoutMaster_EmergencyShapes()
    {
        var pool = new PoolFixture();
        pool.A.PowerOff();
        pool.B.Toolstack.Crash();
        pool.RunFor(20);
        string session = pool.LocalSession(pool.B);
        Assert.True((bool)pool.Value(pool.B, "host.is_in_emergency_mode", session)!);
        Assert.Equal("INTERNAL_ERROR", pool.Error(pool.B, "host.local_assert_healthy", session)[0]);
        var failure = Assert.IsType<CallReply.Failure>(pool.Call(pool.B, "VM.get_all", session));
        Assert.Equal(FailureOrigin.Emergency, failure.Origin);
        Assert.Equal("INTERNAL_ERROR", failure.Error[0]);
    }

    [Fact]
    public void Member_OfAMember_StaysInEmergency()
    {
        var pool = new PoolFixture(boot: false);
        pool.A.Disk.Write(Role.FileName, "slave:10.0.0.2");
        pool.B.Disk.Write(Role.FileName, "slave:10.0.0.1");
        pool.Pool.PowerOnAll();
        pool.RunFor(20);
        Assert.Equal("HOST_IS_SLAVE", pool.A.Toolstack.Status.EmergencyError[0]);
        Assert.True(pool.B.Toolstack.Status.Emergency);
    }

    [Fact]
    public void RoleFile_Garbage_IsBroken()
    {
        var pool = new PoolFixture(boot: false);
        pool.B.Disk.Write(Role.FileName, "mas");
        pool.Pool.PowerOnAll();
        pool.RunFor(1);
        Assert.Equal(["HOST_BROKEN"], pool.B.Toolstack.Status.EmergencyError);
    }

    [Fact]
    public void OldMaster_Returns_DemotesItself()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        pool.A.PowerOn();
        pool.UntilReady("a");
        Assert.Equal("slave:10.0.0.2", pool.A.Toolstack.Status.RoleFile);
        Assert.Equal("master", pool.B.Toolstack.Status.CachedRole);
    }

    [Fact]
    public void OldMaster_ReturnsWithLinkDown_TwoMasters()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        pool.Pool.Network.Delivers = (_, _) => false;
        pool.A.PowerOn();
        pool.UntilReady("a");
        pool.Pool.Network.Delivers = (_, _) => true;
        pool.RunFor(300);
        Assert.Equal("master", pool.A.Toolstack.Status.CachedRole);
        Assert.Equal("master", pool.B.Toolstack.Status.CachedRole);
    }

    [Fact]
    public void TwoMasters_StartTogether_BothDemote()
    {
        // Identical draws make the two asks meet; a master each.
        ToolstackTimings still = ToolstackTimings.Fast with
        {
            Call = DurationRange.Seconds(0.002, 0.002),
            ProcessStart = DurationRange.Seconds(0.1, 0.1),
            DatabaseLoad = DurationRange.Seconds(0.1, 0.1),
            NetworkStart = DurationRange.Seconds(0.1, 0.1),
        };
        var pool = new PoolFixture(timings: still);
        pool.A.PowerOff();
        pool.B.PowerOff();
        pool.B.Disk.Write(Role.FileName, "master");
        pool.Pool.PowerOnAll();
        pool.RunFor(30);
        Assert.Equal("slave:10.0.0.2", pool.A.Toolstack.Status.RoleFile);
        Assert.Equal("slave:10.0.0.1", pool.B.Toolstack.Status.RoleFile);
        Assert.True(pool.A.Toolstack.Status.Emergency && pool.B.Toolstack.Status.Emergency);
    }

    [Fact]
    public void RecoverSlaves_OldMasterUp_IsDemoted()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        pool.Pool.Network.Delivers = (_, _) => false;
        pool.A.PowerOn();
        pool.UntilReady("a");
        pool.Pool.Network.Delivers = (_, _) => true;
        var accepted = pool.Value(pool.B, "pool.recover_slaves", pool.LocalSession(pool.B))!.AsArray();
        Assert.Equal(PoolFixture.HostRef("a"), (string?)Assert.Single(accepted));
        pool.RunFor(10);
        Assert.Equal("slave:10.0.0.2", pool.A.Toolstack.Status.CachedRole);
    }

    [Fact]
    public void RecoverSlaves_PeerDead_ReturnsEmptySet()
    {
        var pool = new PoolFixture();
        pool.LoseAAndPromoteB();
        Assert.Empty(pool.Value(pool.B, "pool.recover_slaves", pool.LocalSession(pool.B))!.AsArray());
    }

    [Fact]
    public void DesignateNewMaster_Healthy_SwapsRoles()
    {
        var pool = new PoolFixture();
        pool.Value(pool.A, "pool.designate_new_master", pool.LocalSession(pool.A), PoolFixture.HostRef("b"));
        pool.RunFor(20);
        Assert.Equal("master", pool.B.Toolstack.Status.CachedRole);
        Assert.Equal("slave:10.0.0.2", pool.A.Toolstack.Status.CachedRole);
        Assert.True(pool.A.Toolstack.Status.InitComplete && pool.B.Toolstack.Status.InitComplete);
        Assert.Equal("Running", pool.Vm(pool.B, "vm1", "power_state"));
    }

    [Fact]
    public void DesignateNewMaster_CommitFails_TargetBroken()
    {
        var pool = new PoolFixture();
        pool.B.Toolstack.Faults.DesignateFails = true;
        pool.Error(pool.A, "pool.designate_new_master", pool.LocalSession(pool.A), PoolFixture.HostRef("b"));
        pool.RunFor(2);
        Assert.Equal("broken", pool.B.Toolstack.Status.RoleFile);
    }

    [Fact]
    public void Run_SameSeedTwice_SameLog()
    {
        Assert.Equal(Story(7), Story(7));
        Assert.NotEqual(Story(7), Story(8));
    }

    private static string Story(int seed)
    {
        var pool = new PoolFixture(seed, ToolstackTimings.Realistic);
        pool.LoseAAndPromoteB();
        string session = pool.LocalSession(pool.B);
        pool.Value(pool.B, "host.declare_dead", session, PoolFixture.HostRef("a"));
        pool.Value(pool.B, "VM.start_on", session, PoolFixture.VmRef("vm1"), PoolFixture.HostRef("b"), false, false);
        pool.A.PowerOn();
        pool.UntilReady("a");
        pool.RunFor(1000);
        return string.Join('\n', pool.Pool.Events);
    }
}
