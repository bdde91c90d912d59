using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>Journals of a scenario's golden log: what the real decision code said.</summary>
internal static class GoldenJournal
{
    /// <summary>When the scenario begins, Unix milliseconds.</summary>
    public const long Epoch = 1_790_000_000_000;

    /// <param name="scenario">Folder and name.</param>
    /// <param name="host">a or b.</param>
    /// <param name="variant">Which of its runs.</param>
    public static ImmutableArray<EventLine> Of(string scenario, string host, int variant = 0)
    {
        var events = ImmutableArray.CreateBuilder<EventLine>();
        var run = -1;
        foreach (var line in File.ReadLines(CtlRun.RepositoryFile($"sim/scenarios/{scenario}.log")))
        {
            run += line.StartsWith("==", StringComparison.Ordinal) ? 1 : 0;
            var words = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            if (run == variant && words.Length == 3 && words[1] == host && words[2].TrimStart() is ['[', ..] text)
            {
                var end = text.IndexOf(']', StringComparison.Ordinal);
                events.Add(new EventLine(
                    Epoch + (long)(1000 * double.Parse(words[0], CultureInfo.InvariantCulture)), int.Parse(text[1..end], CultureInfo.InvariantCulture), "notice", text[(end + 2)..]));
            }
        }

        return events.ToImmutable();
    }

    /// <summary>As <c>ha-ctl events --json</c> prints them.</summary>
    public static string Printed(EventLine[] events) =>
        JsonSerializer.Serialize(new CtlReport { Verb = "events", ExitCode = 0, Text = "", Events = events }, CtlJson.Default.CtlReport);
}
