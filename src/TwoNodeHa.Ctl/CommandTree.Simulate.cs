using System.CommandLine;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <content>Stories that are only played.</content>
internal sealed partial class CommandTree
{
    private Verb Simulate()
    {
        var story = new Argument<string[]>("STORY")
        {
            Description = "What happens, in the words of docs/scenario-verbs.md; 'at 60s: ' in front says when",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var incident = new Option<string?>("--incident") { Description = "Play an incident that ha-ctl incident export wrote, and compare; needs no daemon", HelpName = "FILE" };
        var until = new Option<string>("--until") { Description = "Go on that long after the last event: 90s, 30m, 2h", HelpName = "DURATION", DefaultValueFactory = static _ => "30m" };
        until.CompletionSources.Add("90s", "30m", "2h");
        var html = new Option<string?>("--html") { Description = "Write a page with the picture of the run too", HelpName = "FILE" };
        var command = new Verb("simulate", "Play a failure on this very site in the simulator; touches nothing", VerbGroup.Look) { story, incident, until, html };
        command.SetAction(parsed => DurationText.Parse(parsed.GetValue(until)!, out var problem) is { } seconds
            ? SimulateVerb.Run(_context, Global(parsed), new SimulateWishes(parsed.GetValue(story)!, parsed.GetValue(incident), TimeSpan.FromSeconds(Math.Min(seconds, 86_400)), parsed.GetValue(html)))
            : OrderVerb.NotConfirmed(_context, Global(parsed), "simulate", "--until: " + problem));
        return Shown(command, "ha-ctl simulate \"power off beta\"", "ha-ctl simulate \"pull cable of alpha\" \"at 2min: plug cable of alpha\" --html /tmp/cable.html",
            "ha-ctl simulate --incident twonodeha-incident-20261130T091205Z.json");
    }

    private Verb Incident()
    {
        var what = new Argument<string>("what")
        {
            Description = "An id (E20), a time in UTC, or a name in a sentence, as for explain; default: the newest decision",
            DefaultValueFactory = static _ => "",
        };
        var since = new Option<string?>("--since") { Description = "Begin, instead of an event: 2026-11-30T09:12:00Z, 09:12 (UTC), or how long ago, 2h", HelpName = "TIME" };
        var until = new Option<string?>("--until") { Description = "End, likewise; default: now", HelpName = "TIME" };
        var file = new Option<string?>("--out") { Description = "Where to write it; default: a file here, named by the time", HelpName = "FILE" };
        var with = new Option<string?>("--with") { Description = "Events of the other host in a file, instead of asking for them", HelpName = "FILE" };
        var ssh = Ssh();
        var alone = new Option<bool>("--alone") { Description = "This host's journal only" };
        var addresses = new Option<bool>("--keep-addresses") { Description = "Leave real addresses in it" };
        var export = new Command("export", "Write both journals of an incident as a scenario that can be played") { what, since, until, file, with, ssh, alone, addresses };
        export.SetAction(parsed => IncidentVerb.Export(_context, Global(parsed), new ExportWishes(parsed.GetValue(what) ?? "", parsed.GetValue(since), parsed.GetValue(until),
            parsed.GetValue(file), parsed.GetValue(with), parsed.GetValue(ssh), parsed.GetValue(alone), parsed.GetValue(addresses))));
        return Shown(new Verb("incident", "Take an incident along: both journals as a scenario, without keys and addresses", VerbGroup.Look) { export },
            "ha-ctl incident export                          # around the newest decision", "ha-ctl incident export --since 09:00 --until 09:30 --out night.json");
    }
}
