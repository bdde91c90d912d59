using System.Collections.Immutable;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Drills;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What the command line of a drill says beside what is drilled.</summary>
/// <param name="Sure">The confirmation is there.</param>
/// <param name="Limit">Longest wait for a step, as typed.</param>
/// <param name="With">Events of the other host in a file; null: asked for by ssh.</param>
/// <param name="Ssh">Where ssh finds the other host; null: its management address.</param>
/// <param name="Alone">This host's journal only.</param>
/// <param name="Html">File for a page; null for none.</param>
internal sealed record DrillHow(bool Sure, string Limit, string? With, string? Ssh, bool Alone, string? Html);

/// <summary><c>drill</c>: looks, refuses, announces, plays, and certifies.</summary>
internal static class DrillVerb
{
    /// <summary>What each drill would do here now, and what was measured so far.</summary>
    public static int Look(CtlContext context, GlobalOptions options)
    {
        if (Site.Read(context, options, out var code) is not { } site)
        {
            return code;
        }

        var (here, there) = (site.Status.Host, site.Status.PeerHost);
        DrillWish[] wishes = [new(DrillKind.Handover, here), new(DrillKind.Fence, here), new(DrillKind.Failover, there)];
        var sights = wishes.Select(wish => new DrillSight(wish,
            DrillRules.Announce(wish, site.Status, site.Vms, site.Config), DrillRules.WhyNot(wish, site.Status, site.Vms, site.Config))).ToList();
        var kill = KillBoundAdvice.Of(site.Config, ControlClient.Ask(site.Socket, new ControlRequest.Events(), options.Timeout).Answer?.Events ?? []);
        var may = sights[0].InTheWay.IsEmpty;
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "drill",
            ExitCode = may ? ExitCode.Ok : ExitCode.Refused,
            Text = may ? "" : "no drill may begin now: " + sights[0].InTheWay[0].Sentence,
            Drill = DrillText.Json("look", sights[0], here, there) with { KillBound = DrillText.Json(kill) },
            Human = options.Json ? "" : DrillText.Look(sights, kill, site.Status, context.Screen),
        });
    }

    /// <summary>One drill.</summary>
    public static int Run(CtlContext context, GlobalOptions options, DrillWish wish, DrillHow how)
    {
        if (DurationText.Parse(how.Limit, out var problem) is not { } seconds)
        {
            return Fail(context, options, ExitCode.Usage, "--limit: " + problem);
        }

        if (Site.Read(context, options, out var code) is not { } site)
        {
            return code;
        }

        wish = wish.Host.Length == 0 ? wish with { Host = site.Status.Host } : wish;
        var sight = new DrillSight(wish, [], DrillRules.WhyNot(wish, site.Status, site.Vms, site.Config));
        var survivor = wish.Host == site.Status.Host ? site.Status.PeerHost : site.Status.Host;
        if (!sight.InTheWay.IsEmpty)
        {
            return Printer.Print(context, options.Json, new CtlReport
            {
                Verb = "drill", ExitCode = ExitCode.Refused, Text = DrillText.Refusal(sight.InTheWay), Drill = DrillText.Json(DrillText.Word(wish.Kind), sight, wish.Host, survivor),
            });
        }

        sight = sight with { Plan = DrillRules.Announce(wish, site.Status, site.Vms, site.Config) };
        var talk = new DrillTalk(context, options.Json);
        foreach (var line in sight.Plan)
        {
            talk.Say("- " + line);
        }

        if (!how.Sure)
        {
            return Printer.Print(context, options.Json, new CtlReport
            {
                Verb = "drill", ExitCode = ExitCode.Usage, Text = "nothing was done yet; to do it, add --yes",
                Drill = DrillText.Json(DrillText.Word(wish.Kind), sight, wish.Host, survivor),
            });
        }

        using var interrupts = new Interrupts(context.Interrupted);
        var end = new DrillRun(context, options, site.Socket, talk, TimeSpan.FromSeconds(seconds), interrupts.Token).Play(wish, site.Status);
        if (end.BeginMs is not { } begin)
        {
            return Fail(context, options, end.ExitCode, string.Join("\n", [.. end.Troubles, end.Text]));
        }

        var (journals, clock) = Journals(context, options, site, interrupts.Token.IsCancellationRequested ? how with { Alone = true } : how);
        var evidence = new DrillEvidence { Kind = wish.Kind, Host = wish.Host, Survivor = survivor, BeginMs = begin, Journals = journals };
        return Certify(context, options, site, sight, (evidence, clock), end, how.Html);
    }

    /// <summary>The newest drill or failover of the journals.</summary>
    public static int Report(CtlContext context, GlobalOptions options, DrillHow how)
    {
        if (Site.Read(context, options, out var code) is not { } site)
        {
            return code;
        }

        var (journals, clock) = Journals(context, options, site, how);
        return DrillFinder.Newest(journals, (site.Status.Host, site.Status.PeerHost), site.Config) is not { } evidence
            ? Fail(context, options, ExitCode.Refused, "the journals tell of no drill and of no failover; see what can be drilled: ha-ctl drill")
            : Certify(context, options, site, new DrillSight(new DrillWish(evidence.Kind, evidence.Host), [], []), (evidence, clock), new DrillEnd(ExitCode.Ok, evidence.BeginMs, [], ""), how.Html);
    }

    private static int Certify(
        CtlContext context, GlobalOptions options, Site site, DrillSight sight, (DrillEvidence Evidence, string Clock) known, DrillEnd end, string? html)
    {
        var certificate = DrillCertificate.Of(known.Evidence, site.Config, [.. end.Troubles]);
        certificate = certificate with { Caveats = [.. certificate.Caveats, known.Clock] };
        var exit = end.ExitCode != ExitCode.Ok ? end.ExitCode : certificate.Passed ? ExitCode.Ok : ExitCode.Findings;
        var text = end.Text;
        if (html is { } file)
        {
            try
            {
                HostSetup.Put(Path.GetFullPath(file), DrillText.Html(certificate, site.Config, site.Status), keepOld: false);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                (exit, text) = (ExitCode.LocalFailure, $"{text}\n{file} cannot be written: {failure.Message}".TrimStart());
            }
        }

        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "drill",
            ExitCode = exit,
            Text = options.Json && text.Length == 0 ? certificate.Verdict : text,
            Drill = DrillText.Json(DrillText.Json(DrillText.Word(sight.Wish.Kind), sight, known.Evidence.Host, known.Evidence.Survivor), certificate),
            Human = options.Json ? "" : DrillText.Render(certificate, site.Config, site.Status, context.Screen),
        });
    }

    private static (ImmutableArray<Journal> Journals, string Clock) Journals(CtlContext context, GlobalOptions options, Site site, DrillHow how)
    {
        var own = new Journal(site.Status.Host, [.. ControlClient.Ask(site.Socket, new ControlRequest.Events(), options.Timeout).Answer?.Events ?? []]);
        var (peer, clock) = how.Alone ? (null, "the other host's journal was left out") : PeerJournal.Read(context, options, how.With, how.Ssh, site.Status.PeerHost);
        return (peer is null ? [own] : [own, peer], clock);
    }

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "drill", ExitCode = code, Text = sentence.Trim() });

    /// <summary>What every drill must know first.</summary>
    private sealed record Site(HaConfig Config, string Socket, StatusReport Status, VmReport Vms)
    {
        public static Site? Read(CtlContext context, GlobalOptions options, out int code)
        {
            code = ExitCode.Ok;
            var parsed = LocalConfigFile.Parse(options.ConfigFile);
            if (parsed.Config is not { } config)
            {
                code = Fail(context, options, ExitCode.Findings, $"the configuration has errors, so there is nothing to compare with: {parsed.Findings[0]}");
                return null;
            }

            var socket = options.Socket ?? config.Paths.ControlSocket;
            var status = ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout);
            var vms = status.Answer?.Status is null ? status : ControlClient.Ask(socket, new ControlRequest.Vms(), options.Timeout);
            if (status.Answer?.Status is { } now && vms.Answer?.Vms is { } all)
            {
                return new Site(config, socket, now, all);
            }

            var silent = status.Answer?.Status is null ? status : vms;
            code = Fail(context, options, silent.ExitCode == ExitCode.Ok ? ExitCode.Refused : silent.ExitCode, silent.Answer?.Text is { Length: > 0 } text ? text
                : silent.Trouble.Length > 0 ? silent.Trouble : "the daemon answered without a status (another version?)");
            return null;
        }
    }
}
