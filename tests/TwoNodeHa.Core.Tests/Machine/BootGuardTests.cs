using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Who is master is settled before the toolstack of a booting host starts.</summary>
public sealed class BootGuardTests
{
    [Fact]
    public void An_old_master_that_hears_a_new_one_becomes_slave_before_its_toolstack_starts()
    {
        var bench = Booted(PoolRole.Master);
        Assert.True(Ask(bench).Pending);
        bench.Hear(beat => beat with { Epoch = 4, Master = Bench.HostB, Status = HaStatus.Sole, Flags = beat.Flags | HeartbeatFlags.IsMaster });
        var write = Assert.Single(bench.Orders.OfType<Command.Act>(), act => act.Action is HaAction.WriteRoleSlave);
        Assert.True(Ask(bench).Pending, "the toolstack must wait for the file");
        bench.Post(new Observation.ActionFinished(write.Id, ActionOutcome.Succeeded, "", ""));

        var reply = Ask(bench);
        Assert.False(reply.Pending);
        Assert.Contains("master of epoch 4", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.KillToolstack or HaAction.StartToolstack);
        Assert.Contains(bench.Events, happened => happened.Id == HaEventId.BootGuard);
    }

    [Fact]
    public void A_lone_host_is_not_held_for_ever_and_its_role_is_left()
    {
        var bench = Booted(PoolRole.Master);
        Assert.True(Ask(bench).Pending);
        bench.Pass(bench.Config.Timing.TakeoverDelay.TotalSeconds - 0.1, gateway: true);
        Read(bench);
        Assert.True(Ask(bench).Pending, "a peer that was sole may still be one");
        bench.Pass(0.2, gateway: true);
        Read(bench);
        var reply = Ask(bench);
        Assert.False(reply.Pending);
        Assert.Contains("not heard within 10 s", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleSlave or HaAction.WriteRoleMaster);
    }

    [Fact]
    public void While_nothing_at_all_is_heard_the_network_is_waited_for()
    {
        var bench = Booted(PoolRole.Master);
        bench.Pass(bench.Config.Policy.BootGuardWait.TotalSeconds - 1);
        Assert.True(Ask(bench).Pending, "a switch port that spanning tree keeps closed");
        bench.Pass(1.5);
        Read(bench);
        Assert.False(Ask(bench).Pending);
    }

