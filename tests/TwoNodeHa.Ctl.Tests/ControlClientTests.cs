using System.Diagnostics;
using System.Net.Sockets;
using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class ControlClientTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static readonly ControlRequest s_request = new ControlRequest.Status();

    [Fact]
    public void Ask_HungDaemon_EndsWithSixWithinTheTimeout()
    {
        using var daemon = new FakeDaemon(_ => null);
        var watch = Stopwatch.StartNew();
        var run = CtlRun.Of("enable", "--timeout", "0.3", "--socket", daemon.SocketPath);

        Assert.Equal(ExitCode.Timeout, run.ExitCode);
        Assert.Contains("within 0.3 s", run.Error, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.25, 3);
    }

    [Fact]
    public void Ask_BacklogFull_EndsWithinTheTimeout()
    {
        var path = Path.Combine(_directory, "s");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(0);
        var watch = Stopwatch.StartNew();

        for (var attempt = 0; attempt < 4; attempt++)
        {
            Assert.Equal(ExitCode.Timeout, ControlClient.Ask(path, s_request, TimeSpan.FromSeconds(0.2)).ExitCode);
        }

        Assert.InRange(watch.Elapsed.TotalSeconds, 0.5, 5);
    }

    [Theory]
    [InlineData("{\"ok\":tru}\n")]
    [InlineData("garbage\n")]
    [InlineData("[]\n")]
    [InlineData("null\n")]
    [InlineData("\n")]
    [InlineData("{}\n")]
    [InlineData("{\"ok\":true")]
    [InlineData("")]
    public void Ask_GarbageAnswer_EndsWithSeven(string raw)
    {
        using var daemon = FakeDaemon.Saying(raw);

        var run = CtlRun.Of("enable", "--socket", daemon.SocketPath);

        Assert.Equal(ExitCode.Garbled, run.ExitCode);
        Assert.StartsWith("ha-ctl: the daemon", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ask_EndlessAnswer_IsBounded()
    {
        using var daemon = FakeDaemon.Saying(new string('x', 3_000_000));

        Assert.Equal(ExitCode.Garbled, ControlClient.Ask(daemon.SocketPath, s_request, TimeSpan.FromSeconds(5)).ExitCode);
    }

    [Fact]
    public void Ask_UnknownFields_AreSkippedForANewerDaemon()
    {
        using var daemon = FakeDaemon.Saying("{\"ok\":true,\"text\":\"fine\",\"colour\":[1,{\"a\":2}]}\n");

        Assert.Equal("fine", ControlClient.Ask(daemon.SocketPath, s_request, TimeSpan.FromSeconds(5)).Answer!.Text);
    }

    [Fact]
    public void Ask_AnswerAboveOneBuffer_IsReadWhole()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Text = new string('x', 60_000) });

        Assert.Equal(60_000, ControlClient.Ask(daemon.SocketPath, s_request, TimeSpan.FromSeconds(5)).Answer!.Text.Length);
    }

    [Fact]
    public void Ask_SocketFileWithoutListener_EndsWithThree()
    {
        var path = Path.Combine(_directory, "s");
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
        }

        Assert.Equal(ExitCode.Unreachable, CtlRun.Of("enable", "--socket", path).ExitCode);
        Assert.Equal(ExitCode.Unreachable, CtlRun.Of("enable", "--socket", "/" + new string('x', 200)).ExitCode);
    }

    [Fact]
    public void ControlSocket_ComesFromTheConfigurationEvenWhenItHasErrors()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Text = "Done." });
        var config = Path.Combine(Path.GetDirectoryName(daemon.SocketPath)!, "ha.conf");
        File.WriteAllText(config, $"profile = nonsense\n[paths]\ncontrol_socket = {daemon.SocketPath}\n");

        Assert.Equal(0, CtlRun.Of("enable", "--config", config).ExitCode);
    }
}
