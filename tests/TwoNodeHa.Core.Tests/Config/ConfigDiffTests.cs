using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public sealed class ConfigDiffTests
{
    [Fact]
    public void SameFile_HasNoDifference() => Assert.Empty(ConfigDiff.Of(ConfigText.Good, "# a comment\n" + ConfigText.Good));

    [Fact]
    public void SharedValue_MustAgree_AndIsNamedWithBothLines()
    {
        var other = ConfigText.Good.Replace("beta = 192.0.2.12", "beta = 192.0.2.13", StringComparison.Ordinal);
        var one = Assert.Single(ConfigDiff.Of(ConfigText.Good, other));
        Assert.Equal(("link mgmt.beta", "192.0.2.12", 10, "192.0.2.13", 10, true),
            (one.Path, one.Left, one.LeftLine, one.Right, one.RightLine, one.MustAgree));
    }

    [Theory]
    [InlineData("[paths]\nkey_file = /root/key\n", false)]
    [InlineData("[policy]\nstart_attempts = 7\n", false)]
    [InlineData("[policy]\nprotect = marked\n", true)]
    [InlineData("kill_bound_seconds = 5\n", true)]
    // Written out and equal to the default: the same in effect.
    [InlineData("kill_bound_seconds = 4\n", false)]
    public void KeyOfOneFileAlone_MustAgreeWhereItChangesWhatIsShared(string tail, bool mustAgree)
    {
        var one = Assert.Single(ConfigDiff.Of(ConfigText.Good, ConfigText.Good + tail));
        Assert.Equal((mustAgree, null, 0), (one.MustAgree, one.Left, one.LeftLine));
        Assert.NotNull(one.Right);
    }

    [Fact]
    public void OtherProfile_MustAgree() => Assert.True(Assert.Single(ConfigDiff.Of(
        ConfigText.Good, ConfigText.Good.Replace("balanced", "fast", StringComparison.Ordinal))).MustAgree);

    [Fact]
    public void BrokenFile_IsComparedAllTheSame()
    {
        var differing = ConfigDiff.Of(ConfigText.Good, "profile = balanced\n[host alpha]\nuuid = x");
        Assert.Contains(differing, one => one is { Path: "host alpha.uuid", Right: "x", MustAgree: true });
        Assert.Contains(differing, one => one is { Path: "gateway.addresses", Right: null });
    }
}
