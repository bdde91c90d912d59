using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class AlertsReaderTests
{
    [Fact]
    public void Parse_EveryKey_IsTaken_AndTheHostsMayDiffer()
    {
        var config = ConfigText.GoodPlus("[alerts]\nxapi = no\nxapi_fields = yes\nhook = /srv/hook\nhook_from = error\nhook_timeout_seconds = 2.5\nmetrics_file = /srv/x.prom\n"
            + "otlp_endpoint = https://192.0.2.40:4318/tenant\notlp_ca_file = /srv/ca.pem\notlp_interval_seconds = 60\n");

        Assert.Equal(new AlertsConfig
        {
            Xapi = false, XapiFields = true, Hook = "/srv/hook", HookFrom = HookFrom.Error, HookTimeout = TimeSpan.FromSeconds(2.5), MetricsFile = "/srv/x.prom",
            OtlpEndpoint = "https://192.0.2.40:4318/tenant/", OtlpCaFile = "/srv/ca.pem", OtlpInterval = TimeSpan.FromMinutes(1),
        }, config.Alerts);
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
    [InlineData("xapi_fields = on", "alerts.xapi_fields", "not known")]
    [InlineData("hooks = /srv/hook", "alerts.hooks", "did you mean hook?")]
    [InlineData("otlp_endpoint = 192.0.2.40:4318", "alerts.otlp_endpoint", "no address of a collector")]
    [InlineData("otlp_endpoint = grpc://192.0.2.40:4317", "alerts.otlp_endpoint", "no address of a collector")]
    [InlineData("otlp_endpoint = http://user:secret@192.0.2.40:4318", "alerts.otlp_endpoint", "no address of a collector")]
    [InlineData("otlp_endpoint = http://collector:4318", "alerts.otlp_endpoint", "is a name")]
    [InlineData("otlp_endpoint = http://192.0.2.40:4318/v1/metrics", "alerts.otlp_endpoint", "leave that out")]
    [InlineData("otlp_endpoint = http://192.0.2.40:4317", "alerts.otlp_endpoint", "4318")]
    [InlineData("otlp_endpoint = https://192.0.2.40:4318", "alerts.otlp_endpoint", "otlp_ca_file")]
    [InlineData("otlp_ca_file = /srv/ca.pem", "alerts.otlp_ca_file", "is not used")]
    [InlineData("otlp_interval_seconds = 1", "alerts.otlp_interval_seconds", "out of range")]
    [InlineData("metrics_file = /srv/x.txt", "alerts.metrics_file", "does not end with .prom")]
    public void Parse_BadValue_NamesLineAndKey(string line, string key, string words)
    {
        var result = ConfigText.Parse(ConfigText.Good + "[alerts]\n" + line + "\n");
        Assert.Contains(result.Findings, finding => finding.Key == key && finding.Message.Contains(words, StringComparison.Ordinal) && finding.Line > 0);
    }
}
