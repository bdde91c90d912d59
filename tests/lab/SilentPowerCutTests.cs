using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// A machine that dies sends nothing any more: who is connected to it hears no FIN and no RST, and a call under way hangs until
/// its time is over.
/// </summary>
public sealed class SilentPowerCutTests
{
    /// <summary>How the host ends.</summary>
    public enum End
    {
        Power,
        Reset,
        Watchdog,
    }

    [Theory]
    [InlineData(End.Power)]
    [InlineData(End.Reset)]
    [InlineData(End.Watchdog)]
    public async Task Nobody_hears_of_it(End end)
    {
        LabSystem.Require();
        await using LabHarness lab = LabHarness.Start(new LabOptions { WithDaemons = false, BootTime = TimeSpan.FromSeconds(5) });
        await lab.UntilAsync("the toolstack of a is up", _ => File.Exists(Path.Combine(lab.DirectoryOf("a"), "init-complete.cookie")));

        // A request that is not complete: the toolstack waits for the rest of it.
        using Socket call = lab.Network.SpaceOf("b").Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await call.ConnectAsync(IPAddress.Parse(LabNetwork.Address("a")), 80, TestContext.Current.CancellationToken);
        await call.SendAsync("POST / HTTP/1.1\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        int boots = lab.A.Boots;
        await StrikeAsync(lab, end);
        await lab.UntilAsync("all processes of a are gone", view => view.A.Vms.IsEmpty && lab.A.Power != Power.On);
        Assert.False(call.Poll(TimeSpan.FromSeconds(2), SelectMode.SelectRead), "the dead host said goodbye");
        Assert.Equal(boots, lab.A.Boots);
        Assert.Empty(lab.Truth.DoubleRuns);
    }

    private static async Task StrikeAsync(LabHarness lab, End end)
    {
        switch (end)
        {
            case End.Power:
                lab.A.PowerOff();
                break;
            case End.Reset:
                // The answer is lost with the host.
                await Record.ExceptionAsync(() => lab.Baseboard("a").AskAsync("reset"));
                break;
            default:
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified))
                {
                    socket.SendTo("arm 300"u8, new UnixDomainSocketEndPoint(Path.Combine(lab.DirectoryOf("a"), "watchdog.sock")));
                }

                break;
        }
    }
}
