using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Alerts;

public sealed class FieldTests : IDisposable
{
    private static readonly Guid s_web = new("33333333-3333-4333-8333-333333333331");
    private static readonly Guid s_db = new("33333333-3333-4333-8333-333333333332");
    private static readonly StatusReport s_good = AlertSamples.Status with
    {
        PeerHost = "beta",
        Links = [new LinkStatus("mgmt", "a - b", 0.4)],
        Vms = [new VmStatus(s_web, "web", true, true, "alpha"), new VmStatus(s_db, "db", true, true, "beta"), new VmStatus(Guid.NewGuid(), "scratch", false, true, "beta")],
        Outlooks = [new FailureOutlook("alpha", "beta") { Covered = true, Starts = ["web"] }, new FailureOutlook("beta", "alpha") { Covered = true, Starts = ["db"] }],
    };

    private readonly ManualTime _time = new();
    private readonly Counters _counters = new();
    private readonly ListLogger _log = new();
    private readonly Station _station = new();
    private readonly XapiFields _fields;
    private StatusReport _status = s_good;

    public FieldTests() => _fields = new XapiFields(() => _status, _station, _time, _counters, _log);

    public void Dispose() => _fields.Dispose();

    [Fact]
    public void Words_say_whether_it_would_come_back()
    {
        Assert.Equal("covered: either host may fail", FieldText.OfPool(s_good));
        Assert.Equal([(s_web, "protected"), (s_db, "protected")], FieldText.OfVms(s_good).Select(one => (one.Key, one.Value)));

        var gap = s_good with { Protected = false, Findings = ["if beta fails, db does not come back"], Outlooks = [s_good.Outlooks[0], Gap("needs 16.0 GiB, 7.0 GiB free")] };
        Assert.Equal("NOT COVERED: if beta fails, db does not come back", FieldText.OfPool(gap));
        Assert.Equal("NOT COVERED: if beta fails: needs 16.0 GiB, 7.0 GiB free", FieldText.OfVms(gap)[s_db]);
        Assert.Equal("DOWN: its start was given up", FieldText.OfVms(s_good with { Vms = [new VmStatus(s_db, "db", true, true, "") { Why = "its start was given up" }] })[s_db]);
        Assert.Equal("HA is disabled", FieldText.OfPool(s_good with { Enabled = false }));
        Assert.Equal("protected; it was stopped on purpose", FieldText.OfVms(s_good with { Vms = [new VmStatus(s_db, "db", true, false, "")] })[s_db]);
    }

    [Fact]
    public async Task What_lasts_is_written_once_and_a_quiet_pool_costs_no_call()
    {
        await PassAsync(20);
        Assert.Empty(_station.Fields);
        await PassAsync(30);
        Assert.Equal(3, _station.Fields.Count);
        Assert.StartsWith("covered: either host may fail (since ", _station.Fields[Guid.Empty], StringComparison.Ordinal);
        Assert.StartsWith("protected (since ", _station.Fields[s_web], StringComparison.Ordinal);

        var calls = _station.Calls;
        await PassAsync(3600);
        Assert.Equal(calls, _station.Calls);
    }

    [Fact]
    public async Task A_state_that_flaps_is_not_written_in_its_rhythm()
    {
        await PassAsync(60);
        var calls = _station.Calls;
        for (var round = 0; round < 60; round++)
        {
            _status = round % 2 == 0 ? s_good with { Protected = false, Findings = ["the storage is doubtful"] } : s_good;
            await PassAsync(20);
        }

        Assert.Equal(calls, _station.Calls);
        for (var round = 0; round < 20; round++)
        {
            _status = round % 2 == 0 ? s_good with { Protected = false, Findings = ["the storage is doubtful"] } : s_good;
            await PassAsync(60);
        }

        Assert.InRange(_station.Calls - calls, 1, 4);
    }

