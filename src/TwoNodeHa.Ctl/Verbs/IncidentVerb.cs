using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Incidents;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What the command line of <c>incident export</c> says.</summary>
/// <param name="What">An event, a time or a VM, as for <c>explain</c>; empty for the newest decision.</param>
/// <param name="Since">Begin of the stretch, a time or how long ago; null: as <c>explain</c> shows it.</param>
/// <param name="Until">Its end.</param>
/// <param name="Out">File; null for one in the present directory, named by its time.</param>
/// <param name="With">Events of the other host in a file; null: asked for by ssh.</param>
/// <param name="Ssh">Where ssh finds the other host; null: its management address.</param>
/// <param name="Alone">This host's journal only.</param>
/// <param name="KeepAddresses">Addresses are not replaced.</param>
internal sealed record ExportWishes(string What, string? Since, string? Until, string? Out, string? With, string? Ssh, bool Alone, bool KeepAddresses);

/// <summary><c>incident export</c>: both journals as a file that can be played.</summary>
internal static class IncidentVerb
{
    public static int Export(CtlContext context, GlobalOptions options, ExportWishes wishes)
    {
        if (LocalConfigFile.Read(options.ConfigFile, out var trouble) is not { } config)
        {
            return Fail(context, options, ExitCode.LocalFailure, $"the configuration cannot be read: {trouble}");
        }

        if (Asked(options, out var failed) is not var (own, status, vms))
        {
            return Fail(context, options, failed.Code, failed.Text);
        }

        var (peer, clock) = wishes.Alone ? (null, "the other host's journal was left out") : PeerJournal.Read(context, options, wishes.With, wishes.Ssh, status.PeerHost);
        ImmutableArray<Journal> journals = [new Journal(status.Host, own), .. peer is null ? ImmutableArray<Journal>.Empty : [peer]];
        if (Stretch(context, journals, wishes, out trouble) is not var (from, to))
        {
            return Fail(context, options, wishes.Since is null && wishes.Until is null ? ExitCode.Refused : ExitCode.Usage, trouble);
        }

        var written = typeof(IncidentVerb).Assembly.GetName().Version?.ToString(3) ?? "unknown";
        if (BundleWriter.Of(new IncidentSource(journals, from, to, config, vms, status, written, wishes.KeepAddresses), out trouble) is not { } bundle)
        {
            return Fail(context, options, ExitCode.Refused, trouble);
        }

        bundle = bundle with { Notes = bundle.Notes.Insert(0, clock) };
        var file = wishes.Out ?? $"twonodeha-incident-{bundle.Begins.Replace(":", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).Replace(' ', 'T')}.json";
        try
        {
            HostSetup.Put(Path.GetFullPath(file), bundle.ToText(), keepOld: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(context, options, ExitCode.LocalFailure, $"{file} cannot be written: {failure.Message}");
        }

        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "incident",
            ExitCode = ExitCode.Ok,
            Text = options.Json ? bundle.Story : "",
            Incident = new IncidentReportJson(file, [.. bundle.Events.SelectMany(one => one).Select(pair => $"{pair.Key}: {pair.Value}")],
                [.. bundle.Decisions.Select(one => new ReplayJson(one.Host, one.What, one.Rule, one.Seconds, null))],
                [.. bundle.Journal.Where(line => line.Part == "not mapped").Select(line => new HappenedJson(line.Seconds, line.Host, line.Sentence))], bundle.Notes),
            Human = options.Json ? "" : IncidentText.Exported(bundle, file, context.Screen),
        });
    }

    private static (ImmutableArray<EventLine> Events, StatusReport Status, VmReport Vms)? Asked(GlobalOptions options, out (int Code, string Text) failed)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        var (events, status, vms) = (ControlClient.Ask(socket, new ControlRequest.Events(), options.Timeout),
            ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout), ControlClient.Ask(socket, new ControlRequest.Vms(), options.Timeout));
        if (events.Answer?.Events is { } own && status.Answer?.Status is { } now && vms.Answer?.Vms is { Vms.IsEmpty: false } list)
        {
            failed = default;
            return ([.. own], now, list);
        }

        var bad = events.Answer?.Events is null ? events : status.Answer?.Status is null ? status : vms;
        failed = bad.Answer is null ? (bad.ExitCode, bad.Trouble)
            : (ExitCode.Refused, bad.Answer.Text.Length > 0 ? bad.Answer.Text : "the daemon does not know the pool's VMs yet: try again when the toolstack answers");
        return null;
    }

    /// <summary>The stretch of time, in the clock of this host; null, with the reason, when it is none.</summary>
    private static (long From, long To)? Stretch(CtlContext context, ImmutableArray<Journal> journals, ExportWishes wishes, out string trouble)
    {
        if (wishes.Since is null && wishes.Until is null)
        {
            return Incident.Of(journals, wishes.What, out trouble) is { } incident ? (incident.FromMs, incident.ToMs) : null;
        }

        trouble = wishes.What.Length > 0 ? "give an event, or --since and --until, not both" : "";
        var now = context.Wall.GetUtcNow();
        var from = wishes.Since is null ? 0 : Time(wishes.Since, now);
        var to = wishes.Until is null ? now.ToUnixTimeMilliseconds() : Time(wishes.Until, now);
        if (trouble.Length == 0 && (from is null || to is null))
        {
            trouble = $"'{(from is null ? wishes.Since : wishes.Until)}' is no time: write 2026-11-30T09:12:00Z, 09:12 (UTC, the last one) or how long ago, 2h";
        }
        else if (trouble.Length == 0 && from >= to)
        {
            trouble = "--since must lie before --until";
        }

        return trouble.Length > 0 ? null : (from!.Value, to!.Value);
    }

    private static long? Time(string text, DateTimeOffset now)
    {
        if (DurationText.Parse(text, out _) is { } ago)
        {
            return now.AddSeconds(-ago).ToUnixTimeMilliseconds();
        }

        if (TimeSpan.TryParseExact(text.TrimEnd('Z'), [@"h\:mm", @"h\:mm\:ss"], CultureInfo.InvariantCulture, out var time))
        {
            var at = now - now.TimeOfDay + time;
            return (at > now ? at.AddDays(-1) : at).ToUnixTimeMilliseconds();
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date.ToUnixTimeMilliseconds() : null;
    }

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "incident", ExitCode = code, Text = sentence });
}
