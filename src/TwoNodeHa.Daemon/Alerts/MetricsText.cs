using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>Metrics in Prometheus' text format: each with its help and type.</summary>
internal static class MetricsText
{
    /// <summary>The whole file; parameters as of <see cref="Metrics.Of"/>.</summary>
    public static string Render(StatusReport status, IReadOnlyDictionary<int, long> events, string version, double unixSeconds)
    {
        var text = new StringBuilder(8192);
        foreach (var metric in Metrics.Of(status, events, version, unixSeconds))
        {
            text.Append("# HELP ").Append(metric.Name).Append(' ').Append(metric.Help).Append('\n');
            text.Append("# TYPE ").Append(metric.Name).Append(metric.IsCounter ? " counter\n" : " gauge\n");
            foreach (var sample in metric.Samples)
            {
                text.Append(metric.Name);
                if (sample.Labels.Length > 0)
                {
                    text.Append('{').AppendJoin(',', sample.Labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\"")).Append('}');
                }

                text.Append(' ').Append(sample.Value.ToString("0.######", CultureInfo.InvariantCulture)).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Escaped(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
