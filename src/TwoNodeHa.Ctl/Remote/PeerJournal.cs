using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Remote;

/// <summary>The journal of the other host, by ssh or from a file, and how far its clock is off.</summary>
internal static class PeerJournal
{
    /// <summary>The other journal, and a sentence about the two clocks; null, with the reason in the sentence, when it cannot be had.</summary>
    /// <param name="context">Where ssh is run.</param>
    /// <param name="options">Where the configuration is.</param>
    /// <param name="with">Its events in a file; null: asked for by ssh.</param>
    /// <param name="ssh">Where ssh finds the other host; null: its management address.</param>
    /// <param name="name">Name of the other host.</param>
    public static (Journal? Journal, string Clock) Read(CtlContext context, GlobalOptions options, string? with, string? ssh, string name)
    {
        if (with is { } file)
        {
            return LocalConfigFile.Read(file, out var trouble) is not { } text ? (null, $"the journal in {file} cannot be read: {trouble}")
                : (new Journal(name, Parse(text, out var bad)), $"the clocks are taken as equal{Bad(file, bad)}");
        }

        var target = ssh;
        if (target is null)
        {
            if (LocalConfigFile.Read(options.ConfigFile, out var trouble) is not { } config || PeerHost.Of(options, config, out trouble) is not { } peer)
            {
                return (null, $"of this host alone: {trouble}");
            }

            target = Ssh.Root(peer.Address);
        }

        var before = context.Wall.GetUtcNow().ToUnixTimeMilliseconds();
        var result = Ssh.Run(context, target, "date +%s%3N; ha-ctl events --last 0 --json; date +%s%3N", "", Ssh.Limit);
        var after = context.Wall.GetUtcNow().ToUnixTimeMilliseconds();
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (!result.Succeeded || lines.Length < 2)
        {
            return (null, $"of this host alone: {name} ({target}) does not answer: {result.LastWord}");
        }

        var journal = new Journal(name, Parse(string.Join('\n', lines), out var odd));
        if (!Clock(lines[0], out var first) || !Clock(lines[^1], out var last))
        {
            return (journal, $"the clocks are taken as equal{Bad(target, odd)}");
        }

        // The first date was printed after the call began, the last one before it ended: the truth lies between the two bounds.
        var (low, high) = ((double)(last - after), (double)(first - before));
        var ahead = (low + Math.Max(low, high)) / 2;
        return (journal with { ClockAheadMs = ahead, ClockErrorMs = Math.Max(0, high - low) / 2 }, string.Create(CultureInfo.InvariantCulture,
            $"the clock of {name} is {Math.Abs(ahead) / 1000:0.00} s {(ahead < 0 ? "behind" : "ahead")}, ±{Math.Max(0, high - low) / 2000:0.00} s; times are of this host{Bad(target, odd)}"));
    }

    private static bool Clock(string line, out long unixMs) => long.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out unixMs);

    private static string Bad(string source, int bad) => bad == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {bad} lines of {source} were not understood");

    /// <summary>Lines of events.jsonl, or what <c>events --json</c> prints; a line that is neither costs itself.</summary>
    private static ImmutableArray<EventLine> Parse(string text, out int bad)
    {
        bad = 0;
        var events = ImmutableArray.CreateBuilder<EventLine>();
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith('{')))
        {
            try
            {
                var bytes = Encoding.UTF8.GetBytes(line);
                if (line.Contains("\"verb\"", StringComparison.Ordinal) && JsonSerializer.Deserialize(bytes, CtlJson.Default.CtlReport) is { Events: { } many })
                {
                    events.AddRange(many);
                }
                else if (JsonSerializer.Deserialize(bytes, ControlJson.Default.EventLine) is { Sentence: not null } one)
                {
                    events.Add(one);
                }
            }
            catch (JsonException)
            {
                bad++;
            }
        }

        return events.ToImmutable();
    }
}
