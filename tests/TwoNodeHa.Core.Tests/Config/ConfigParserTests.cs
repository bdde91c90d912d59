using System.Net;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class ConfigParserTests
{
    [Fact]
    public void Parse_GoodFile_GivesExactValues()
    {
        var result = ConfigText.Parse(ConfigText.Good);

        Assert.Empty(result.Findings);
        var config = result.Config!;
        Assert.Equal(
            new HostConfig("alpha", new Guid("11111111-1111-4111-8111-111111111111"), IPAddress.Parse("192.0.2.11")),
            config.Hosts[0]);
        Assert.Equal("beta", config.Hosts[1].Name);
        Assert.Equal(
            new LinkConfig("mgmt", IPEndPoint.Parse("192.0.2.11:7757"), IPEndPoint.Parse("192.0.2.12:7757")),
            Assert.Single(config.Links));
        Assert.Equal([IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")], config.Gateway.Addresses);
        Assert.Equal(1, config.Gateway.Require);
        Assert.Equal(TimeSpan.FromSeconds(5), config.Gateway.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(0.5), config.Gateway.ProbeInterval);
        Assert.Equal(new PolicyConfig(), config.Policy);
        Assert.Equal(new PathsConfig(), config.Paths);
        Assert.Equal(new ToolsConfig(), config.Tools);
        Assert.Equal(new WatchdogConfig(WatchdogKind.Device, "/dev/watchdog"), config.Watchdog);
    }

    [Theory]
    [InlineData("fast", 0.5, 0.3, 2, 0.2, 2.5, 0.25, 5.005)]
    [InlineData("balanced", 1, 0.5, 4, 0.5, 5, 0.5, 10.01)]
    [InlineData("patient", 1, 20, 10, 1, 20, 0.5, 36.035)]
    public void Parse_Profile_GivesItsValuesAndTheComputedDelay(
        string profile, double interval, double stall, double kill, double margin, double gateway, double probe, double delay)
    {
        var config = ConfigText.GoodWith("profile = balanced", $"profile = {profile}");

        Assert.Equal(profile, config.Timing.Profile);
        Assert.Equal(TimeSpan.FromSeconds(interval), config.Timing.HeartbeatInterval);
        Assert.Equal(4, config.Timing.LossesTolerated);
        Assert.Equal(TimeSpan.FromSeconds(stall), config.Timing.StallTolerance);
        Assert.Equal(TimeSpan.FromSeconds(kill), config.Timing.KillBound);
        Assert.Equal(TimeSpan.FromSeconds(margin), config.Timing.Margin);
        Assert.Equal(TimeSpan.FromSeconds(gateway), config.Gateway.Timeout);
        Assert.Equal(TimeSpan.FromSeconds(probe), config.Gateway.ProbeInterval);
        Assert.Equal(500, config.Timing.ClockDriftPpm);
        Assert.Equal(TimeSpan.FromMilliseconds(Math.Round(delay * 1000)), config.Timing.TakeoverDelay);
    }

    [Fact]
    public void Parse_HostsInOtherOrder_AreOrderedByName()
    {
        var config = ConfigText.GoodWith("beta", "aardvark");

        Assert.Equal(["aardvark", "alpha"], config.Hosts.Select(host => host.Name));
        Assert.Equal("192.0.2.12", config.Links[0].First.Address.ToString());
    }

    [Fact]
    public void Parse_LinkEndpoints_TakePortsFromTheEndTheLinkOrTheDefault()
    {
        var config = ConfigText.GoodPlus(
            """
            [link crossover]
            port = 9000
            alpha = [2001:db8::11]:9001
            beta = [2001:db8::12]
            """);

        Assert.Equal(IPEndPoint.Parse("[2001:db8::11]:9001"), config.Links[1].First);
        Assert.Equal(IPEndPoint.Parse("[2001:db8::12]:9000"), config.Links[1].Second);
        Assert.Equal(7757, config.Links[0].First.Port);
    }

    [Theory]
    [InlineData("any", 1)]
    [InlineData("all", 2)]
    [InlineData("2", 2)]
    public void Parse_Require_IsACount(string text, int expected) =>
        Assert.Equal(expected, ConfigText.GoodWith("[timing]", $"require = {text}").Gateway.Require);

    [Fact]
    public void Parse_CommentsCarriageReturnsAndByteOrderMark_AreNoContent()
    {
        var text = "\uFEFF# first\r\n" + ConfigText.Good.Replace("\n", "   # note\r\n", StringComparison.Ordinal);

        Assert.Empty(ConfigText.Parse(text).Findings);
    }

    [Fact]
    public void Parse_HashInsideAValue_IsPartOfIt() =>
        Assert.Equal("/etc/key#1", ConfigText.GoodPlus("[paths]\nkey_file = /etc/key#1 # note").Paths.KeyFile);

    [Fact]
    public void Parse_OnlyLoopback_IsAllowedForTests()
    {
        var text = ConfigText.Good.Replace("192.0.2.", "127.0.0.", StringComparison.Ordinal);

        Assert.Empty(ConfigText.Parse(text).Findings);
    }

    [Fact]
    public void Parse_OneLoopbackAddressForBothHosts_IsToldApartByThePort()
    {
        var text = ConfigText.Good.Replace("192.0.2.", "127.0.0.", StringComparison.Ordinal)
            .Replace("alpha = 127.0.0.11", "alpha = 127.0.0.1:7001", StringComparison.Ordinal)
            .Replace("beta = 127.0.0.12", "beta = 127.0.0.1:7002", StringComparison.Ordinal)
            .Replace("addresses = 127.0.0.1, 127.0.0.2", "addresses = 127.0.0.9", StringComparison.Ordinal);

        Assert.Empty(ConfigText.Parse(text).Findings);
    }

    [Fact]
    public void Parse_Warnings_DoNotRefuse()
    {
        var result = ConfigText.Parse(ConfigText.Good + "[policy]\non_ambiguous = takeover\nlone_start = hold\n[watchdog]\ndevice = none");

        Assert.NotNull(result.Config);
        Assert.All(result.Findings, finding => Assert.Equal(ConfigSeverity.Warning, finding.Severity));
        Assert.Equal(
            ["policy.on_ambiguous", "policy.lone_start", "watchdog.device"], result.Findings.Select(finding => finding.Key));
    }

    [Fact]
    public void Parse_WatchdogSocket_KeepsThePathAndAllowsAShortKill()
    {
        var config = ConfigText.GoodPlus("kill_bound_seconds = 1\n[watchdog]\ndevice = socket:/run/wd.sock");

        Assert.Equal(new WatchdogConfig(WatchdogKind.Socket, "/run/wd.sock"), config.Watchdog);
    }

    [Fact]
    public void Parse_ExampleFile_HasNoFindings()
    {
        var result = ConfigText.Parse(File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example")));

        Assert.Empty(result.Findings);
        Assert.NotNull(result.Config);
    }

    [Fact]
    public void Parse_ExampleFileWithAllCommentedKeysOn_MeansTheSame()
    {
        var example = File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example"));
        var lines = example.Split('\n').Select(line =>
            line.StartsWith('#') && line.Length > 1 && char.IsAsciiLetterLower(line[1]) && line.Contains('=', StringComparison.Ordinal)
            && !line.Contains("198.51.100", StringComparison.Ordinal) && !line.StartsWith("#disk", StringComparison.Ordinal) ? line[1..] : line);
        var full = ConfigText.Parse(string.Join('\n', lines));

        Assert.Empty(full.Findings);
        var plain = ConfigText.Parse(example).Config!;
        Assert.Equal(ConfigFingerprint.Of(plain), ConfigFingerprint.Of(full.Config!));
        Assert.Equal(plain.Timing, full.Config!.Timing);
        Assert.Equal(plain.Policy, full.Config.Policy);
        Assert.Equal(plain.Paths, full.Config.Paths);
        Assert.Equal(plain.Tools, full.Config.Tools);
        Assert.Equal(plain.Watchdog, full.Config.Watchdog);
    }

    [Fact]
    public void ExampleAndManual_NameEveryKey()
    {
        var example = File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example"));
        var manual = File.ReadAllText(ConfigText.RepositoryFile("docs/configuration.md"));
        foreach (var (_, keys) in ConfigKeys.Plain)
        {
            Assert.All(keys, key => Assert.Matches($"(?m)^#?{key} =", example));
            Assert.All(keys, key => Assert.Contains($"| `{key}` |", manual, StringComparison.Ordinal));
        }

        foreach (var key in ConfigKeys.Paths)
        {
            Assert.Contains($"| `{key.Key}` | {key.Get(new PathsConfig())} |", manual, StringComparison.Ordinal);
        }
    }
}
