using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Setup;
using TwoNodeHa.Ctl.Simulation;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What is asked of <c>simulate</c>.</summary>
/// <param name="Sentences">The story.</param>
/// <param name="Incident">File of an incident to play instead; null for none.</param>
/// <param name="Until">How long the run goes on behind the last event.</param>
/// <param name="Html">File for a page; null for none.</param>
internal sealed record SimulateWishes(IReadOnlyList<string> Sentences, string? Incident, TimeSpan Until, string? Html);

/// <summary><c>simulate</c>: a story played on this very site in the simulated world. Asks the daemon what there is, and touches nothing.</summary>
internal static class SimulateVerb
{
    /// <summary>Two journals in full, and room.</summary>
    private const long IncidentBytesMax = 32 * 1024 * 1024;

    public static int Run(CtlContext context, GlobalOptions options, SimulateWishes wishes)
    {
        if ((wishes.Incident is null) == (wishes.Sentences.Count == 0))
        {
            return Fail(context, options, ExitCode.Usage, "give a story, \"power off beta\", or an incident, --incident FILE");
        }

        return wishes.Incident is { } file ? Replay(context, options, wishes, file) : Story(context, options, wishes);
    }

    /// <summary>An incident as it is in its file: no daemon is asked, and the hosts need not be here.</summary>
    private static int Replay(CtlContext context, GlobalOptions options, SimulateWishes wishes, string file)
    {
        try
        {
            if (new FileInfo(file).Length > IncidentBytesMax)
            {
                return Fail(context, options, ExitCode.Refused, $"{file} is larger than any incident: take a shorter stretch");
            }

            var text = File.ReadAllText(file);
            var bundle = IncidentBundle.Parse(file, text);
            var scenario = bundle.ToScenario(file, "incident", text);
            return Played(context, options, wishes, new ScenarioRun(scenario, new Variant(0, scenario.LinkCounts[0])).Run(), [.. bundle.Notes], bundle);
        }
        catch (ScenarioException failure)
        {
            return Fail(context, options, ExitCode.Refused, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(context, options, ExitCode.LocalFailure, $"{file} cannot be read: {failure.Message}");
        }
    }

    private static int Story(CtlContext context, GlobalOptions options, SimulateWishes wishes)
    {
        if (StoryReader.Read(wishes.Sentences, out var trouble) is not { } moves)
        {
            return Fail(context, options, ExitCode.Usage, trouble);
        }

        var parsed = LocalConfigFile.Parse(options.ConfigFile);
        if (parsed.Config is not { } config)
        {
            return Fail(context, options, ExitCode.Findings, "the configuration has errors, so nothing can be simulated: ha-ctl check --file-only names them");
        }

        var socket = LocalConfigFile.ControlSocket(options);
        var exchange = ControlClient.Ask(socket, new ControlRequest.Vms(), options.Timeout);
        if (exchange.Answer?.Vms is not { } vms)
        {
            return Fail(context, options, exchange.Answer is null ? exchange.ExitCode : ExitCode.Refused, exchange.Answer?.Text ?? exchange.Trouble);
        }

        exchange = ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout);
        if (exchange.Answer?.Status is not { } status)
        {
            return Fail(context, options, exchange.Answer is null ? exchange.ExitCode : ExitCode.Refused, exchange.Answer?.Text ?? exchange.Trouble);
        }

        if (vms.FactsAgeSeconds is null)
        {
            return Fail(context, options, ExitCode.Refused, "the toolstack's database was not read yet, so the VMs are not known: ha-ctl status says what the toolstack does");
        }

        if (vms.Vms.IsEmpty)
        {
            return Fail(context, options, ExitCode.Refused, "the pool has no VMs, so there is nothing that a failure could stop");
        }

        var notes = new List<string>();
        var scenario = new Scenario
        {
            File = "simulate",
            Name = "simulate",
            Story = string.Join("; ", moves.Select(move => $"at {Times.Text(move.At)}: {move.What.Text}")),
            Site = SiteReader.Of(config, vms, status, notes),
            Moves = moves,
            Expected = [],
            End = moves[^1].At + wishes.Until,
        };
        try
        {
            return Played(context, options, wishes, new ScenarioRun(scenario, new Variant(0, config.Links.Length)).Run(), notes, null);
        }
        catch (ScenarioException failure)
        {
            return Fail(context, options, ExitCode.Usage, moves.Count == 1 ? failure.Reason : string.Create(CultureInfo.InvariantCulture, $"sentence {failure.Line}: {failure.Reason}"));
        }
        catch (InvalidDataException failure)
        {
            return Fail(context, options, ExitCode.Refused, failure.Message);
        }
    }

    private static int Played(CtlContext context, GlobalOptions options, SimulateWishes wishes, ScenarioResult run, List<string> notes, IncidentBundle? bundle)
    {
        // A broken promise is in the outcome; what is left is that the simulated pool did not come up.
        if (run.Trace.Count == 0)
        {
            return Fail(context, options, ExitCode.Refused, string.Join("; ", run.Failures));
        }

        var outcome = Outcome.Of(run);
        var pairs = bundle is null ? [] : IncidentText.Pairs(bundle, run);
        var differs = pairs.Exists(pair => pair.Then is null || pair.Now is null);
        if (wishes.Html is { } file)
        {
            try
            {
                HostSetup.Put(Path.GetFullPath(file), SimulateText.Html(run, outcome, notes), keepOld: false);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return Fail(context, options, ExitCode.LocalFailure, $"{file} cannot be written: {failure.Message}");
            }
        }

        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "simulate",
            ExitCode = outcome.Broken.IsEmpty && !differs ? ExitCode.Ok : ExitCode.Findings,
            Text = options.Json ? SimulateText.Verdict(outcome, run.End) : "",
            Simulation = new SimulationJson(
                [.. run.Trace.Select(entry => new HappenedJson(Math.Round(entry.Time, 3), entry.Who, entry.Text))],
                [.. outcome.Vms.Select(vm => new VmOutcomeJson(vm.Name, vm.WasOn, Math.Round(vm.DownSeconds, 3), vm.On))],
                outcome.Broken,
                [.. notes]),
            Replay = bundle is null ? null
                : [.. pairs.Select(pair => new ReplayJson((pair.Then ?? pair.Now)!.Host, (pair.Then ?? pair.Now)!.What, (pair.Then ?? pair.Now)!.Rule, pair.Then?.Seconds, pair.Now?.Seconds))],
            Human = options.Json ? "" : bundle is null ? SimulateText.Render(run, outcome, notes, context.Screen)
                : IncidentText.Replayed(bundle, pairs, run, context.Screen) + SimulateText.Render(run, outcome, [], context.Screen),
        });
    }

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "simulate", ExitCode = code, Text = sentence });
}
