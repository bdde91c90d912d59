using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <content>Maintenance of a host.</content>
internal sealed partial class CommandTree
{
    private Verb Maintenance() => Shown(
        new Verb("maintenance", "Empty this host and put it under a promise not to take over, or end that", VerbGroup.Operate)
        {
            MaintenanceOn(), MaintenanceOff(),
        },
        "ha-ctl maintenance on --reason \"new memory\"", "ha-ctl maintenance on --for 2h --wait 600", "ha-ctl maintenance off");

    private Command MaintenanceOn()
    {
        var duration = new Option<string?>("--for") { Description = "End it after this time: 90s, 30m, 2h, 1d", HelpName = "DURATION" };
        duration.CompletionSources.Add("90s", "30m", "2h", "1d");
        var reason = new Option<string>("--reason") { Description = "Shown in status", HelpName = "TEXT", DefaultValueFactory = static _ => "" };
        var keep = new Option<bool>("--keep-master") { Description = "A master stays master, through reboots too: for an update of the platform" };
        var wait = Wait();
        var command = new Command("on", "Migrate the VMs away, hand the mastership over, promise not to take over") { duration, reason, keep, wait };
        command.SetAction(parsed =>
        {
            var until = 0L;
            if (parsed.GetValue(duration) is { } text)
            {
                if (DurationText.Parse(text, out var problem) is not { } seconds)
                {
                    return OrderVerb.NotConfirmed(_context, Global(parsed), "maintenance", "--for: " + problem);
                }

                until = _context.Wall.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds();
            }

            return OrderVerb.Run(_context, Global(parsed),
                new OperatorRequest.Maintenance(true, until, parsed.GetValue(reason) ?? "", parsed.GetValue(keep)), parsed.GetValue(wait));
        });
        return command;
    }

    private Command MaintenanceOff()
    {
        var wait = Wait();
        var command = new Command("off", "Cancel it, or ask for readmission of this host") { wait };
        command.SetAction(parsed => OrderVerb.Run(_context, Global(parsed), new OperatorRequest.Maintenance(false), parsed.GetValue(wait)));
        return command;
    }
}
