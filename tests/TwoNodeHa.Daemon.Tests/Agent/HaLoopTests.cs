using System.Collections.Concurrent;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Agent;

public sealed class HaLoopTests
{
    private static readonly Observation.Started Started = new(
        new DurableState { Incarnation = 1, Enabled = true, SwitchGeneration = 1 },
        DurableOrigin.Intact, 42, null, new WatchdogFacts(true, true, "test"));

    [Fact]
    public async Task A_turn_that_throws_ends_the_loop_and_nothing_is_fed_any_more()
    {
        var executed = new ConcurrentQueue<Command>();
        var failures = new ConcurrentQueue<Exception>();
        var bug = new InvalidOperationException("bug");
        var broken = false;
        var executor = new Executor(command =>
        {
            if (Volatile.Read(ref broken))
            {
                throw bug;
            }

            executed.Enqueue(command);
        });
        using var loop = new HaLoop(
            new LoopCore(Config(), executor), new BootClock(), TimeProvider.System, failures.Enqueue, () => { });
        executor.Loop = loop;
        loop.Start(Started);
        await Eventually.Holds(() => !executed.IsEmpty, "a command");
        Volatile.Write(ref broken, true);
        loop.Post(new Observation.OperatorAsked(1, new TwoNodeHa.Core.Control.OperatorRequest.Enable()));
        await Eventually.Holds(() => !failures.IsEmpty, "the failure");
        Volatile.Write(ref broken, false);
        var before = executed.Count;

        // Well over the heartbeat interval; a loop that went on would have executed something, and turned on this.
        loop.Post(new Observation.StopRequested());
        await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken);
        Assert.Equal(before, executed.Count);
        Assert.Same(bug, Assert.Single(failures));
    }

    [Fact]
    public async Task A_flood_is_dropped_and_results_of_commands_are_kept()
    {
        var executed = new ConcurrentQueue<Command>();
        using var inTurn = new ManualResetEventSlim(false);
        using var goOn = new ManualResetEventSlim(false);
        using var loop = new HaLoop(
            new LoopCore(Config(), new Executor(executed.Enqueue)), new BootClock(), TimeProvider.System, _ => { },
            () =>
            {
                inTurn.Set();
                goOn.Wait(Eventually.Ceiling);
            });
        loop.Start(Started);
        await Eventually.Holds(() => inTurn.IsSet, "the first turn");
        for (var i = 0; i < HaLoop.QueueMax + 1000; i++)
        {
            loop.Post(new Observation.PeerAnswered("icmp", Instant.Zero));
        }

        Assert.Equal(1000, loop.Dropped);
        loop.Post(new Observation.OperatorAsked(77, new TwoNodeHa.Core.Control.OperatorRequest.Enable()));
        Assert.Equal(1000, loop.Dropped);
        goOn.Set();
        await Eventually.Holds(() => executed.OfType<Command.Reply>().Any(reply => reply.RequestId == 77), "the reply behind the flood");
    }

    [Fact]
    public async Task Time_alone_turns_the_loop()
    {
        var executed = new ConcurrentQueue<Command>();
        var turns = 0;
        var executor = new Executor(executed.Enqueue);
        using (var loop = new HaLoop(
            new LoopCore(Config(), executor), new BootClock(), TimeProvider.System, _ => { },
            () => Interlocked.Increment(ref turns)))
        {
            executor.Loop = loop;
            loop.Start(Started);
            Assert.Throws<InvalidOperationException>(() => loop.Start(Started));
            await Eventually.Holds(() => Volatile.Read(ref turns) >= 5, "turns");
        }

        var after = Volatile.Read(ref turns);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(after, Volatile.Read(ref turns));
    }

    [Fact]
    public void The_core_remembers_the_worst_lateness_and_when_to_wake()
    {
        var core = new LoopCore(Config(), new Executor(_ => { }));
        core.Turn(Started, Instant.FromSeconds(100));
        Assert.True(core.NextWake > Instant.FromSeconds(100));
        Assert.Equal(TimeSpan.Zero, core.LatenessMax);
        core.Turn(new Observation.Ticked(0), core.NextWake + TimeSpan.FromMilliseconds(30));
        core.Turn(new Observation.Ticked(0), core.NextWake + TimeSpan.FromMilliseconds(10));
        Assert.Equal(TimeSpan.FromMilliseconds(30), core.LatenessMax);
        Assert.Equal(30, core.Status(Instant.Zero).LoopLatenessMaxMs);
        Assert.Equal(2, core.Status(core.NextWake).LoopLateness?.Turns);
        Assert.Equal(30, core.Status(core.NextWake).LoopLateness?.MaxMs);
        Assert.Empty(core.Status(core.NextWake).Warnings);
    }

    [Fact]
    public void A_turn_later_than_the_limit_is_told_to_the_decision_code_once()
    {
        var events = new List<HaEvent>();
        var core = new LoopCore(Config(), new Executor(command =>
        {
            if (command is Command.Report { Event.Id: HaEventId.LoopLate } report)
            {
                events.Add(report.Event);
            }
        }));
        core.Turn(Started, Instant.FromSeconds(100));
        core.Turn(new Observation.Ticked(0), core.NextWake + Config().Timing.LatenessLimit);
        Assert.Empty(events);
        core.Turn(new Observation.Ticked(0), core.NextWake + TimeSpan.FromMilliseconds(900));
        Assert.Contains("900 ms late, limit 250 ms", Assert.Single(events).Sentence, StringComparison.Ordinal);
        Assert.Contains("900 ms", Assert.Single(core.Status(core.NextWake).Warnings), StringComparison.Ordinal);
    }

    private static LocalConfig Config() => new(Samples.Config(), 0);

    /// <summary>Every write is durable at once.</summary>
    private sealed class Executor(Action<Command> execute) : ICommandExecutor
    {
        public HaLoop? Loop { get; set; }

        public void Execute(Command command)
        {
            execute(command);
            if (command is Command.Persist persist)
            {
                Loop?.Post(new Observation.Persisted(persist.State.Version, true, ""));
            }
        }
    }
}
