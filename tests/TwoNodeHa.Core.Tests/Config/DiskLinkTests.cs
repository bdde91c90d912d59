using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class DiskLinkTests
{
    private const string Disk = "[link disk]\ndisk = /run/sr-mount/x/twonodeha\n";

    [Fact]
    public void Parse_DiskLink_ComesBehindTheUdpLinks()
    {
        var config = ConfigText.GoodPlus(Disk + "[link crossover]\nalpha = 198.51.100.11\nbeta = 198.51.100.12\n");

        Assert.Equal(new DiskLinkConfig("disk", "/run/sr-mount/x/twonodeha"), Assert.Single(config.DiskLinks));
        Assert.Equal(["mgmt", "crossover", "disk"], Enumerable.Range(0, config.LinkCount).Select(config.LinkName));
    }

    [Theory]
    [InlineData("[link disk]\ndisk = relative\n", 15, "link disk.disk", "not an absolute path")]
    [InlineData("[link disk]\ndisk = /srv/\n", 15, "link disk.disk", "not an absolute path")]
    [InlineData("[link disk]\ndisk =\n", 15, "link disk.disk", "value is missing")]
    [InlineData("[link disk]\ndisk = /x\nalpha = 192.0.2.11\n", 16, "link disk.alpha", "unknown key")]
    [InlineData(Disk + "[link two]\ndisk = /run/sr-mount/x/twonodeha\n", 17, "link two.disk", "already")]
    [InlineData("[link d/]\ndisk = /x\n", 14, "link d/", "needs a name")]
    public void Parse_BadDiskLink_NamesLineAndKey(string tail, int line, string key, string words)
    {
        var result = ConfigText.Parse(ConfigText.Good + tail);

        Assert.Null(result.Config);
        Assert.Contains(result.Findings, finding => finding.ToString().Contains($":{line}", StringComparison.Ordinal)
            && finding.ToString().Contains(key, StringComparison.Ordinal)
            && finding.ToString().Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_OnlyDiskLinks_IsRefused()
    {
        var result = ConfigText.Parse(ConfigText.Good.Replace(
            "[link mgmt]\nalpha = 192.0.2.11\nbeta = 192.0.2.12\n", Disk, StringComparison.Ordinal));

        Assert.Null(result.Config);
        Assert.Contains(result.Findings, finding => finding.ToString().Contains("only disk links", StringComparison.Ordinal));
    }

    [Fact]
    public void Fingerprint_ChangesWithTheDisk()
    {
        var without = ConfigFingerprint.Of(ConfigText.GoodPlus(""));
        var with = ConfigFingerprint.Of(ConfigText.GoodPlus(Disk));
        var other = ConfigFingerprint.Of(ConfigText.GoodPlus("[link disk]\ndisk = /dev/other\n"));

        Assert.Equal(3, new HashSet<ulong> { without, with, other }.Count);
    }

    [Fact]
    public void SafetyClass_OneLinkAndADisk_IsBAndSaysWhatThatRestsOn()
    {
        var verdict = SafetyClass.Of(ConfigText.GoodPlus(Disk));

        Assert.Equal(("B", ""), (verdict.Letter, verdict.StepUp));
        Assert.StartsWith("one link and a slot on shared storage", verdict.Sentence, StringComparison.Ordinal);
        Assert.Contains("not reached over the network of the links", verdict.Sentence, StringComparison.Ordinal);
    }
}
