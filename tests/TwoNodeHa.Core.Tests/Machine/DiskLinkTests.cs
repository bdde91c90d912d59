using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using Xunit;

namespace TwoNodeHa.Core.Tests.Machine;

public class DiskLinkTests
{
    private static HaConfig WithDisk(HaConfig config) => config with { DiskLinks = [new DiskLinkConfig("disk", "/srv/ha")] };

    [Fact]
    public void Heard_OnTheDiskAlone_StaysPaired_AndTheUdpLinkIsSilent()
    {
        var bench = Bench.Paired(change: WithDisk);
        for (var second = 0; second < 30; second++)
        {
            bench.Hear(link: 1);
            bench.Pass(1, gateway: true);
        }

        Assert.Equal(HaStatus.Paired, bench.Status);
        var status = HaMachine.Status(bench.Config, bench.State, bench.Now);
        Assert.Contains("link mgmt is silent", status.Findings);
        Assert.DoesNotContain("link disk is silent", status.Findings);
        Assert.Equal(("disk", "/srv/ha slot 0 - slot 1"), (status.Links[1].Name, status.Links[1].Endpoints));
        Assert.True(status.Links[1].HeardAgeSeconds <= 1);
        Assert.Equal("B", status.SafetyClass);
    }

    [Fact]
    public void SilentDisk_IsAFindingAndNothingElse()
    {
        var bench = Bench.Paired(change: WithDisk);
        bench.Pass(10, gateway: true, peer: true);

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Contains("link disk is silent", HaMachine.Status(bench.Config, bench.State, bench.Now).Findings);
    }
}
