using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[alerts]</c> section.</summary>
internal sealed class AlertsReader(IniDocument document, FindingList findings)
{
    private const string HookKey = "hook";
    private const string MetricsKey = "metrics_file";
    private const string OtlpKey = "otlp_endpoint";
    private const string OtlpCaKey = "otlp_ca_file";

    private readonly SectionReader _reader = new(document.Find("alerts"), findings);

    public AlertsConfig Read()
    {
        var standard = new AlertsConfig();
        var alerts = new AlertsConfig
        {
            Xapi = _reader.Word("xapi", standard.Xapi, ("yes", true), ("no", false)),
            XapiFields = _reader.Word("xapi_fields", standard.XapiFields, ("yes", true), ("no", false)),
            Hook = Path(HookKey, "of a program"),
            HookFrom = _reader.Word("hook_from", standard.HookFrom, ("notice", HookFrom.Notice), ("warning", HookFrom.Warning),
                ("error", HookFrom.Error), ("critical", HookFrom.Critical)),
            HookTimeout = _reader.Seconds("hook_timeout_seconds", standard.HookTimeout, 1, 300),
            MetricsFile = Path(MetricsKey, "of a file"),
            OtlpEndpoint = Endpoint(),
            OtlpCaFile = Path(OtlpCaKey, "of a file"),
            OtlpInterval = _reader.Seconds("otlp_interval_seconds", standard.OtlpInterval, 5, 3600),
        };
        CheckOtlp(alerts);
        if (alerts.MetricsFile.Length > 0 && !alerts.MetricsFile.EndsWith(".prom", StringComparison.Ordinal))
        {
            _reader.Warning(MetricsKey, "does not end with .prom: node_exporter reads no other files");
        }

        return alerts;
    }

    /// <summary>An address and no name: a resolver may hang, and dom0 often has none that works when the network is half gone.</summary>
    private string Endpoint()
    {
        if (_reader.Text(OtlpKey, emptyAllowed: true) is not { Length: > 0 } text)
        {
            return "";
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length + uri.Fragment.Length + uri.UserInfo.Length > 0)
        {
            _reader.Error(OtlpKey, $"\"{text}\" is no address of a collector: write http://192.0.2.40:4318 or https://192.0.2.40:4318");
            return "";
        }

        if (!IPAddress.TryParse(uri.DnsSafeHost, out _))
        {
            _reader.Error(OtlpKey, $"\"{uri.DnsSafeHost}\" is a name: write the collector's IP address");
            return "";
        }

        if (uri.AbsolutePath.TrimEnd('/').EndsWith("/v1/metrics", StringComparison.Ordinal) || uri.AbsolutePath.TrimEnd('/').EndsWith("/v1/logs", StringComparison.Ordinal))
        {
            _reader.Error(OtlpKey, "ends with /v1/metrics or /v1/logs: leave that out, it is added");
            return "";
        }

        return uri.AbsoluteUri.TrimEnd('/') + "/";
    }

    private void CheckOtlp(AlertsConfig alerts)
    {
        var secure = alerts.OtlpEndpoint.StartsWith("https:", StringComparison.Ordinal);
        if (secure && alerts.OtlpCaFile.Length == 0)
        {
            _reader.Error(OtlpKey, $"is https, and the certificate is not known: write {OtlpCaKey} = a file with the collector's certificate or its issuer's (PEM)");
        }
        else if (!secure && alerts.OtlpCaFile.Length > 0)
        {
            _reader.Warning(OtlpCaKey, $"is not used: {OtlpKey} is not https");
        }

        if (alerts.OtlpEndpoint.StartsWith("http", StringComparison.Ordinal) && new Uri(alerts.OtlpEndpoint).Port == 4317)
        {
            _reader.Warning(OtlpKey, "port 4317 is usually OTLP by gRPC, which is not spoken: OTLP/HTTP is on 4318");
        }
    }

    private string Path(string key, string what)
    {
        if (_reader.Text(key, emptyAllowed: true) is not { Length: > 0 } text)
        {
            return "";
        }

        if (text.StartsWith('/') && !text.EndsWith('/'))
        {
            return text;
        }

        _reader.Error(key, $"\"{text}\" is not an absolute path {what}: write one, without arguments, or nothing");
        return "";
    }
}
