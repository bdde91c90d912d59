using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Alerts;

public sealed partial class MetricsTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Each_metric_has_help_and_type_once_before_its_samples()
    {
        var seen = new HashSet<string>();
        var (help, type) = ("", "");
        foreach (var line in Text().TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                help = line.Split(' ')[2];
                Assert.True(seen.Add(help), $"{help} twice");
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                type = line.Split(' ')[2];
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, line);
                Assert.Equal((sample.Groups["name"].Value, sample.Groups["name"].Value), (help, type));
            }
        }

        Assert.Contains("twonodeha_covered 0\n", Text(), StringComparison.Ordinal);
        Assert.Contains("twonodeha_vms_down 1\n", Text(), StringComparison.Ordinal);
        Assert.Contains("twonodeha_state{state=\"Paired\"} 1\n", Text(), StringComparison.Ordinal);
        Assert.Contains("twonodeha_events_total{id=\"20\",name=\"TakeoverDecided\"} 2\n", Text(), StringComparison.Ordinal);
        Assert.Contains("twonodeha_takeovers_total 2\n", Text(), StringComparison.Ordinal);
        Assert.Contains("peer=\"be\\\"ta\\\\\"", Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Prometheus_itself_finds_nothing_to_complain_about()
    {
        var promtool = RealPart.Require("promtool");
        using var process = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        process.StandardInput.Write(Text());
        process.StandardInput.Close();
        var said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, said.Trim()));
    }

    [Fact]
    public void The_file_is_replaced_whole_and_a_directory_that_is_gone_is_said_once()
    {
        var log = new ListLogger();
        Directory.CreateDirectory(_scratch["collector"]);
        using var file = new MetricsFile(Path.Combine(_scratch["collector"], "twonodeha.prom"), () => AlertSamples.Status, TimeProvider.System, log);
        file.Count(new HaEvent(HaEventId.TakeoverDecided, Severity.Critical, ""));
        file.Write();
        Assert.Equal(["twonodeha.prom"], Directory.GetFiles(_scratch["collector"]).Select(Path.GetFileName));
        Assert.Contains("twonodeha_takeovers_total 1\n", File.ReadAllText(Path.Combine(_scratch["collector"], "twonodeha.prom")), StringComparison.Ordinal);
        Directory.Delete(_scratch["collector"], recursive: true);
        file.Write();
        file.Write();
        Assert.Single(log.Lines);
    }

    [Fact]
    public void The_dashboard_asks_for_what_there_is()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "packaging", "grafana", "twonodeha.json"));
        using var dashboard = JsonDocument.Parse(text);
        var there = Sample().Matches(Text()).Select(match => match.Groups["name"].Value).ToHashSet();
        var asked = Asked().Matches(text).Select(match => match.Value).Distinct().ToList();
        Assert.True(asked.Count > 8);
        Assert.All(asked, name => Assert.True(there.Contains(name) || name is "twonodeha_takeover_in_seconds" or "twonodeha_third_party_works" or "twonodeha_loop_late_p99_seconds", name));
        Assert.All(dashboard.RootElement.GetProperty("panels").EnumerateArray(), panel => Assert.NotEqual(0, panel.GetProperty("targets").GetArrayLength()));
    }

    private static string Text() => MetricsText.Render(AlertSamples.Status, new Dictionary<int, long> { [20] = 2, [10] = 1 }, "1.2.3", 1_790_000_000.5);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TwoNodeHa.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex("""^(?<name>twonodeha_[a-z0-9_]+)(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.]+$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();

    [GeneratedRegex("twonodeha_[a-z0-9_]+")]
    private static partial Regex Asked();
}
