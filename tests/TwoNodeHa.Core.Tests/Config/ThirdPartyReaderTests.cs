using System.Diagnostics;
using System.Net;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public sealed class ThirdPartyReaderTests
{
    private const string Both =
        """
        [fence bmc-alpha]
        host = alpha
        agent = ipmi
        address = 192.0.2.31
        user = ha
        password_file = /etc/twonodeha/bmc-alpha.secret
        [fence bmc-beta]
        host = beta
        agent = redfish
        address = [2001:db8::32]:8443
        user = ha
        password_file = /etc/twonodeha/bmc-beta.secret
        ca_file = /etc/twonodeha/bmc-beta.pem
        timeout_seconds = 8
        [fence strip]
        host = beta
        agent = /usr/sbin/fence_apc
        user = apc
        parameters = ip=192.0.2.33, plug = 7

        """;

    private const string Arbiter =
        """
        [arbiter]
        endpoints = 192.0.2.21, 192.0.2.22:2381
        ca_file = /etc/twonodeha/etcd-ca.pem
        certificate_file = /etc/twonodeha/etcd.pem
        key_file = /etc/twonodeha/etcd.key
        prefix = /twonodeha/ward-3

        """;

    [Fact]
    public void Fences_GiveExactValues()
    {
        var config = ConfigText.GoodPlus(Both);

        Assert.True(config.Policy.UsesFenceAgent);
        Assert.Equal(["bmc-alpha", "bmc-beta", "strip"], config.Fences.Select(fence => fence.Name));
        Assert.Equal([FenceKind.Ipmi, FenceKind.Redfish, FenceKind.Program], config.Fences.Select(fence => fence.Kind));
        Assert.Equal([0, 1, 1], config.Fences.Select(fence => fence.Host));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.31"), 623), config.Fences[0].Address);
        Assert.Equal(IPEndPoint.Parse("[2001:db8::32]:8443"), config.Fences[1].Address);
        Assert.Equal("7", config.Fences[2].Parameters["plug"]);
        Assert.Equal(TimeSpan.FromSeconds(28), new LocalConfig(config, 0).FenceDeadline);
        Assert.Equal(TimeSpan.FromSeconds(20), new LocalConfig(config, 1).FenceDeadline);
    }

    [Fact]
    public void EveryKindOfAgent_HasItsOwnKeys_AndOneThatWasForgottenIsNotTakenForAProgram()
    {
        var keys = Enum.GetValues<FenceKind>().Select(ConfigKeys.OfFence).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        Assert.All(keys, each => Assert.Equal(["host", "agent"], each[..2]));
        Assert.Throws<UnreachableException>(() => ConfigKeys.OfFence((FenceKind)99));
    }

    [Fact]
    public void Arbiter_GivesExactValues()
    {
        var config = ConfigText.GoodPlus(Arbiter);

        Assert.True(config.Policy.UsesArbiter);
        Assert.Equal([IPEndPoint.Parse("192.0.2.21:2379"), IPEndPoint.Parse("192.0.2.22:2381")], config.Arbiter!.Endpoints);
        Assert.Equal(TimeSpan.FromSeconds(15), config.Arbiter.LeaseTime);
        Assert.Equal("/twonodeha/ward-3", config.Arbiter.Prefix);
    }

    [Theory]
    [InlineData("host = alpha", "host = gamma", "there is no [host gamma]: write alpha or beta")]
    [InlineData("host = alpha", "host = beta", "no agent for alpha")]
    [InlineData("agent = ipmi", "agent = ipmilan", "\"ipmilan\" is not known: write ipmi, redfish, or the absolute path")]
    [InlineData("address = 192.0.2.31", "address = bmc.example.org", "is not an IP address")]
    [InlineData("password_file = /etc/twonodeha/bmc-alpha.secret", "password = secret", "a board is not switched without a password: write it into a file")]
    [InlineData("ca_file = /etc/twonodeha/bmc-beta.pem", "", "missing in [fence bmc-beta]: write ca_file")]
    [InlineData("parameters = ip=192.0.2.33", "parameters = password=x, ip=192.0.2.33", "a password does not belong into this file")]
    [InlineData("parameters = ip=192.0.2.33", "parameters = action=reboot", "the action is written by the daemon")]
    [InlineData("parameters = ip=192.0.2.33", "parameters = ip", "\"ip\" is not NAME=VALUE")]
    public void Fence_BadOne_NamesWhatToWrite(string from, string to, string expected)
    {
        var at = Both.IndexOf(from, StringComparison.Ordinal);
        var result = ConfigText.Parse(ConfigText.Good + Both[..at] + to + Both[(at + from.Length)..]);

        Assert.Null(result.Config);
        Assert.Contains(result.Findings, finding => finding.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("endpoints = 192.0.2.21, 192.0.2.22:2381", "endpoints = https://192.0.2.21:2379", "without a scheme")]
    [InlineData("endpoints = 192.0.2.21, 192.0.2.22:2381", "endpoints = etcd.example.org", "is not an IP address")]
    [InlineData("key_file = /etc/twonodeha/etcd.key", "", "needs both certificate_file and key_file")]
    [InlineData("prefix = /twonodeha/ward-3", "prefix = ward-3", "is not a prefix")]
    [InlineData("prefix = /twonodeha/ward-3", "prefix = /x\nuser = ward-3", "needs both user and password_file")]
    [InlineData("prefix = /twonodeha/ward-3", "prefix = /x\nlease_seconds = 8", "write at least 12")]
    [InlineData("prefix = /twonodeha/ward-3", "prefix = /x\nttl = 8", "unknown key")]
    public void Arbiter_BadOne_NamesWhatToWrite(string from, string to, string expected)
    {
        var result = ConfigText.Parse(ConfigText.Good + Arbiter.Replace(from, to, StringComparison.Ordinal));

        Assert.Null(result.Config);
        Assert.Contains(result.Findings, finding => finding.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Arbiter_WithoutCredentials_IsWarnedAbout()
    {
        var result = ConfigText.Parse(ConfigText.Good + Arbiter.Replace("certificate_file = /etc/twonodeha/etcd.pem\nkey_file = /etc/twonodeha/etcd.key\n", "", StringComparison.Ordinal));

        Assert.NotNull(result.Config);
        Assert.Contains(result.Findings, finding => finding.ToString().Contains("whoever reaches etcd can take this pool's lease", StringComparison.Ordinal));
    }

    [Fact]
    public void Fingerprint_IsAnotherOneWithAThirdParty()
    {
        ulong[] prints =
        [
            ConfigFingerprint.Of(ConfigText.GoodPlus("")), ConfigFingerprint.Of(ConfigText.GoodPlus(Both)), ConfigFingerprint.Of(ConfigText.GoodPlus(Arbiter)),
            ConfigFingerprint.Of(ConfigText.GoodPlus(Both + Arbiter)),
            ConfigFingerprint.Of(ConfigText.GoodPlus(Arbiter.Replace("ward-3", "ward-4", StringComparison.Ordinal))),
        ];

        Assert.Equal(prints.Length, prints.Distinct().Count());
    }
}
