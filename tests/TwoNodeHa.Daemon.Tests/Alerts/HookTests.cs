using System.Diagnostics;
using System.Text.Json;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Alerts;

public sealed class HookTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Counters _counters = new();
    private readonly ListLogger _log = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task It_gets_the_event_as_variables_and_as_json_and_nothing_below_its_severity()
    {
        using var hook = Hook("cat > $OUT.json\nprintf '%s %s %s %s' \"$TWONODEHA_ID\" \"$TWONODEHA_NAME\" \"$TWONODEHA_SEVERITY\" \"$TWONODEHA_HOST\" > $OUT.new && cat /proc/self/oom_score_adj > $OUT.oom && mv $OUT.new $OUT");
        hook.Offer(new HaEvent(HaEventId.VmStarted, Severity.Notice, "too small"));
        hook.Offer(new HaEvent(HaEventId.Conflict, Severity.Critical, "two $(touch /tmp/never) \"masters\"\n"));
        await Eventually.Holds(() => File.Exists(_scratch["out"]), "the hook ran");

        Assert.Equal("63 Conflict critical alpha", await File.ReadAllTextAsync(_scratch["out"], TestContext.Current.CancellationToken));
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(_scratch["out.json"], TestContext.Current.CancellationToken));
        Assert.Equal("two $(touch /tmp/never) \"masters\"\n", json.RootElement.GetProperty("sentence").GetString());
        Assert.Equal("500", (await File.ReadAllTextAsync(_scratch["out.oom"], TestContext.Current.CancellationToken)).Trim());
        Assert.False(File.Exists("/tmp/never"));
    }

    [Fact]
    public async Task One_that_hangs_is_killed_holds_nothing_up_and_rests()
    {
        using var hook = Hook("sleep 600", seconds: 0.3);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < EventHook.QueueMax + 50; number++)
        {
            hook.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, $"flood {number}"));
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1), "offering waited");
        await Eventually.Holds(() => Counted("rests") > 0, "it rests");
        Assert.Equal(EventHook.KilledMax, Counted("killed"));
        Assert.InRange(Counted("queue_full"), 49, 50);
        Assert.Contains(_log.Lines, line => line.Contains("it rests for 10 min", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("exit 3", "ended with 3")]
    [InlineData(null, "ended with 127")]
    public async Task One_that_fails_is_said_once(string? script, string words)
    {
        using var hook = Hook(script);
        for (var number = 0; number < 5; number++)
        {
            hook.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, $"event {number}"));
        }

        await Eventually.Holds(() => Counted("failed") == 5, "all five were tried");
        Assert.Contains(words, Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private long Counted(string why) => _counters.Snapshot().GetValueOrDefault("alerts.hook." + why);

    private EventHook Hook(string? script, double seconds = 10)
    {
        var file = _scratch["hook"];
        if (script is not null)
        {
            File.WriteAllText(file, $"#!/bin/sh\nOUT={_scratch["out"]}\n{script}\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var config = Samples.Config() with { Alerts = new AlertsConfig { Hook = file, HookTimeout = TimeSpan.FromSeconds(seconds) } };
        return new EventHook(new LocalConfig(config, 0), new ToolRunner(), TimeProvider.System, _counters, _log);
    }
}
