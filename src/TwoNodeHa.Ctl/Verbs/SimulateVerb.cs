using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Setup;
using TwoNodeHa.Ctl.Simulation;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What is asked of <c>simulate</c>.</summary>
/// <param name="Sentences">The story.</param>
/// <param name="Until">How long the run goes on behind the last event.</param>
/// <param name="Html">File for a page; null for none.</param>
internal sealed record SimulateWishes(IReadOnlyList<string> Sentences, TimeSpan Until, string? Html);

/// <summary><c>simulate</c>: a story played on this very site in the simulated world. Asks the daemon what there is, and touches nothing.</summary>
internal static class SimulateVerb
{
    public static int Run(CtlContext context, GlobalOptions options, SimulateWishes wishes)
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
            return Played(context, options, wishes, new ScenarioRun(scenario, new Variant(0, config.Links.Length)).Run(), notes);
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

    private static int Played(CtlContext context, GlobalOptions options, SimulateWishes wishes, ScenarioResult run, List<string> notes)
    {
        // A broken promise is in the outcome; what is left is that the simulated pool did not come up.
        if (run.Trace.Count == 0)
        {
            return Fail(context, options, ExitCode.Refused, string.Join("; ", run.Failures));
        }

        var outcome = Outcome.Of(run);
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
            ExitCode = outcome.Broken.IsEmpty ? ExitCode.Ok : ExitCode.Findings,
            Text = options.Json ? SimulateText.Verdict(outcome, run.End) : "",
            Simulation = new SimulationJson(
                [.. run.Trace.Select(entry => new HappenedJson(Math.Round(entry.Time, 3), entry.Who, entry.Text))],
                [.. outcome.Vms.Select(vm => new VmOutcomeJson(vm.Name, vm.WasOn, Math.Round(vm.DownSeconds, 3), vm.On))],
                outcome.Broken,
                [.. notes]),
            Human = options.Json ? "" : SimulateText.Render(run, outcome, notes, context.Screen),
        });
    }

    private static int Fail(CtlContext context, GlobalOptions options, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "simulate", ExitCode = code, Text = sentence });
}