    [Fact]
    public void A_record_that_names_the_peer_is_obeyed_when_nobody_answers()
    {
        var bench = Booted(PoolRole.Master, durable => durable with { Master = Bench.HostB, Epoch = 5 });
        Ask(bench);
        bench.Pass(Deadlines.BootGuard.TotalSeconds + 0.1, gateway: true);
        Read(bench);
        Ask(bench);
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_tried_again_and_then_said()
    {
        var bench = Booted(PoolRole.Master, durable => durable with { Master = Bench.HostB, Epoch = 5 });
        Ask(bench);
        bench.Pass(Deadlines.BootGuard.TotalSeconds + 0.1, gateway: true);
        Read(bench);
        Ask(bench);
        var write = bench.Orders.OfType<Command.Act>().Last(act => act.Action is HaAction.WriteRoleSlave);
        bench.Post(new Observation.ActionFinished(write.Id, ActionOutcome.Failed, "", "read-only file system"));
        var reply = Ask(bench);
        Assert.False(reply.Pending);
        Assert.Contains("read-only file system", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_old_reading_writes_no_role()
    {
        var bench = Booted(PoolRole.Master);
        bench.Pass(Deadlines.GuardReading.TotalSeconds + 0.5);
        bench.Hear(Survivor);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleSlave);
        Read(bench);
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void A_toolstack_that_runs_is_left_alone()
    {
        var bench = Booted(PoolRole.Master, running: true);
        Assert.False(Ask(bench).Pending);
    }

    [Fact]
    public void A_reading_from_before_the_question_decides_nothing()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB, Epoch = 5 });
        bench.Lists();
        bench.Post(Down(bench));
        bench.Orders.Clear();
        bench.Pass(0.1);
        Ask(bench);
        bench.Hear();
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleSlave);
        bench.Post(Down(bench));
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void A_change_of_role_under_way_is_waited_for()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB, Epoch = 5 });
        bench.Lists();
        bench.Post(Down(bench));
        bench.Hear(Survivor);
        bench.Hear(Survivor);
        Assert.Contains(bench.Actions, action => action is HaAction.KillToolstack);
        Assert.True(Ask(bench).Pending);
        Assert.Null(bench.State.Procedures.Guard);
        bench.Finish<HaAction.KillToolstack>();
        bench.Finish<HaAction.WriteRoleSlave>();
        bench.Finish<HaAction.StartToolstack>();
        bench.Orders.Clear();
        bench.Pass(0.1);
        Assert.True(Ask(bench).Pending);
        bench.Post(Down(bench) with { Facts = new ToolstackFacts { Running = false, Answers = false, ProcessAlive = true, RoleFile = PoolRole.Slave } });
        Assert.False(Ask(bench).Pending);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void Two_that_claim_to_be_master_the_lower_starts_as_a_slave()
    {
        var bench = Booted(PoolRole.Master);
        bench.Hear(beat => beat with { Epoch = 4, Master = Bench.HostB, Status = HaStatus.Joining, Attestation = 9, RunningCount = 0, Running = [] });
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void The_higher_of_two_masters_waits_for_the_other_and_then_is_a_slave_too()
    {
        var bench = Booted(PoolRole.Master);
        Heartbeat Lower(Heartbeat beat) => beat with
        {
            Epoch = 2, Master = Bench.HostB, Status = HaStatus.Joining, Attestation = 9, RunningCount = 0, Running = [], Flags = beat.Flags | HeartbeatFlags.IsMaster,
        };
        bench.Pass(Deadlines.BootGuard.TotalSeconds - 1, peer: true, peerBeat: Lower);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleSlave);
        bench.Pass(2, peer: true, peerBeat: Lower);
        Read(bench);
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleSlave);
    }

    [Fact]
    public void A_pool_of_two_slaves_is_named_and_what_an_administrator_does_about_it()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Enabled = false, PeerEnabled = false });
        bench.Lists();
        bench.Toolstack(PoolRole.Slave, ready: false);
        bench.Gateway();
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Enabled, Status = HaStatus.Disabled });
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Enabled, Status = HaStatus.Disabled });
        Assert.Contains(HaMachine.Status(bench.Config, bench.State, bench.Now).Findings, finding => finding.Contains("neither host is master", StringComparison.Ordinal));

        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.Enable()));
        var reply = Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer;
        Assert.False(reply.Accepted);
        Assert.Contains("pool-emergency-transition-to-master", reply.Text, StringComparison.Ordinal);
    }

    private static Heartbeat Survivor(Heartbeat beat) => beat with
    {
        Epoch = 5, Master = Bench.HostB, Status = HaStatus.Sole, Flags = beat.Flags | HeartbeatFlags.IsMaster, Declined = long.MaxValue,
    };

    /// <summary>The reading that was asked for long ago is answered, and the next one: the toolstack is down.</summary>
    private static void Read(Bench bench)
    {
        for (var reading = 0; reading < 2; reading++)
        {
            for (var turn = 0; turn < 50 && bench.State.Pending.IdOf(Purpose.ReadToolstack) == 0; turn++)
            {
                bench.Pass(0.05, gateway: true);
            }

            bench.Post(Down(bench));
        }
    }

    private static Observation.ToolstackObserved Down(Bench bench) =>
        new(bench.State.Pending.IdOf(Purpose.ReadToolstack), new ToolstackFacts { Running = false, Answers = false, RoleFile = PoolRole.Master });

    private static Bench Booted(PoolRole role, Func<DurableState, DurableState>? change = null, bool running = false)
    {
        var bench = new Bench().Start(change is null ? Bench.Enabled() : change(Bench.Enabled()));
        bench.Lists();
        Ask(bench);
        bench.Post(new Observation.ToolstackObserved(
            bench.State.Pending.IdOf(Purpose.ReadToolstack), new ToolstackFacts { Running = running, Answers = running, RoleFile = role }));
        bench.Orders.Clear();
        return bench;
    }

    private static OperatorReply Ask(Bench bench)
    {
        bench.Post(new Observation.OperatorAsked(7, new OperatorRequest.BootGuard()));
        return bench.Orders.OfType<Command.Reply>().Last().Answer;
    }
}
