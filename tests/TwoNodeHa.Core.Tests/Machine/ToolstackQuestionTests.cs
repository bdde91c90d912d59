using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>A toolstack that answered is not asked again while it picks up and nothing is wrong; with anything wrong it is, at once.</summary>
public sealed class ToolstackQuestionTests
{
    private static readonly ToolstackListener Listener = new(4711, 1);

    [Fact]
    public void In_a_quiet_pair_the_process_that_answered_is_not_asked_again()
    {
        var bench = Quiet();
        var orders = Readings(bench, 120);
        Assert.All(orders, order => Assert.Equal(Listener, order.Known));
        Assert.InRange(orders.Count, 23, 24);
        Assert.InRange(orders.Count(order => order.WithDatabase), 3, 4);
    }

    [Fact]
    public void One_that_nobody_knows_is_asked_each_time()
    {
        var bench = Bench.Paired();
        var orders = Readings(bench, 30, Facts() with { Listener = null });
        Assert.All(orders, order => Assert.Null(order.Known));
    }

    [Theory]
    [InlineData("peer unfit")]
    [InlineData("peer without gateway")]
    [InlineData("peer departs")]
    [InlineData("gateway silent")]
    [InlineData("storage lost")]
    [InlineData("a maintenance")]
    public void With_anything_wrong_it_is_asked_at_once_and_from_then_on(string trouble)
    {
        var bench = Quiet();
        for (var reading = new List<Command.ReadToolstack>(); !reading.Any(order => !order.WithDatabase);)
        {
            reading = Readings(bench, 0.1);
        }

        // The next reading by time is 5 s away.
        Assert.False(bench.State.Host.Toolstack!.Asked);
        Func<Heartbeat, Heartbeat>? beat = null;
        switch (trouble)
        {
            case "peer unfit":
                beat = static said => said with { Flags = said.Flags & ~HeartbeatFlags.Fit };
                break;
            case "peer without gateway":
                beat = static said => said with { Flags = said.Flags & ~HeartbeatFlags.GatewayFresh };
                break;
            case "peer departs":
                beat = static said => said with { Flags = said.Flags | HeartbeatFlags.Departing };
                break;
            case "storage lost":
                bench.Post(new Observation.StorageProbed(Health.Lost, "sr"));
                break;
            case "a maintenance":
                bench.Post(new Observation.OperatorAsked(1, new Control.OperatorRequest.Maintenance(On: true)));
                break;
        }

        var orders = Readings(bench, 2, gateway: trouble != "gateway silent", beat: beat);
        Assert.Null(Assert.Single(orders).Known);
        Assert.All(Readings(bench, 11, gateway: trouble != "gateway silent", beat: beat), order => Assert.Null(order.Known));
    }

    [Fact]
    public void One_that_did_not_answer_is_asked()
    {
        var bench = Quiet();
        Assert.Equal(Listener, Readings(bench, 6, Facts() with { Answers = false })[0].Known);
        Assert.All(Readings(bench, 12, Facts() with { Answers = false }), order => Assert.Null(order.Known));
    }

    [Fact]
    public void While_it_starts_the_vms_of_a_takeover_it_is_asked_every_5_s_and_when_an_answer_did_not_come()
    {
        var bench = Bench.Paired();
        Readings(bench, 10.5, peer: false);
        bench.Post(new Observation.ActionFinished(bench.State.Pending.IdOf(Purpose.TakeoverStep), ActionOutcome.Succeeded, "", ""));
        Readings(bench, 1, peer: false);
        bench.Finish(bench.State.Pending.IdOf(Purpose.ResetVm));
        bench.Post(new Observation.ActionFinished(bench.State.Pending.IdOf(Purpose.TakeoverStep), ActionOutcome.Succeeded, "", ""));
        Assert.Equal(TakeoverStep.StartVms, bench.State.Durable.Takeover?.Step);
        Assert.NotEqual(0, bench.State.Pending.IdOf(Purpose.StartVm));

        var orders = Readings(bench, 20, peer: false);
        Assert.InRange(orders.Count, 38, 41);
        Assert.All(orders, order => Assert.Equal(Deadlines.EventSpacing, order.EventSpacing));
        Assert.InRange(orders.Count(order => order.Known is null), 3, 5);
        while (Readings(bench, 0.1, peer: false) is not [{ Known: null }])
        {
        }

        bench.Finish(bench.State.Pending.IdOf(Purpose.StartVm), ActionOutcome.Unknown, "TRANSPORT");
        var first = Assert.Single(bench.Orders.OfType<Command.ReadToolstack>());
        Assert.Null(first.Known);
    }

    private static ToolstackFacts Facts() => new()
    {
        Running = true, Answers = true, InitComplete = true, RoleFile = PoolRole.Master, Listener = Listener,
    };

    private static Bench Quiet()
    {
        var bench = Bench.Paired();
        bench.Pass(1, gateway: true, peer: true);
        Readings(bench, 12);
        return bench;
    }

    /// <summary>The readings that are ordered while time passes; each is answered at once, as the adapter does it.</summary>
    private static List<Command.ReadToolstack> Readings(
        Bench bench, double seconds, ToolstackFacts? facts = null, bool gateway = true, Func<Heartbeat, Heartbeat>? beat = null, bool peer = true)
    {
        var orders = new List<Command.ReadToolstack>();
        for (var step = 0; step < seconds * 10; step++)
        {
            bench.Pass(0.1, gateway, peer: peer && step % 5 == 0, beat);
            var ordered = bench.Orders.OfType<Command.ReadToolstack>().ToList();
            bench.Orders.Clear();
            orders.AddRange(ordered);
            foreach (var order in ordered)
            {
                var answer = facts ?? Facts();
                bench.Post(new Observation.ToolstackObserved(order.Id, answer with
                {
                    Asked = order.Known is not { } known || known != answer.Listener,
                    Database = order.WithDatabase ? Database() : null,
                }));
            }
        }

        return orders;
    }

    private static DatabaseFacts Database() => new()
    {
        NativeHaEnabled = false, Master = Bench.HostA, Hosts = [Bench.HostA, Bench.HostB], EnabledHosts = [Bench.HostA, Bench.HostB],
        FreeMemoryBytes = 1L << 34,
        Vms =
        [
            new VmFact { Uuid = Bench.Web, Name = "web", PowerState = VmPowerState.Running, ResidentOn = Bench.HostA },
            new VmFact { Uuid = Bench.Db, Name = "db", PowerState = VmPowerState.Running, ResidentOn = Bench.HostB },
        ],
    };
}
