using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Watchdog;

public sealed class LinuxWatchdogTests : IDisposable
{
    private readonly ScriptedDevice _device = new();
    private readonly ListLogger _logger = new();
    private readonly List<WatchdogFacts> _changes = [];
    private readonly LinuxWatchdog _watchdog;

    public LinuxWatchdogTests() =>
        _watchdog = new LinuxWatchdog("/dev/watchdog", TimeSpan.FromSeconds(4), _device, _logger, facts =>
        {
            lock (_changes)
            {
                _changes.Add(facts);
            }
        });

    public void Dispose() => _watchdog.Dispose();

    [Fact]
    public void A_good_device_is_probed_and_left_at_rest_then_fed_with_the_rest_of_the_lease()
    {
        var facts = _watchdog.Open();
        Assert.True(facts is { Present: true, TimeoutPerFeeding: true, FixedTimeout: null, Weakness: "" });
        Assert.Equal("/dev/watchdog (fake)", facts.Description);
        Assert.Equal(["open", "set 4", "magic", "close"], _device.Asked);
        Assert.False(_device.Runs);
        _device.Asked.Clear();
        _watchdog.Feed(TimeSpan.FromSeconds(9.9));
        _watchdog.Feed(TimeSpan.FromSeconds(9.1));
        _watchdog.Feed(TimeSpan.FromSeconds(4.5));
        Assert.Equal(["open", "set 4", "set 9", "feed", "feed", "set 4", "feed"], _device.Asked);
        Assert.Empty(_changes);
        _watchdog.Disarm();
        Assert.False(_device.Runs);
        Assert.Empty(_logger.Lines);
    }

    [Fact]
    public void Ending_the_daemon_does_not_disarm()
    {
        _watchdog.Feed(TimeSpan.FromSeconds(5));
        _watchdog.Dispose();
        Assert.True(_device.Runs);
        Assert.DoesNotContain("magic", _device.Asked);
    }

    [Fact]
    public void One_that_runs_already_is_not_opened_before_it_is_fed()
    {
        _device.Sysfs = _device.Sysfs with { Active = true };
        Assert.True(_watchdog.Open().Present);
        Assert.Empty(_device.Asked);
    }

