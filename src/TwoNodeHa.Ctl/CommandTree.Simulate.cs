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
            Arity = ArgumentArity.OneOrMore,
        };
        var until = new Option<string>("--until") { Description = "Go on that long after the last event: 90s, 30m, 2h", HelpName = "DURATION", DefaultValueFactory = static _ => "30m" };
        until.CompletionSources.Add("90s", "30m", "2h");
        var html = new Option<string?>("--html") { Description = "Write a page with the picture of the run too", HelpName = "FILE" };
        var command = new Verb("simulate", "Play a failure on this very site in the simulator; touches nothing", VerbGroup.Look) { story, until, html };
        command.SetAction(parsed => DurationText.Parse(parsed.GetValue(until)!, out var problem) is { } seconds
            ? SimulateVerb.Run(_context, Global(parsed), new SimulateWishes(parsed.GetValue(story)!, TimeSpan.FromSeconds(Math.Min(seconds, 86_400)), parsed.GetValue(html)))
            : OrderVerb.NotConfirmed(_context, Global(parsed), "simulate", "--until: " + problem));
        return Shown(command, "ha-ctl simulate \"power off beta\"", "ha-ctl simulate \"pull cable of alpha\" \"at 2min: plug cable of alpha\" --html /tmp/cable.html");
    }
}
