using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class AlertsReaderTests
{
    [Fact]
    public void Parse_EveryKey_IsTaken_AndTheHostsMayDiffer()
    {
        var config = ConfigText.GoodPlus("[alerts]\nxapi = no\nhook = /srv/hook\nhook_from = error\nhook_timeout_seconds = 2.5\nmetrics_file = /srv/x.prom\n");

        Assert.Equal(new AlertsConfig { Xapi = false, Hook = "/srv/hook", HookFrom = HookFrom.Error, HookTimeout = TimeSpan.FromSeconds(2.5), MetricsFile = "/srv/x.prom" }, config.Alerts);
        Assert.Equal(ConfigFingerprint.Of(ConfigText.GoodPlus("")), ConfigFingerprint.Of(config));
        Assert.Equal(new AlertsConfig(), ConfigText.GoodPlus("").Alerts);
    }

    [Theory]
    [InlineData("hook = hook.sh", "alerts.hook", "not an absolute path")]
    [InlineData("hook = /srv/hooks/", "alerts.hook", "not an absolute path")]
    [InlineData("metrics_file = x.prom", "alerts.metrics_file", "not an absolute path")]
    [InlineData("hook_timeout_seconds = 0", "alerts.hook_timeout_seconds", "out of range")]
    [InlineData("hook_from = fatal", "alerts.hook_from", "not known")]
    [InlineData("xapi = true", "alerts.xapi", "not known")]
    [InlineData("hooks = /srv/hook", "alerts.hooks", "did you mean hook?")]
    [InlineData("metrics_file = /srv/x.txt", "alerts.metrics_file", "does not end with .prom")]
    public void Parse_BadValue_NamesLineAndKey(string line, string key, string words)
    {
        var result = ConfigText.Parse(ConfigText.Good + "[alerts]\n" + line + "\n");
        Assert.Contains(result.Findings, finding => finding.Key == key && finding.Message.Contains(words, StringComparison.Ordinal) && finding.Line > 0);
    }
}