    [Fact]
    public void One_that_cannot_be_opened_is_not_present()
    {
        _device.OpenError = 13;
        var facts = _watchdog.Open();
        Assert.False(facts.Present);
        Assert.Contains("/dev/watchdog cannot be opened, errno 13", facts.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_without_settable_timeout_is_a_fixed_one()
    {
        _device.Options = 0x8100;
        var facts = _watchdog.Open();
        Assert.True(facts is { Present: true, TimeoutPerFeeding: false });
        Assert.Equal(TimeSpan.FromSeconds(30), facts.FixedTimeout);
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.DoesNotContain(_device.Asked, call => call.StartsWith("set", StringComparison.Ordinal));
        Assert.Empty(_changes);
    }

    [Fact]
    public void A_device_that_ignores_the_timeout_is_a_fixed_one()
    {
        _device.Take = _ => 60;
        var facts = _watchdog.Open();
        Assert.False(facts.TimeoutPerFeeding);
        Assert.Equal(TimeSpan.FromSeconds(60), facts.FixedTimeout);
        Assert.Contains("fixed at 60 s", facts.Description, StringComparison.Ordinal);
        Assert.Contains("took 60 s where 4 s were asked", Assert.Single(_logger.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_rounds_up_is_asked_for_less()
    {
        // In steps of 3 s, upwards: 9.9 s become 9, not 12.
        _device.Take = seconds => (seconds + 2) / 3 * 3;
        Assert.True(_watchdog.Open().TimeoutPerFeeding);
        Assert.Equal(3, _device.Timeout);
        _watchdog.Feed(TimeSpan.FromSeconds(10.9));
        Assert.Equal(9, _device.Timeout);
        Assert.Empty(_logger.Lines);
    }

    [Fact]
    public void A_device_with_a_shortest_timeout_above_the_kill_bound_is_fixed_at_that()
    {
        _device.Take = seconds => Math.Max(seconds, 6);
        Assert.Equal(TimeSpan.FromSeconds(6), _watchdog.Open().FixedTimeout);
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.Equal(9, _device.Timeout);
    }

    [Fact]
    public void A_device_that_refuses_long_timeouts_gets_a_shorter_one()
    {
        _device.Take = seconds => seconds > 16 ? -1 : seconds;
        _ = _watchdog.Open();
        _watchdog.Feed(TimeSpan.FromSeconds(60));
        Assert.Equal(15, _device.Timeout);
        _device.Asked.Clear();
        _watchdog.Feed(TimeSpan.FromSeconds(40));
        Assert.Equal(["set 15", "feed"], _device.Asked);
        Assert.Empty(_changes);
        Assert.Empty(_logger.Lines);
    }

    [Fact]
    public void What_comes_out_only_when_it_is_armed_is_told()
    {
        // No sysfs: nothing is known, so it is not opened to look.
        _device.Sysfs = new WatchdogSysfs();
        Assert.True(_watchdog.Open().TimeoutPerFeeding);
        Assert.Empty(_device.Asked);
        _device.Take = _ => 60;
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.Equal(TimeSpan.FromSeconds(60), Assert.Single(_changes).FixedTimeout);
        _watchdog.Feed(TimeSpan.FromSeconds(8));
        Assert.Single(_changes);
    }

    [Fact]
    public void A_refused_timeout_that_cannot_be_read_short_enough_is_told()
    {
        _device.SetError = 95;
        Assert.Equal(TimeSpan.FromSeconds(30), _watchdog.Open().FixedTimeout);
    }

    [Fact]
    public async Task A_busy_device_is_told_with_its_holder_once()
    {
        _device.Sysfs = _device.Sysfs with { Active = true };
        _ = _watchdog.Open();
        (_device.OpenError, _device.Holds) = (16, "systemd (pid 1)");
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        await Eventually.Holds(() => Changes().Length > 0, "the holder");
        Assert.Contains("held by systemd (pid 1)", Assert.Single(Changes()).Description, StringComparison.Ordinal);
        Assert.False(Changes()[0].Present);
        Assert.Single(_logger.Lines);

        // Free again: fed, and told.
        _device.OpenError = 0;
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.True(Changes()[^1].Present);
    }

    [Fact]
    public void One_that_is_held_at_the_start_is_not_present()
    {
        _device.Holds = "watchdogd (pid 77)";
        var facts = _watchdog.Open();
        Assert.False(facts.Present);
        Assert.Contains("watchdogd (pid 77)", facts.Description, StringComparison.Ordinal);
        Assert.Empty(_device.Asked);
    }

    [Fact]
    public void A_feeding_that_fails_is_told_and_so_is_one_that_works_again()
    {
        _ = _watchdog.Open();
        _device.FeedError = 5;
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.False(Assert.Single(_changes).Present);
        _device.FeedError = 0;
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        Assert.True(_changes[^1].Present);
    }

    [Fact]
    public void The_magic_character_is_written_only_where_it_means_something()
    {
        _device.Options = 0x8080;
        var facts = _watchdog.Open();
        Assert.Contains("daemon that dies", facts.Weakness, StringComparison.Ordinal);
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        _watchdog.Disarm();
        Assert.DoesNotContain("magic", _device.Asked);
        Assert.False(_device.Runs);
    }

    [Fact]
    public async Task One_that_cannot_be_stopped_is_fed_on_while_it_is_not_armed()
    {
        _device.Sysfs = _device.Sysfs with { NoWayOut = true };
        var facts = _watchdog.Open();
        Assert.Contains("nowayout", facts.Weakness, StringComparison.Ordinal);
        Assert.Empty(_device.Asked);
        _watchdog.Feed(TimeSpan.FromSeconds(9));
        _watchdog.Disarm();
        Assert.True(_device.IsOpen);
        Assert.Equal(60, _device.Timeout);
        await Eventually.Holds(() => Feedings() >= 3, "a feeding beside the loop");
    }

    [Theory]
    [InlineData("Xen Watchdog")]
    [InlineData("xen_wdt")]
    public void Xens_watchdog_is_named(string identity)
    {
        (_device.Identity, _device.Sysfs) = (identity, _device.Sysfs with { Identity = identity });
        Assert.Equal($"/dev/watchdog (Xen's watchdog, {identity})", _watchdog.Open().Description);
    }

    private WatchdogFacts[] Changes()
    {
        lock (_changes)
        {
            return [.. _changes];
        }
    }

    private int Feedings()
    {
        lock (_device.Asked)
        {
            return _device.Asked.ToArray().Count(call => call == "feed");
        }
    }
}
