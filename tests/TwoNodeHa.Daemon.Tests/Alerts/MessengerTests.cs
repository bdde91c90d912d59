using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Alerts;

public sealed class MessengerTests : IDisposable
{
    private static readonly LocalConfig s_config = new(Samples.Config(), 0);
    private static readonly Guid s_vm = new("33333333-3333-4333-8333-333333333333");

    private readonly ManualTime _time = new();
    private readonly Counters _counters = new();
    private readonly Station _station = new();
    private readonly XapiMessenger _messenger;
    private StatusReport _status = AlertSamples.Status;

    public MessengerTests() => _messenger = new XapiMessenger(s_config, () => _status, _station, _time, _counters, NullLogger.Instance);

    public void Dispose() => _messenger.Dispose();

    [Fact]
    public async Task Grave_events_are_written_about_their_objects_under_the_names_that_tools_know()
    {
        Offer(HaEventId.TakeoverDecided, Severity.Critical, "taking over from beta");
        _messenger.Offer(new HaEvent(HaEventId.VmGivenUp, Severity.Critical, "not started: db") { Vm = s_vm });
        Offer(HaEventId.DurableTrouble, Severity.Critical, "the state could not be written");
        Offer(HaEventId.StateChanged, Severity.Warning, "Suspecting -> Holding: beta answers pings");
        Offer(HaEventId.StateChanged, Severity.Notice, "Paired -> Suspecting: beta is silent");
        Offer(HaEventId.VmStarted, Severity.Notice, "db was started");
        await _messenger.PumpAsync();

        Assert.Equal(
        [
            ("HA_HOST_FAILED", 3, MessageObject.Host, s_config.Peer.Uuid), ("HA_PROTECTED_VM_RESTART_FAILED", 2, MessageObject.Vm, s_vm),
            ("TWONODEHA_STATE_DISK", 2, MessageObject.Host, s_config.Self.Uuid), ("TWONODEHA_HOLDING", 2, MessageObject.Pool, Guid.Empty),
        ], _station.Written.Select(one => (one.Name, one.Priority, one.On, one.Uuid)));
    }

    [Fact]
    public async Task A_storm_is_one_message_and_an_end_is_told_where_the_beginning_was()
    {
        Offer(HaEventId.LinkChanged, Severity.Notice, "link x is heard again after 3 s");
        for (var round = 0; round < 500; round++)
        {
            Offer(HaEventId.LinkChanged, Severity.Warning, $"link x is silent for {round} s");
        }

        Offer(HaEventId.LinkChanged, Severity.Notice, "link x is heard again after 40 s");
        Offer(HaEventId.LinkChanged, Severity.Warning, "link x is silent for 7 s");
        await _messenger.PumpAsync();
        Assert.Equal(["TWONODEHA_LINK_SILENT", "TWONODEHA_LINK_HEARD_AGAIN", "TWONODEHA_LINK_SILENT"], _station.Names);
    }

