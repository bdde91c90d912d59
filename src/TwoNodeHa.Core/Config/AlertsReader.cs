namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[alerts]</c> section.</summary>
internal sealed class AlertsReader(IniDocument document, FindingList findings)
{
    private const string HookKey = "hook";
    private const string MetricsKey = "metrics_file";

    private readonly SectionReader _reader = new(document.Find("alerts"), findings);

    public AlertsConfig Read()
    {
        var standard = new AlertsConfig();
        var alerts = new AlertsConfig
        {
            Xapi = _reader.Word("xapi", standard.Xapi, ("yes", true), ("no", false)),
            Hook = Path(HookKey, "of a program"),
            HookFrom = _reader.Word("hook_from", standard.HookFrom, ("notice", HookFrom.Notice), ("warning", HookFrom.Warning),
                ("error", HookFrom.Error), ("critical", HookFrom.Critical)),
            HookTimeout = _reader.Seconds("hook_timeout_seconds", standard.HookTimeout, 1, 300),
            MetricsFile = Path(MetricsKey, "of a file"),
        };
        if (alerts.MetricsFile.Length > 0 && !alerts.MetricsFile.EndsWith(".prom", StringComparison.Ordinal))
        {
            _reader.Warning(MetricsKey, "does not end with .prom: node_exporter reads no other files");
        }

        return alerts;
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
