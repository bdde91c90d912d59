using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Mirroring;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Alerts;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Mirroring;

public sealed class PoolMirrorTests : IDisposable
{
    private const string Pool = "44444444-4444-4444-8444-444444444444";
    private const string Config = "profile = fast\n";

    private readonly ManualTime _time = new();
    private readonly Station _station = new();
    private readonly List<HaEvent> _events = [];
    private PoolMirror _mirror;
    private StatusReport _status = AlertSamples.Status with { Role = "master", Toolstack = "ready", TakeoverStep = "" };
    private DurableState _durable = new() { Enabled = true, SwitchGeneration = 3 };

    public PoolMirrorTests() => _mirror = Made(Config);

    public void Dispose() => _mirror.Dispose();

    [Fact]
    public async Task Master_WritesBothOnce_AndAQuietPoolCostsNoCall()
    {
        await PassAsync(1);
        Assert.Equal((Config, "1 enabled 3"), (ConfigMirror.Decode(Pool, _station.Config!, out _), _station.State));
        var calls = _station.Calls;
        await PassAsync(60);
        Assert.Equal(calls, _station.Calls);
        Assert.Empty(_events);
    }

    [Fact]
    public async Task Slave_WritesItsOwnStateOnly_AndBecomesWhoWritesTheConfigurationToo()
    {
        _status = _status with { Role = "slave" };
        await PassAsync(1);
        Assert.Equal((null, "1 enabled 3"), (_station.Config, _station.State));
        _status = _status with { Role = "master" };
        await PassAsync(3);
        Assert.NotNull(_station.Config);
    }

    [Fact]
    public async Task AnOrderOfTheSwitch_IsWrittenAfterTheGap()
    {
        await PassAsync(1);
        _durable = _durable with { Enabled = false, SwitchGeneration = 4 };
        await PassAsync(1);
        Assert.Equal("1 enabled 3", _station.State);
        await PassAsync(3);
        Assert.Equal("1 disabled 4", _station.State);
    }

    [Fact]
    public async Task WhatIsThereAlready_IsNotWrittenAgain()
    {
        (_station.Config, _station.State) = (ConfigMirror.Encode(Pool, Config), "1 enabled 3");
        await PassAsync(10);
        Assert.Equal(1, _station.Calls);
    }

    /// <summary>A reinstalled host would write over what shows that it is no first one.</summary>
    [Theory]
    [InlineData(0, false, "ready", "")]
    [InlineData(3, true, "ready", "")]
    [InlineData(3, false, "not answering", "")]
    [InlineData(3, false, "ready", "StartVms")]
    public async Task NeverSwitched_StateLost_ToolstackAway_OrATakeover_NoCall(long generation, bool lost, string toolstack, string step)
    {
        _durable = _durable with { SwitchGeneration = generation, StateLost = lost };
        _status = _status with { Toolstack = toolstack, TakeoverStep = step };
        await PassAsync(100);
        Assert.Equal(0, _station.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CopyThatFails_CostsOneEvent_IsTriedLessAndLess_AndSaysWhenItWorks(bool throws)
    {
        (_station.Fails, _station.Throws) = (!throws, throws);
        await PassAsync(1);
        Assert.Empty(_events);
        await PassAsync(24 * 120);
        Assert.Equal(Severity.Warning, Assert.Single(_events).Severity);
        Assert.InRange(_station.Calls, 10, 2 * 60);
        (_station.Fails, _station.Throws) = (false, false);
        await PassAsync(61);
        Assert.Equal("1 enabled 3", _station.State);
        Assert.Equal([Severity.Warning, Severity.Notice], _events.Select(entry => entry.Severity));
    }

    [Fact]
    public async Task LongConfiguration_IsLeftOut_SaidOnce_AndTheStateIsKeptAllTheSame()
    {
        _mirror.Dispose();
        _mirror = Made("# " + new string('x', ConfigMirror.BytesMax));
        await PassAsync(100);
        Assert.Equal((null, "1 enabled 3"), (_station.Config, _station.State));
        Assert.Contains("32 KiB", Assert.Single(_events).Sentence, StringComparison.Ordinal);
    }

    private PoolMirror Made(string config) => new(() => _status, () => _durable, config, _station, _time, new Counters(), _events.Add);

    private async Task PassAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            _time.Advance(PoolMirror.Every);
            await _mirror.RoundAsync();
        }
    }

    private sealed class Station : IMirrorStation
    {
        public string? Config { get; set; }

        public string? State { get; set; }

        public int Calls { get; private set; }

        public bool Fails { get; set; }

        public bool Throws { get; set; }

        public Task<Entries?> ReadAsync(CancellationToken cancel)
        {
            Calls++;
            return Throws ? throw new InvalidOperationException("unforeseen") : Task.FromResult<Entries?>(Fails ? null : new Entries(Pool, Config, State));
        }

        public Task<Delivery> WriteConfigAsync(string text, CancellationToken cancel)
        {
            (Calls, Config) = (Calls + 1, text);
            return Task.FromResult(Delivery.Done);
        }

        public Task<Delivery> WriteStateAsync(string text, CancellationToken cancel)
        {
            (Calls, State) = (Calls + 1, text);
            return Task.FromResult(Delivery.Done);
        }
    }
}
