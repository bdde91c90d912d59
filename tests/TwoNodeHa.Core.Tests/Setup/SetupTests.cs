using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Setup;
using Xunit;

namespace TwoNodeHa.Core.Tests.Setup;

public sealed class SetupTests
{
    private static readonly Guid s_one = new("a1a1a1a1-1111-4111-8111-111111111111");
    private static readonly Guid s_two = new("b2b2b2b2-2222-4222-8222-222222222222");

    private static readonly PoolFacts s_pool = new()
    {
        Self = s_two,
        Hosts = [new HostInPool(s_one, "xcp1.example.org", "10.0.0.11", true), new HostInPool(s_two, "xcp2.example.org", "10.0.0.12", false)],
        NativeHa = false,
        Addresses =
        [
            new NetworkAddress(s_one, "n1", "eth0", "10.0.0.11", "10.0.0.1", true), new NetworkAddress(s_two, "n1", "eth0", "10.0.0.12", "10.0.0.1", true),
            new NetworkAddress(s_one, "n2", "eth1", "10.0.1.11", "", false), new NetworkAddress(s_two, "n2", "eth3", "10.0.1.12", "", false),
            new NetworkAddress(s_one, "n3", "eth2", "10.0.2.11", "", false),
        ],
        Repositories = [new Repository("u1", "nfs", "nfs", true, true, [s_one, s_two]), new Repository("u2", "iso", "iso", false, true, [s_one, s_two])],
    };

    [Fact]
    public void Plan_TakesNetworksThatBothHostsHave_AndIsAConfigurationWithoutFindings()
    {
        var plan = SitePlan.Of(s_pool, new SiteWishes(), out _)!;
        var text = ConfigWriter.Write(plan);
        var parsed = ConfigParser.Parse("ha.conf", text);
        Assert.Empty(parsed.Findings);
        Assert.Equal(["mgmt", "eth3"], parsed.Config!.Links.Select(link => link.Name));
        Assert.Equal(["xcp1", "xcp2"], parsed.Config.Hosts.Select(host => host.Name));
        Assert.Contains("/run/sr-mount/u1/twonodeha", text, StringComparison.Ordinal);
        Assert.DoesNotContain("u2", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "join the second one")]
    [InlineData(3, "exactly two")]
    public void AnotherNumberOfHosts_IsRefused(int count, string words) => Assert.Contains(words, Assert.Single(SitePlan.Refusals(s_pool with
    {
        Hosts = [.. Enumerable.Range(0, count).Select(index => new HostInPool(index == 0 ? s_two : Guid.NewGuid(), $"h{index}", "10.0.0.1", false))],
    })), StringComparison.Ordinal);

    [Fact]
    public void NativeHaAndAForeignInventory_AreRefusedTogether() =>
        Assert.Equal(2, SitePlan.Refusals(s_pool with { NativeHa = true, Self = Guid.NewGuid() }).Length);

    [Theory]
    [InlineData("", "--gateway ADDRESS")]
    [InlineData("8.8.8", "is not a plain IPv4 address")]
    public void NoGatewayOrABadOne_IsRefusedWithWhatToWrite(string gateway, string words)
    {
        var without = s_pool with { Addresses = [.. s_pool.Addresses.Select(address => address with { Gateway = "" })] };
        Assert.Null(SitePlan.Of(without, new SiteWishes { Gateways = gateway.Length > 0 ? [gateway] : [] }, out var trouble));
        Assert.Contains(words, trouble, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("same", "same")]
    [InlineData("port", "b")]
    [InlineData("host a", "b")]
    public void NamesThatAConfigurationDoesNotTake_AreReplaced(string first, string second)
    {
        var plan = SitePlan.Of(s_pool with { Hosts = [s_pool.Hosts[0] with { Name = first }, s_pool.Hosts[1] with { Name = second }] }, new SiteWishes(), out _)!;
        Assert.Equal(["alpha", "beta"], plan.Hosts.Select(host => host.Name));
        Assert.Empty(ConfigParser.Parse("ha.conf", ConfigWriter.Write(plan)).Findings);
    }

    [Fact]
    public void NameOfAStorage_DoesNotEndItsComment()
    {
        var plan = SitePlan.Of(s_pool with { Repositories = [s_pool.Repositories[0] with { Name = "x\n[tools]\nreset_host = /bin/true" }] }, new SiteWishes(), out _)!;
        var config = ConfigParser.Parse("ha.conf", ConfigWriter.Write(plan)).Config!;
        Assert.Equal(new ToolsConfig(), config.Tools);
    }

    [Fact]
    public void LizardsDefaults_AddUpToWhatWasMeasured()
    {
        var import = LizardImport.Of(LizardSettings.Read(Map(), ""));
        Assert.Contains("52 to 146 s, typically 74 s", import.Sums[0], StringComparison.Ordinal);
        Assert.Contains("36 to 87 s, typically 50 s", import.Sums[1], StringComparison.Ordinal);
        Assert.Contains("31 to 80 s", import.Sums[2], StringComparison.Ordinal);
        Assert.Equal(("balanced", "all"), (import.Profile, import.Protect));

        // Its default, a resolver in the internet, is not taken over.
        Assert.Empty(import.Gateways);
        Assert.Contains(import.Notes, note => note is { Fate: LizardFate.Unsafe, Settings: "FENCE_HEURISTICS_IPS" });
    }

    [Fact]
    public void HostFile_OverridesThePool_AndItsLinesAreForgivenOneByOne()
    {
        var old = LizardSettings.Read(Map(("HA_XAPI_COUNT", "2"), ("HA_MONITOR_DELAY", "-4"), ("other", "x")), "# c\nXAPI_COUNT=5  # five\n\nnonsense\nMAIL_TO=\"ops@example.org\"\n");
        Assert.Equal((5, 15), (old.Number("XAPI_COUNT"), old.Number("MONITOR_DELAY")));
        Assert.Equal("ops@example.org", old.Text("MAIL_TO"));
        Assert.Equal(2, old.Findings.Length);
        Assert.DoesNotContain("other", old.Values.Keys);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("True ", true)]
    [InlineData("false", false)]
    public void LizardsSwitch_IsReadUnderItsOwnName(string value, bool enabled)
    {
        Assert.Equal(enabled, LizardSettings.IsEnabled(Map(("XenCenter.CustomFields.ha-lizard-enabled", value))));
        Assert.Equal(enabled, LizardSettings.IsEnabled(Map(("HA_XC_FIELD_NAME", "guard"), ("XenCenter.CustomFields.guard", value))));
    }

    [Fact]
    public void UnsafeSettings_AreNamedAsSuch()
    {
        var import = LizardImport.Of(LizardSettings.Read(Map(("HA_FENCE_HA_ONFAIL", "1"), ("HA_FENCE_QUORUM_REQUIRED", "0"), ("HA_FENCE_PASSWD", "secret")), ""));
        Assert.Equal(5, import.Notes.Count(note => note.Fate == LizardFate.Unsafe));
        Assert.All(import.Notes, note => Assert.DoesNotContain("secret", note.Sentence, StringComparison.Ordinal));
    }

    private static ImmutableSortedDictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToImmutableSortedDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
}
