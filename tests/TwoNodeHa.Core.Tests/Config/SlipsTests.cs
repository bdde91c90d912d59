using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

/// <summary>Mistakes that editors, habits and other products bring: each has its own sentence.</summary>
public class SlipsTests
{
    [Theory]
    [InlineData("profile = balanced", "profile = \"balanced\"", "is in quotes: write balanced without them")]
    [InlineData("profile = balanced", "profile = \u201cbalanced\u201d", "is in quotes: write balanced")]
    [InlineData("address = 192.0.2.12", "address = '192.0.2.12'", "is in quotes: write 192.0.2.12")]
    [InlineData("uuid = 11111111-", "uuid = 11111111\u2013", "contains a dash (U+2013)")]
    [InlineData("profile = balanced", "profile = bal\u00a0anced", "an invisible character (U+00A0)")]
    [InlineData("address = 192.0.2.12", "address = 192.0.2.12/24", "has a prefix length: write the address alone, 192.0.2.12")]
    [InlineData("alpha = 192.0.2.11", "alpha = 192.0.2.11/24", "has a prefix length")]
    [InlineData("192.0.2.1, 192.0.2.2", "192.0.2.1; 192.0.2.2", "separate addresses by commas, 192.0.2.1, 192.0.2.2")]
    [InlineData("192.0.2.1, 192.0.2.2", "192.0.2.1 192.0.2.2", "a list with spaces")]
    [InlineData("profile = balanced", "; a comment", "a comment begins with #")]
    [InlineData("profile = balanced", "profile: balanced", "write profile = balanced")]
    [InlineData("profile = balanced", "MONITOR_DELAY = 15", "a setting of HA-Lizard; look at [timing] heartbeat_interval_seconds")]
    [InlineData("[timing]", "[policy]\nHA_FENCE_ACTION = stop\n[timing]", "a setting of HA-Lizard; look at [policy] fence_action")]
    [InlineData("profile = balanced", "MAIL_TO = root@localhost", "has no counterpart here: remove it")]
    public void Parse_ASlip_IsMetWithItsOwnSentence(string from, string to, string expected)
    {
        var text = ConfigText.Good.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(ConfigText.Good, text);
        var result = ConfigText.Parse(text);

        Assert.Null(result.Config);
        Assert.Contains(result.Findings, finding => finding.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Parse_Utf16_IsNamedAndSaidOnce(bool bigEndian)
    {
        byte[] bytes = [.. new UnicodeEncoding(bigEndian, true).GetPreamble(), .. new UnicodeEncoding(bigEndian, true).GetBytes(ConfigText.Good)];
        var result = ConfigText.Parse(Encoding.UTF8.GetString(bytes));

        Assert.Null(result.Config);
        Assert.Contains("the file is UTF-16", result.Findings[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OfTheUntouchedExample_FindsItsValues()
    {
        var parsed = ConfigText.Parse(File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example")));
        var problems = Checks.Run(parsed, null, null, null).Items.Where(item => item.Grade == CheckGrade.Problem).ToList();

        Assert.Contains(problems, item => item.Sentence.Contains("uuids are those of ha.conf.example", StringComparison.Ordinal));
        Assert.Contains(problems, item => item.Sentence.Contains("network for documentation", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("8.8.8.8", "in no network of the hosts")]
    [InlineData("10.20.30.255", "broadcast address")]
    [InlineData("10.20.30.0", "network's own")]
    [InlineData("10.20.30.1", null)]
    public void Check_AGatewayThatIsNone_IsAWarning(string gateway, string? expected)
    {
        var text = ConfigText.Good.Replace("192.0.2.1, 192.0.2.2", gateway, StringComparison.Ordinal).Replace("192.0.2.", "10.20.30.", StringComparison.Ordinal);
        var items = Checks.Run(ConfigText.Parse(text), null, null, null).Items.Where(item => item.Name == "gateway").ToList();

        if (expected is null)
        {
            Assert.Empty(items);
        }
        else
        {
            Assert.Contains(expected, Assert.Single(items).Sentence, StringComparison.Ordinal);
        }
    }
}
