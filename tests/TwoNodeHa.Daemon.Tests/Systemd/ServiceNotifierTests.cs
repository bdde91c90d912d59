using System.Net.Sockets;
using System.Text;
using Serilog.Events;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Journal;
using TwoNodeHa.Daemon.Systemd;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Systemd;

public sealed class ServiceNotifierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_manager_is_told(bool inAbstractNamespace)
    {
        using var scratch = new Scratch();
        var path = scratch["notify"];
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
        manager.Bind(new UnixDomainSocketEndPoint(inAbstractNamespace ? "\0" + path : path));
        using var notifier = new ServiceNotifier(inAbstractNamespace ? "@" + path : path, "3000000");
        notifier.Ready("deciding");
        notifier.Watchdog();
        notifier.Status("Paired: ☃");
        notifier.Stopping();
        Assert.Equal(
            ["READY=1\nSTATUS=deciding", "WATCHDOG=1", "STATUS=Paired: ☃", "STOPPING=1"],
            Enumerable.Range(0, 4).Select(_ => Receive(manager)));
        Assert.Equal(TimeSpan.FromSeconds(1.5), notifier.WatchdogInterval);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/no/such/socket")]
    public void Without_a_manager_every_call_is_quiet(string? path)
    {
        using var notifier = new ServiceNotifier(path, null);
        notifier.Ready("x");
        notifier.Watchdog();
        notifier.Stopping();
        Assert.Null(notifier.WatchdogInterval);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999")]
    public void An_interval_that_makes_no_sense_is_none(string microseconds)
    {
        using var notifier = new ServiceNotifier(null, microseconds);
        Assert.Null(notifier.WatchdogInterval);
    }

    [Theory]
    [InlineData(LogEventLevel.Verbose, 7)]
    [InlineData(LogEventLevel.Debug, 7)]
    [InlineData(LogEventLevel.Information, 6)]
    [InlineData(LogEventLevel.Warning, 4)]
    [InlineData(LogEventLevel.Error, 3)]
    [InlineData(LogEventLevel.Fatal, 2)]
    public void Levels_are_the_journal_s_priorities(LogEventLevel level, int priority) =>
        Assert.Equal(priority, JournalSink.Priority(level));

    [Theory]
    [InlineData("", "/etc/twonodeha/ha.conf", null, LogEventLevel.Information, false)]
    [InlineData("--config /a --self beta --log-level DEBUG", "/a", "beta", LogEventLevel.Debug, false)]
    [InlineData("--version", "/etc/twonodeha/ha.conf", null, LogEventLevel.Information, true)]
    public void A_command_line_is_read(string line, string file, string? self, LogEventLevel level, bool version)
    {
        var error = new StringWriter();
        var read = DaemonArguments.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), error);
        Assert.Equal(new DaemonArguments { ConfigFile = file, Self = self, LogLevel = level, ShowVersion = version }, read);
        Assert.Equal("", error.ToString());
    }

    [Theory]
    [InlineData("--config", "--config")]
    [InlineData("--self", "--self")]
    [InlineData("--log-level", "--log-level")]
    [InlineData("--log-level loud", "--log-level")]
    [InlineData("--log-level 17", "--log-level")]
    [InlineData("--config /a surplus", "surplus")]
    [InlineData("--Config /a", "--Config")]
    public void A_command_line_that_is_not_understood_is_refused_and_named(string line, string named)
    {
        var error = new StringWriter();
        Assert.Null(DaemonArguments.Parse(line.Split(' '), error));
        Assert.Contains($"'{named}'", error.ToString(), StringComparison.Ordinal);
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[1000];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