    [Fact]
    public async Task Too_many_in_an_hour_are_counted_and_said_by_the_next()
    {
        for (var number = 0; number < 40; number++)
        {
            Offer(HaEventId.Alert, Severity.Critical, $"trouble of kind-{number}");
        }

        await _messenger.PumpAsync();
        Assert.Equal(MessageBook.InAnHour, _station.Written.Count);
        Assert.Equal(10, Counted("too_many"));
        _time.Advance(TimeSpan.FromHours(1));
        Offer(HaEventId.Alert, Severity.Critical, "another one");
        await _messenger.PumpAsync();
        Assert.EndsWith("(10 more messages were left out within the last hour: ha-ctl events)", _station.Written[^1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_toolstack_is_away_they_wait_in_order_bounded_in_number_and_time()
    {
        _status = AlertSamples.Status with { Toolstack = "not running" };
        Offer(HaEventId.TakeoverDecided, Severity.Critical, "taking over from beta");
        await _messenger.PumpAsync();
        Assert.Empty(_station.Written);
        _time.Advance(XapiMessenger.Patience + TimeSpan.FromSeconds(1));
        for (var hour = 0; hour < 3; hour++)
        {
            for (var number = 0; number < MessageBook.InAnHour; number++)
            {
                Offer(HaEventId.Alert, Severity.Critical, $"trouble of kind-{hour}-{number}");
            }

            _time.Advance(TimeSpan.FromMinutes(hour < 2 ? 60 : 0));
        }

        Assert.Equal((3 * MessageBook.InAnHour) - XapiMessenger.QueueMax, Counted("queue_full"));
        _status = AlertSamples.Status;
        await _messenger.PumpAsync();
        Assert.Equal((XapiMessenger.QueueMax, 1), (_station.Written.Count, Counted("too_old")));
        Assert.Equal("trouble of kind-2-29", _station.Written[^1].Body);
    }

    [Fact]
    public async Task Beside_a_master_that_is_heard_a_slave_writes_nothing()
    {
        _status = AlertSamples.Status with { Role = "slave", Peer = AlertSamples.Status.Peer! with { Role = "master" } };
        Offer(HaEventId.LinkChanged, Severity.Warning, "link x is silent");
        await _messenger.PumpAsync();
        Assert.Empty(_station.Written);
        Assert.Equal(1, Counted("left_to_the_master"));

        // A slave that is cut off keeps its word until it is master.
        _status = _status with { State = "Suspecting", Peer = _status.Peer! with { HeardAgeSeconds = 30 } };
        Offer(HaEventId.TakeoverDecided, Severity.Critical, "taking over from beta");
        await _messenger.PumpAsync();
        Assert.Empty(_station.Written);
        _status = AlertSamples.Status with { State = "Sole" };
        await _messenger.PumpAsync();
        Assert.Equal(["HA_HOST_FAILED"], _station.Names);
    }

    [Fact]
    public async Task What_may_be_written_is_not_repeated_and_an_object_that_is_gone_becomes_the_pool()
    {
        _station.Answers.Enqueue(Delivery.Later);
        _station.Answers.Enqueue(Delivery.Unknown);
        _station.Answers.Enqueue(Delivery.Refused);
        Offer(HaEventId.Conflict, Severity.Critical, "two masters");
        _messenger.Offer(new HaEvent(HaEventId.VmGivenUp, Severity.Critical, "not started: db") { Vm = s_vm });
        await _messenger.PumpAsync();
        Assert.Empty(_station.Written);
        await _messenger.PumpAsync();
        var one = Assert.Single(_station.Written);
        Assert.Equal((MessageObject.Pool, "not started: db"), (one.On, one.Body));
        Assert.Equal(1, Counted("perhaps_written"));
    }

    [Fact]
    public async Task A_station_that_hangs_holds_no_event_up()
    {
        var hang = new TaskCompletionSource<Delivery>();
        _station.Hang = hang.Task;
        Offer(HaEventId.Conflict, Severity.Critical, "two masters");
        var pump = _messenger.PumpAsync();
        Offer(HaEventId.Alert, Severity.Critical, "another thing");
        await _messenger.PumpAsync();
        Assert.False(pump.IsCompleted);
        hang.SetResult(Delivery.Done);
        await pump;
        Assert.Equal(2, Counted("written"));
    }

    private void Offer(HaEventId id, Severity severity, string sentence) => _messenger.Offer(new HaEvent(id, severity, sentence));

    private long Counted(string why) => _counters.Snapshot().GetValueOrDefault("alerts.xapi." + why);

    private sealed class Station : IMessageStation
    {
        public List<XapiMessage> Written { get; } = [];

        public IEnumerable<string> Names => Written.Select(one => one.Name);

        public Queue<Delivery> Answers { get; } = new();

        public Task<Delivery>? Hang { get; set; }

        public async Task<Delivery> WriteAsync(XapiMessage message, CancellationToken cancel)
        {
            var answer = Hang is not null ? await Hang : Answers.TryDequeue(out var said) ? said : Delivery.Done;
            if (answer == Delivery.Done)
            {
                Written.Add(message);
            }

            return answer;
        }
    }
}
