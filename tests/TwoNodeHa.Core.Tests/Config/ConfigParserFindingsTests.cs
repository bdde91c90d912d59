using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class ConfigParserFindingsTests
{
    /// <summary>A line of the good file replaced: exactly one error, at that line, for that key, with that advice.</summary>
    [Theory]
    [InlineData("profile = balanced", "profile = balancd", 1, "profile", "write balanced")]
    [InlineData("profile = balanced", "profile =", 1, "profile", "value is missing")]
    [InlineData("profile = balanced", "profil = fast", 1, "profil", "did you mean profile?")]
    [InlineData("profile = balanced", "margin_seconds = 1", 1, "margin_seconds", "belongs into [timing]")]
    [InlineData("profile = balanced", "nonsense", 1, "", "write key = value")]
    [InlineData("profile = balanced", "[gatewy]", 1, "gatewy", "did you mean [gateway]?")]
    [InlineData("profile = balanced", "[hots gamma]", 1, "hots gamma", "did you mean [host gamma]?")]
    [InlineData("profile = balanced", "[xyzzyplugh]", 1, "xyzzyplugh", "write one of host, link")]
    [InlineData("profile = balanced", "[timing", 1, "", "not closed")]
    [InlineData("profile = balanced", "[a b c]", 1, "", "one word or two")]
    [InlineData("profile = balanced", "[policy extra]", 1, "policy extra", "write [policy]")]
    [InlineData("profile = balanced", "profile = \u0001fast", 1, "", "control character")]
    [InlineData("uuid = 1111", "uuid = x1111", 3, "host alpha.uuid", "INSTALLATION_UUID")]
    [InlineData("uuid = 2222", "uid = 2222", 6, "host beta.uid", "did you mean uuid?", "host beta.uuid")]
    [InlineData("22222222-2222-4222-8222-222222222222", "11111111-1111-4111-8111-111111111111", 6, "host beta.uuid", "uuid of alpha already")]
    [InlineData("address = 192.0.2.12", "address = beta.example", 7, "host beta.address", "names are not resolved")]
    [InlineData("address = 192.0.2.12", "address = 192.0.2", 7, "host beta.address", "four decimal numbers")]
    [InlineData("address = 192.0.2.12", "address = 192.0.2.012", 7, "host beta.address", "without leading zeros")]
    [InlineData("address = 192.0.2.12", "address = 0.0.0.0", 7, "host beta.address", "any address")]
    [InlineData("address = 192.0.2.12", "address = ::", 7, "host beta.address", "any address")]
    [InlineData("address = 192.0.2.12", "address = 224.0.0.1", 7, "host beta.address", "multicast")]
    [InlineData("address = 192.0.2.12", "address = ff02::1", 7, "host beta.address", "multicast")]
    [InlineData("address = 192.0.2.12", "address = 255.255.255.255", 7, "host beta.address", "broadcast")]
    [InlineData("address = 192.0.2.12", "address = ::ffff:192.0.2.12", 7, "host beta.address", "write 192.0.2.12")]
    [InlineData("address = 192.0.2.12", "address = fe80::1", 7, "host beta.address", "link-local")]
    [InlineData("address = 192.0.2.12", "address = fe80::1%eth0", 7, "host beta.address", "names an interface")]
    [InlineData("address = 192.0.2.12", "address = 127.0.0.1", 7, "host beta.address", "loopback")]
    [InlineData("address = 192.0.2.12", "address = 192.0.2.11", 7, "host beta.address", "address of alpha already", "link mgmt.alpha")]
    [InlineData("alpha = 192.0.2.11", "alhpa = 192.0.2.11", 9, "link mgmt.alhpa", "did you mean alpha?", "link mgmt.alpha")]
    [InlineData("alpha = 192.0.2.11", "alpha = 192.0.2.11:0", 9, "link mgmt.alpha", "1 to 65535")]
    [InlineData("alpha = 192.0.2.11", "alpha = 192.0.2.11:", 9, "link mgmt.alpha", "no port after the colon")]
    [InlineData("alpha = 192.0.2.11", "alpha = 2001:db8::11", 9, "link mgmt.alpha", "in brackets")]
    [InlineData("alpha = 192.0.2.11", "alpha = [2001:db8::11", 9, "link mgmt.alpha", "not an endpoint")]
    [InlineData("beta = 192.0.2.12", "beta = [2001:db8::12]", 10, "link mgmt.beta", "one family")]
    [InlineData("beta = 192.0.2.12", "beta = 192.0.2.11", 10, "link mgmt.beta", "both ends", "link mgmt.beta")]
    [InlineData("[link mgmt]", "[link m/g]", 8, "link m/g", "needs a name")]
    [InlineData("[link mgmt]", "[link mgmt]\nport = 70000", 9, "link mgmt.port", "from 1 to 65535")]
    [InlineData("192.0.2.1, 192.0.2.2", "192.0.2.1, 192.0.2.11", 12, "gateway.addresses", "an address of alpha")]
    [InlineData("192.0.2.1, 192.0.2.2", "192.0.2.1, 192.0.2.1", 12, "gateway.addresses", "written twice")]
    [InlineData("192.0.2.1, 192.0.2.2", "192.0.2.1,", 12, "gateway.addresses", "beside a comma")]
    [InlineData("addresses = 192.0.2.1, 192.0.2.2", "require = any", 11, "gateway.addresses", "missing in [gateway]")]
    [InlineData("[timing]", "require = 3", 13, "gateway.require", "a number from 1 to 2")]
    [InlineData("[timing]", "timeout_seconds = 1", 13, "gateway.timeout_seconds", "at least 1.5")]
    public void Parse_BadLine_IsNamedWithAdvice(
        string from, string to, int line, string key, string advice, string? alsoKey = null)
    {
        var text = ConfigText.Good.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(ConfigText.Good, text);
        AssertFinding(ConfigText.Parse(text), line, key, advice, alsoKey);
    }

    /// <summary>Lines appended behind <c>[timing]</c>, the last line of the good file (13).</summary>
    [Theory]
    [InlineData("kill_bound_seconds = 5s", 14, "timing.kill_bound_seconds", "write 5;")]
    [InlineData("kill_bound_seconds = 500ms", 14, "timing.kill_bound_seconds", "write 0.5;")]
    [InlineData("kill_bound_seconds = 2 min", 14, "timing.kill_bound_seconds", "write 120;")]
    [InlineData("kill_bound_seconds = 0,5", 14, "timing.kill_bound_seconds", "write 0.5, with a point")]
    [InlineData("kill_bound_seconds = 4.00005", 14, "timing.kill_bound_seconds", "at most three decimals")]
    [InlineData("kill_bound_seconds = four", 14, "timing.kill_bound_seconds", "from 0.5 to 300")]
    [InlineData("kill_bound_seconds = -4", 14, "timing.kill_bound_seconds", "from 0.5 to 300")]
    [InlineData("kill_bound_seconds = 1e1", 14, "timing.kill_bound_seconds", "from 0.5 to 300")]
    [InlineData("kill_bound_seconds = NaN", 14, "timing.kill_bound_seconds", "from 0.5 to 300")]
    [InlineData("kill_bound_seconds = 301", 14, "timing.kill_bound_seconds", "out of range")]
    [InlineData("kill_bound_seconds = 1.5", 14, "timing.kill_bound_seconds", "whole seconds rounded down: write at least 2")]
    [InlineData("losses_tolerated = 2.5", 14, "timing.losses_tolerated", "whole number from 1 to 20")]
    [InlineData("losses_tolerated = 0", 14, "timing.losses_tolerated", "whole number from 1 to 20")]
    [InlineData("fixed_watchdog_seconds = 10.5", 14, "timing.fixed_watchdog_seconds", "write 11")]
    [InlineData("heartbeat_intervall_seconds = 1", 14, "timing.heartbeat_intervall_seconds", "did you mean heartbeat_interval_seconds?")]
    [InlineData("margin_seconds = 1\nmargin_seconds = 2", 15, "timing.margin_seconds", "already in line 14 (= 1)")]
    [InlineData("[timing]", 14, "timing", "there already in line 13")]
    [InlineData("[link mgmt]\nport = 7758", 14, "link mgmt", "there already in line 8")]
    [InlineData("[host gamma]\nuuid = 33333333-3333-4333-8333-333333333333\naddress = 192.0.2.13", 14, "host gamma", "exactly two")]
    [InlineData("[link two]\nalpha = 192.0.2.11\nbeta = 198.51.100.12", 14, "link two", "endpoint of [link mgmt]")]
    [InlineData("[link two]\nalpha = 198.51.100.11\nbeta = 192.0.2.11", 16, "link two.beta", "address of alpha already")]
    [InlineData("[policy]\nfence_action = restart", 15, "policy.fence_action", "kill or reboot or poweroff")]
    [InlineData("[policy]\non_ambiguous = holt", 15, "policy.on_ambiguous", "write hold")]
    [InlineData("[policy]\nstart_attempts = 21", 15, "policy.start_attempts", "from 1 to 20")]
    [InlineData("[watchdog]\ndevice = watchdog", 15, "watchdog.device", "socket:/path, or none")]
    [InlineData("[watchdog]\ndevice = socket:run/x", 15, "watchdog.device", "not an absolute path")]
    [InlineData("[paths]\nkey_file = key", 15, "paths.key_file", "not an absolute path")]
    [InlineData("[paths]\nkey_file =", 15, "paths.key_file", "value is missing")]
    [InlineData("[paths]\nrun_directory = /var/lib/twonodeha", 15, "paths.run_directory", "state directory too")]
    [InlineData("[paths]\nstate_directory = /run/state", 15, "paths.state_directory", "lost at a reboot")]
    [InlineData("[tools]\nlist_domains = list_domains", 15, "tools.list_domains", "absolute path")]
    [InlineData("[tools]\nlist_domains =", 15, "tools.list_domains", "value is missing")]
    [InlineData("takeover_delay_seconds = 9.9", 14, "timing.takeover_delay_seconds", "(5.5 + 4) · 1.001 + 0.5 = 10.01 s; write at least 10.01")]
    public void Parse_BadTail_IsNamedWithAdvice(string tail, int line, string key, string advice) =>
        AssertFinding(ConfigText.Parse(ConfigText.Good + tail), line, key, advice, null);

    [Fact]
    public void Parse_LongSocketPath_IsRefused()
    {
        var result = ConfigText.Parse(ConfigText.Good + "[paths]\ncontrol_socket = /" + new string('x', 107));

        AssertFinding(result, 15, "paths.control_socket", "107 bytes", null);
    }

    [Fact]
    public void Parse_SeveralErrors_AreAllReportedByLine()
    {
        var text = ConfigText.Good.Replace("profile = balanced", "profile = best", StringComparison.Ordinal)
            .Replace("[gateway]", "[gatewayy]", StringComparison.Ordinal) + "margin_seconds = 1s\nlosses = 3";
        var result = ConfigText.Parse(text);

        Assert.Null(result.Config);
        Assert.Equal([0, 1, 11, 14, 15], result.Findings.Select(finding => finding.Line));
    }

    [Fact]
    public void Parse_Empty_SaysWhatAConfigurationNeeds()
    {
        var result = ConfigText.Parse("");

        Assert.Null(result.Config);
        Assert.Equal(["host", "link", "gateway"], result.Findings.Select(finding => finding.Key));
    }

    [Fact]
    public void Parse_WrongUnit_DoesNotBlameTheTakeoverDelayToo()
    {
        var result = ConfigText.Parse(ConfigText.Good + "kill_bound_seconds = 1s\ntakeover_delay_seconds = 8");

        Assert.Equal("timing.kill_bound_seconds", Assert.Single(result.Findings).Key);
    }

    [Fact]
    public void Parse_TwoLinksWithTheSameAddresses_AreWarnedAbout()
    {
        var result = ConfigText.Parse(ConfigText.Good + "[link two]\nport = 7758\nalpha = 192.0.2.11\nbeta = 192.0.2.12");

        var finding = Assert.Single(result.Findings);
        Assert.Equal(ConfigSeverity.Warning, finding.Severity);
        Assert.Equal("ha.conf:14: link two: warning: has the addresses of [link mgmt]: it fails with it and adds nothing, write those of another network", finding.ToString());
    }

    [Fact]
    public void ToString_WholeFile_HasNoLine() =>
        Assert.StartsWith("ha.conf: host: exactly two", ConfigText.Parse("").Findings[0].ToString(), StringComparison.Ordinal);

    [Fact]
    public void Parse_HugeText_IsOneFinding() =>
        Assert.Contains("longer than", Assert.Single(ConfigText.Parse(new string('x', 300_000)).Findings).Message, StringComparison.Ordinal);

    private static void AssertFinding(ConfigResult result, int line, string key, string advice, string? alsoKey)
    {
        Assert.Null(result.Config);
        var finding = Assert.Single(
            result.Findings, found => found.Key == key && found.Message.Contains(advice, StringComparison.Ordinal));
        Assert.Equal((line, ConfigSeverity.Error), (finding.Line, finding.Severity));
        Assert.All(
            result.Findings, found => Assert.True(ReferenceEquals(found, finding) || found.Key == alsoKey, found.ToString()));
    }
}
