using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What the command line of <c>explain</c> says.</summary>
/// <param name="What">An event, a time or a VM; empty for the newest decision.</param>
/// <param name="With">Events of the other host in a file; null: asked for by ssh.</param>
/// <param name="Ssh">Where ssh finds the other host; null: its management address.</param>
/// <param name="Alone">This host's journal only.</param>
/// <param name="Html">File for a page; null for none.</param>
internal sealed record ExplainWishes(string What, string? With, string? Ssh, bool Alone, string? Html);

/// <summary><c>explain</c>: why something happened, from the journals of both hosts.</summary>
internal static class ExplainVerb
{
    public static int Run(CtlContext context, GlobalOptions options, ExplainWishes wishes)
    {
        var exchange = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Events(), options.Timeout);
        if (exchange.Answer is not { Ok: true, Events: { } own })
        {
            return Fail(context, options, exchange.ExitCode == ExitCode.Ok ? ExitCode.Refused : exchange.ExitCode, exchange.Answer?.Text ?? exchange.Trouble);
        }

        var status = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Status(), options.Timeout).Answer?.Status;
        var (peer, clock) = wishes.Alone ? (null, "the other host's journal was left out") : Peer(context, options, wishes, status?.PeerHost ?? "peer");
        ImmutableArray<Journal> journals = [new Journal(status?.Host ?? "here", [.. own]), .. peer is null ? ImmutableArray<Journal>.Empty : [peer]];
        if (Incident.Of(journals, wishes.What, out var trouble) is not { } incident)
        {
            return Fail(context, options, ExitCode.Refused, trouble);
        }

        if (wishes.Html is { } file)
        {
            try
            {
                HostSetup.Put(Path.GetFullPath(file), ExplainText.Html(incident, clock), keepOld: false);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return Fail(context, options, ExitCode.LocalFailure, $"{file} cannot be written: {failure.Message}");
            }
        }

        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "explain",
            ExitCode = ExitCode.Ok,
            Text = options.Json ? clock : "",
            Decisions = [.. incident.Decisions.Select(one => new DecisionJson(
                one.Event.UnixMs, one.Event.Host, one.Event.Line.Id, one.Event.Line.Sentence, one.Note.Rule, one.Note.Says, one.Note.Otherwise))],
            Caveats = incident.Caveats,
            Human = options.Json ? "" : ExplainText.Render(incident, clock, context.Screen),
        });
    }

    /// <summary>The other journal, and a sentence about the two clocks.</summary>
    private static (Journal? Journal, string Clock) Peer(CtlContext context, GlobalOptions options, ExplainWishes wishes, string name)
    {
        if (wishes.With is { } file)
        {
            return LocalConfigFile.Read(file, out var trouble) is not { } text ? (null, $"the journal in {file} cannot be read: {trouble}")
                : (new Journal(name, Parse(text, out var bad)), $"the clocks are taken as equal{Bad(file, bad)}");
        }

        var target = wishes.Ssh;
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
        return (journal with { ClockAheadMs = ahead }, string.Create(CultureInfo.InvariantCulture,
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

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "explain", ExitCode = code, Text = sentence });
}
