using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class WatchdogTests
{
    private static readonly WatchdogFacts Fixed = new(true, false, "/dev/watchdog (iTCO, fixed at 60 s)") { FixedTimeout = TimeSpan.FromSeconds(60) };

    [Fact]
    public void A_watchdog_that_turns_out_to_be_fixed_takes_the_bond_away_and_is_fed_all_the_same()
    {
        var bench = Bench.Paired();
        Assert.True(bench.LastBeat.Has(HeartbeatFlags.Armed | HeartbeatFlags.Fit));
        bench.Post(new Observation.WatchdogChanged(Fixed));
        var alert = Assert.Single(bench.Events);
        Assert.Equal((HaEventId.Alert, Severity.Critical), (alert.Id, alert.Severity));
        Assert.Contains("write fixed_watchdog_seconds = 60", alert.Sentence, StringComparison.Ordinal);
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.Armed));
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.Fit));
        bench.Orders.Clear();
        bench.Post(new Observation.WatchdogChanged(Fixed));
        Assert.Empty(bench.Events);
        bench.Pass(2, gateway: true, peer: true);
        Assert.NotEmpty(bench.Orders.OfType<Command.FeedWatchdog>());
        var status = HaMachine.Status(bench.Config, bench.State, bench.Now);
        Assert.False(status.Protected);
        Assert.Contains(status.Findings, finding => finding.Contains("counted on", StringComparison.Ordinal));
        Assert.Contains("without a watchdog", status.SafetySentence, StringComparison.Ordinal);

        bench.Post(new Observation.WatchdogChanged(new WatchdogFacts(true, true, "good")));
        Assert.True(bench.LastBeat.Has(HeartbeatFlags.Armed));
        Assert.Contains(bench.Events, entry => entry.Sentence.Contains("again: good", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unsound_watchdog_is_named_when_HA_is_to_be_enabled()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Enabled = false, PeerEnabled = false });
        bench.Lists();
        bench.Post(new Observation.WatchdogChanged(Fixed));
        bench.Toolstack();
        bench.Gateway();
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Enabled, Status = HaStatus.Disabled });
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Enabled, Status = HaStatus.Disabled });
        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.Enable()));
        var reply = Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer;
        Assert.False(reply.Accepted);
        Assert.Contains("counted on", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void None_by_configuration_is_warned_about_in_the_status()
    {
        var bench = new Bench(watchdog: WatchdogKind.None).Start();
        var status = HaMachine.Status(bench.Config, bench.State, bench.Now);
        Assert.Contains(status.Warnings, warning => warning.Contains("no watchdog", StringComparison.Ordinal));
        Assert.Contains("one fault can be enough", status.SafetySentence, StringComparison.Ordinal);
    }
}
