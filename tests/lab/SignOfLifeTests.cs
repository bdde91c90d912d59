using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Firewalls on both hosts drop heartbeats and pings between them while both see the gateway: to a host that asked nothing
/// else, its peer would be dead, on both sides. A kernel that still answers ARP or TCP keeps both from taking over.
/// </summary>
public sealed class SignOfLifeTests
{
    [Theory]
    [InlineData("arp on mgmt, 02:00:00:00:00:0", "udp, icmp, tcp", false)]
    [InlineData("tcp port 22 on mgmt", "udp, icmp", true)]
    public Task A_kernel_that_answers_holds_the_takeover(string evidence, string dropped, bool dropArp) =>
        Scenario.PlayAsync(new LabOptions(), async lab =>
        {
            lab.Story.Mark("", $"{dropped} between the hosts are dropped" + (dropArp ? ", and arp" : ""));
            foreach (string host in (string[])["a", "b"])
            {
                Firewall(lab, host, dropped, dropArp);
            }

            await lab.UntilAsync("both hold", view => view.Both("Holding"));
            await lab.NothingMovesAsync(8, view => view.Both("Holding"));
            LabView held = await lab.ViewAsync();
            Assert.All([held.A, held.B], host => Assert.Contains(
                host.Status!.TakeoverRefusals, refusal => refusal.Contains(evidence, StringComparison.Ordinal)));
            foreach (string host in (string[])["a", "b"])
            {
                InHost(lab, host, "nft", "flush ruleset");
            }

            await lab.RejoinedAsync(master: "a", spread: true);
        });

    private static void Firewall(LabHarness lab, string host, string dropped, bool dropArp)
    {
        string peer = Scenario.Other(host);
        InHost(lab, host, "nft", $"add table inet fw; add chain inet fw in {{ type filter hook input priority 0; }}; "
            + $"add rule inet fw in ip saddr {LabNetwork.Address(peer)} meta l4proto {{ {dropped} }} drop");
        if (dropArp)
        {
            InHost(lab, host, "ip", $"neighbour replace {LabNetwork.Address(peer)} lladdr 02:00:00:00:00:0{peer} dev eth0 nud permanent");
            InHost(lab, host, "nft", "add table netdev fwarp; add chain netdev fwarp in { type filter hook ingress device eth0 "
                + "priority 0; }; add rule netdev fwarp in ether type arp drop");
        }
    }

    private static void InHost(LabHarness lab, string host, string tool, string words)
    {
        string[] command = lab.Network.Inside(host, tool == "nft" ? [tool, words] : [tool, .. words.Split(' ')]);
        (int code, string text) = Shell.Run(command[0], command[1..]);
        Assert.True(code == 0, text);
    }
}