    [Fact]
    public async Task Numbers_alone_are_news_once_an_hour()
    {
        _status = s_good with { Outlooks = [s_good.Outlooks[0], Gap("needs 16.0 GiB, 7.0 GiB free")] };
        await PassAsync(60);
        var calls = _station.Calls;
        for (var round = 0; round < 55; round++)
        {
            _status = s_good with { Outlooks = [s_good.Outlooks[0], Gap($"needs 16.0 GiB, 6.{round} GiB free")] };
            await PassAsync(60);
        }

        Assert.Equal(calls, _station.Calls);
        await PassAsync(600);
        Assert.Equal(calls + 1, _station.Calls);
        Assert.Contains("6.54 GiB", _station.Fields[s_db], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slave", "ready", "")]
    [InlineData("master", "starting", "")]
    [InlineData("master", "ready", "StartVms")]
    public async Task Only_a_master_with_a_toolstack_and_nothing_else_to_do_writes(string role, string toolstack, string step)
    {
        _status = s_good with { Role = role, Toolstack = toolstack, TakeoverStep = step };
        await PassAsync(600);
        Assert.Equal(0, _station.Calls);
    }

    /// <summary>What the former master wrote is read first: what is true of it stays, with its time.</summary>
    [Fact]
    public async Task Fields_of_a_former_master_are_read_and_only_what_is_wrong_is_written()
    {
        _station.Fields[s_web] = "protected (since 2026-01-01 00:00Z)";
        _station.Fields[s_db] = "DOWN (since 2026-01-01 00:00Z)";
        var gone = Guid.NewGuid();
        _station.Fields[gone] = "protected (since 2026-01-01 00:00Z)";
        await PassAsync(60);
        Assert.Equal("protected (since 2026-01-01 00:00Z)", _station.Fields[s_web]);
        Assert.StartsWith("protected (since ", _station.Fields[s_db], StringComparison.Ordinal);
        Assert.DoesNotContain(gone, _station.Fields.Keys);
    }

    [Fact]
    public async Task Many_vms_are_written_a_few_at_a_time()
    {
        _status = s_good with { Vms = [.. Enumerable.Range(1, 200).Select(number => new VmStatus(new Guid(number, 0, 0, new byte[8]), $"vm-{number}", true, true, "alpha"))] };
        await PassAsync(30);
        var before = _station.Calls;
        await PassAsync(60);
        Assert.InRange(_station.Calls - before, 1, 6 * XapiFields.InARound);
        await PassAsync(600);
        Assert.Equal(201, _station.Fields.Count);
    }

    [Fact]
    public async Task A_toolstack_that_hangs_or_refuses_is_tried_again_and_nothing_is_thrown()
    {
        _station.Answer = Delivery.Later;
        await PassAsync(120);
        Assert.Empty(_station.Fields);
        _station.Answer = null;
        _station.Throws = true;
        await PassAsync(60);
        Assert.Single(_log.Lines, line => line.Contains("custom fields were not written", StringComparison.Ordinal));
        _station.Throws = false;
        await PassAsync(120);
        Assert.Equal(3, _station.Fields.Count);
    }

    private static FailureOutlook Gap(string why) => new("beta", "alpha") { Covered = false, Starts = [], Missing = [new OutlookMiss("db", why, false)] };

    private async Task PassAsync(int seconds)
    {
        for (var passed = 0; passed < seconds; passed += 10)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await _fields.RoundAsync();
        }
    }

    private sealed class Station : IFieldStation
    {
        public Dictionary<Guid, string> Fields { get; } = [];

        public int Calls { get; private set; }

        public Delivery? Answer { get; set; }

        public bool Throws { get; set; }

        public Task<Dictionary<Guid, string>?> ReadAsync(CancellationToken cancel)
        {
            Calls++;
            return Throws ? throw new InvalidOperationException("unforeseen") : Task.FromResult<Dictionary<Guid, string>?>(new(Fields));
        }

        public Task<Delivery> WriteAsync(Guid on, string? text, CancellationToken cancel)
        {
            Calls++;
            if (Answer is { } given)
            {
                return Task.FromResult(given);
            }

            if (text is null)
            {
                Fields.Remove(on);
            }
            else
            {
                Fields[on] = text;
            }

            return Task.FromResult(Delivery.Done);
        }
    }
}
