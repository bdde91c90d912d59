using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Watchdog;

public sealed class WatchdogSysfsTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Attributes_are_read_from_the_first_device_for_dev_watchdog()
    {
        Attribute("identity", "xen_wdt");
        Attribute("options", "0x8180");
        Attribute("nowayout", "1");
        Attribute("state", "active");
        Attribute("timeout", "60");
        Assert.Equal(
            new WatchdogSysfs { Identity = "xen_wdt", Options = 0x8180, NoWayOut = true, Active = true, TimeoutSeconds = 60, IsXen = true },
            WatchdogSysfs.Read("/dev/watchdog", _scratch.Directory));
    }

    [Fact]
    public void What_is_not_there_or_not_understood_is_not_known()
    {
        Assert.Equal(new WatchdogSysfs(), WatchdogSysfs.Read("/dev/watchdog7", _scratch.Directory));
        Attribute("options", "many");
        Attribute("nowayout", "perhaps");
        Assert.Equal(new WatchdogSysfs(), WatchdogSysfs.Read("/dev/watchdog", _scratch.Directory));
    }

    [Fact]
    public void The_old_driver_of_xen_is_known_by_its_module()
    {
        Directory.CreateDirectory(_scratch["module/xen_wdt"]);
        Assert.True(WatchdogSysfs.Read("/dev/watchdog", _scratch.Directory).IsXen);
    }

    [Theory]
    [InlineData("watchdog", "watchdog", true)]
    [InlineData("watchdog0", "watchdog", true)]
    [InlineData("watchdog", "watchdog0", true)]
    [InlineData("watchdog1", "watchdog", false)]
    public void The_holder_is_found_under_either_name(string open, string asked, bool found)
    {
        Directory.CreateDirectory(_scratch["proc/4711/fd"]);
        Directory.CreateDirectory(_scratch["proc/self"]);
        File.WriteAllText(_scratch["proc/4711/comm"], "systemd\n");
        File.CreateSymbolicLink(_scratch["proc/4711/fd/5"], $"/dev/{open}");
        Assert.Equal(found ? "systemd (pid 4711)" : "", WatchdogSysfs.Holder($"/dev/{asked}", _scratch["proc"]));
    }

    [Fact]
    public void The_processes_of_this_machine_are_looked_at_without_an_error() =>
        Assert.Equal("", WatchdogSysfs.Holder(_scratch["no-such-device"]));

    private void Attribute(string name, string value)
    {
        Directory.CreateDirectory(_scratch["class/watchdog/watchdog0"]);
        File.WriteAllText(_scratch[$"class/watchdog/watchdog0/{name}"], value + "\n");
    }
}
