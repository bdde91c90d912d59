using System.Collections.Immutable;
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
        var (peer, clock) = wishes.Alone ? (null, "the other host's journal was left out") : PeerJournal.Read(context, options, wishes.With, wishes.Ssh, status?.PeerHost ?? "peer");
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

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "explain", ExitCode = code, Text = sentence });
}
