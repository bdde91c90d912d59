using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Watchdog;

public sealed class WatchdogTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ListLogger _logger = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_socket_is_told_to_arm_and_to_disarm()
    {
        using var multiplexer = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
        multiplexer.Bind(new UnixDomainSocketEndPoint(_scratch["wd"]));
        using var watchdog = WatchdogFactory.Create(new WatchdogConfig(WatchdogKind.Socket, _scratch["wd"]), _logger);
        var facts = watchdog.Open();
        Assert.True(facts.Present && facts.TimeoutPerFeeding);
        watchdog.Feed(TimeSpan.FromSeconds(4.5));
        watchdog.Feed(TimeSpan.FromMilliseconds(1234.9));
        watchdog.Disarm();
        Assert.Equal(["arm 4500", "arm 1234", "disarm"], Enumerable.Range(0, 3).Select(_ => Receive(multiplexer)));
        Assert.Empty(_logger.Lines);
    }

    [Fact]
    public void A_missing_socket_is_not_present_and_feeding_it_is_said_not_thrown()
    {
        using var watchdog = new SocketWatchdog(_scratch["wd"], _logger);
        Assert.False(watchdog.Open().Present);
        watchdog.Feed(TimeSpan.FromSeconds(1));
        watchdog.Disarm();
        Assert.Equal(2, _logger.Lines.Length);
    }

    [Fact]
    public void A_missing_device_is_not_present_and_feeding_it_is_said_not_thrown()
    {
        using var watchdog = WatchdogFactory.Create(new WatchdogConfig(WatchdogKind.Device, _scratch["watchdog"]), _logger);
        var facts = watchdog.Open();
        Assert.False(facts.Present);
        Assert.Contains(_scratch["watchdog"], facts.Description, StringComparison.Ordinal);
        watchdog.Feed(TimeSpan.FromSeconds(5));
        Assert.Contains("errno 2", Assert.Single(_logger.Lines), StringComparison.Ordinal);
        watchdog.Disarm();
        Assert.Single(_logger.Lines);
    }

    [Fact]
    public void A_file_that_is_no_watchdog_refuses_loudly_and_is_closed_with_the_magic_character()
    {
        File.WriteAllText(_scratch["watchdog"], "");
        using var watchdog = new LinuxWatchdog(_scratch["watchdog"], _logger);
        watchdog.Feed(TimeSpan.FromSeconds(5));
        Assert.Contains(_logger.Lines, line => line.Contains("feeding failed", StringComparison.Ordinal));
        Assert.Equal("", File.ReadAllText(_scratch["watchdog"]));
        watchdog.Disarm();
        Assert.Equal("V", File.ReadAllText(_scratch["watchdog"]));
    }

    [Fact]
    public void Ending_the_daemon_does_not_disarm()
    {
        File.WriteAllText(_scratch["watchdog"], "");
        var watchdog = new LinuxWatchdog(_scratch["watchdog"], _logger);
        watchdog.Feed(TimeSpan.FromSeconds(5));
        watchdog.Dispose();
        Assert.Equal("", File.ReadAllText(_scratch["watchdog"]));
    }

    [Fact]
    public void None_is_said_to_be_none()
    {
        using var watchdog = WatchdogFactory.Create(new WatchdogConfig(WatchdogKind.None, ""), _logger);
        watchdog.Feed(TimeSpan.FromSeconds(1));
        watchdog.Disarm();
        Assert.False(watchdog.Open().Present);
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
    }
}
