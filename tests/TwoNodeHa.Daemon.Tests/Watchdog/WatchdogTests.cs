using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Watchdog;

public sealed class WatchdogTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ListLogger _logger = new();
    private readonly List<WatchdogFacts> _changes = [];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_socket_is_told_to_arm_and_to_disarm()
    {
        using var multiplexer = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
        multiplexer.Bind(new UnixDomainSocketEndPoint(_scratch["wd"]));
        using var watchdog = Create(WatchdogKind.Socket, _scratch["wd"]);
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
        using var watchdog = Create(WatchdogKind.Device, _scratch["watchdog"]);
        var facts = watchdog.Open();
        Assert.False(facts.Present);
        Assert.Contains(_scratch["watchdog"], facts.Description, StringComparison.Ordinal);
        watchdog.Feed(TimeSpan.FromSeconds(5));
        Assert.Contains("errno 2", Assert.Single(_logger.Lines), StringComparison.Ordinal);
        watchdog.Disarm();
        Assert.Single(_logger.Lines);
    }

    [Fact]
    public void A_file_that_is_no_watchdog_refuses_loudly_and_is_never_written_to()
    {
        File.WriteAllText(_scratch["watchdog"], "");
        using var watchdog = Create(WatchdogKind.Device, _scratch["watchdog"]);
        Assert.Contains("driver not known", watchdog.Open().Description, StringComparison.Ordinal);
        watchdog.Feed(TimeSpan.FromSeconds(5));
        Assert.Contains(_logger.Lines, line => line.Contains("cannot be fed, errno 25", StringComparison.Ordinal));
        Assert.False(_changes[^1].Present);
        watchdog.Disarm();
        Assert.Equal("", File.ReadAllText(_scratch["watchdog"]));
    }

    [Fact]
    public void None_is_said_to_be_none()
    {
        using var watchdog = Create(WatchdogKind.None, "");
        watchdog.Feed(TimeSpan.FromSeconds(1));
        watchdog.Disarm();
        Assert.False(watchdog.Open().Present);
    }

    private IWatchdog Create(WatchdogKind kind, string path) =>
        WatchdogFactory.Create(new WatchdogConfig(kind, path), TimeSpan.FromSeconds(4), _logger, _changes.Add);

    private static string Receive(Socket socket)
    {
        var buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
    }
}
