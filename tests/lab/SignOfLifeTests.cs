using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Something between the hosts drops heartbeats and pings while both see the gateway: to a host that asked nothing else, its
/// peer would be dead, on both sides. A kernel that still answers ARP or TCP keeps both from taking over.
/// </summary>
public sealed class SignOfLifeTests
{
    [Theory]
    [InlineData("arp on mgmt, 02:00:00:00:00:0", "udp,icmp,tcp")]
    [InlineData("tcp port 22 on mgmt", "udp,icmp,arp")]
    public Task A_kernel_that_answers_holds_the_takeover(string evidence, string dropped) =>
        Scenario.PlayAsync(new LabOptions(), async lab =>
        {
            lab.Story.Mark("", $"{dropped} between the hosts are dropped");
            foreach (string host in (string[])["a", "b"])
            {
                string peer = Scenario.Other(host);
                // Without ARP a connection needs a neighbour that is known already.
                lab.Network.SpaceOf(host).Run(() => NetDevices.Neighbour("eth0", LabNetwork.Address(peer), LabNetwork.HardwareOf(peer)));
                lab.Network.Impair($"{peer}>{host} {dropped}");
            }

            await lab.UntilAsync("both hold", view => view.Both("Holding"));
            await lab.NothingMovesAsync(8, view => view.Both("Holding"));
            LabView held = await lab.ViewAsync();
            Assert.All([held.A, held.B], host => Assert.Contains(
                host.Status!.TakeoverRefusals, refusal => refusal.Contains(evidence, StringComparison.Ordinal)));
            lab.Network.Undrop();
            await lab.RejoinedAsync(master: "a", spread: true);
        });
}
