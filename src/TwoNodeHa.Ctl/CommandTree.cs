using System.CommandLine;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <summary>The verbs and options of ha-ctl, and what each does.</summary>
internal sealed class CommandTree
{
    private readonly CtlContext _context;

    private readonly Option<string> _config = new("--config")
    {
        Description = "Configuration file",
        HelpName = "FILE",
        DefaultValueFactory = static _ => LocalConfigFile.DefaultPath,
        Recursive = true,
    };

    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "Control socket of the daemon; default: as the configuration says",
        HelpName = "PATH",
        Recursive = true,
    };

    private readonly Option<double> _timeout = new("--timeout")
    {
        Description = "Longest wait for an answer, seconds",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => 5,
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object "
        + "per line", Recursive = true };

    private CommandTree(CtlContext context) => _context = context;

    public static RootCommand Build(CtlContext context)
    {
        var tree = new CommandTree(context);
        Limit(tree._timeout, 0.1, 600);
        return new RootCommand("High availability for a XenServer / XCP-ng pool of two hosts: look and decide.")
        {
            tree._config, tree._socket, tree._timeout, tree._json,
            tree.Status(), tree.Enable(), tree.Disable(), tree.Maintenance(), tree.Events(), tree.Check(),
            tree.Timeline(), tree.Takeover(), tree.Fence(), tree.Guard(), tree.Depart(), tree.Keygen(), tree.Version(), tree.Completion(),
        };
    }

    private Command Status()
    {
        var watch = new Option<bool>("--watch") { Description = "Redraw each second until interrupted" };
        var command = new Command("status", "State of this host and of its peer, and why") { watch };
        command.SetAction(parsed => StatusVerb.Run(_context, Global(parsed), parsed.GetValue(watch)));
        return command;
    }

    private Command Enable() => Order("enable", "Enable HA on both hosts", new ControlRequest { Verb = "enable" });

    private Command Disable()
    {
        var duration = new Option<string?>("--for") { Description = "Enable again after this time: 90s, "
            + "30m, 2h, 1d", HelpName = "DURATION" };
        var reason = new Option<string>("--reason")
        {
            Description = "Shown in status",
            HelpName = "TEXT",
            DefaultValueFactory = static _ => "",
        };
        var command = new Command("disable", "Disable HA on both hosts; done only when both "
            + "confirmed it") { duration, reason };
        command.SetAction(parsed =>
        {
            var seconds = 0.0;
            if (parsed.GetValue(duration) is { } text)
            {
                if (DurationText.Parse(text, out var problem) is not { } given)
                {
                    return OrderVerb.NotConfirmed(_context, Global(parsed), "disable", "--for: " + problem);
                }

                seconds = given;
            }

            return OrderVerb.Run(
                _context,
                Global(parsed),
                new ControlRequest { Verb = "disable", ForSeconds = seconds, Reason = parsed.GetValue(reason) ?? "" });
        });
        return command;
    }

    private Command Maintenance() => new("maintenance", "Put this host under a promise not to take over, or end it")
    {
        Order("on", "Prepare this host for work: it will not "
            + "take over", new ControlRequest { Verb = "maintenance", On = true }),
        Order("off", "Ask for readmission of this host", new ControlRequest { Verb = "maintenance", On = false }),
    };

    private Command Events()
    {
        var last = new Option<int>("--last")
        {
            Description = "Newest events to show; 0 for all that are kept",
            HelpName = "N",
            DefaultValueFactory = static _ => 20,
        };
        Limit(last, 0, 100_000);
        var follow = new Option<bool>("--follow") { Description = "Go on with new events until interrupted" };
        var command = new Command("events", "Newest events, oldest first; times are UTC") { last, follow };
        command.SetAction(parsed =>
            EventsVerb.Run(_context, Global(parsed), parsed.GetValue(last), parsed.GetValue(follow)));
        return command;
    }

    private Command Check()
    {
        var command = new Command("check", "Check configuration, timing, key, watchdog, toolstack and peer");
        command.SetAction(parsed => CheckVerb.Run(_context, Global(parsed)));
        return command;
    }

    private Command Timeline()
    {
        var command = new Command("timeline", "What happens after which failure, second by second, with this "
            + "configuration");
        command.SetAction(parsed => TimelineVerb.Run(_context, Global(parsed)));
        return command;
    }

    private Command Takeover()
    {
        var dead = new Option<bool>("--peer-is-dead") { Description = "Your word that the peer is powered off or "
            + "runs nothing" };
        var command = new Command("takeover", "Take over from a peer that you know to be dead") { dead };
        command.SetAction(parsed => parsed.GetValue(dead)
            ? OrderVerb.Run(_context, Global(parsed), new ControlRequest { Verb = "takeover", PeerIsDead = true })
            : OrderVerb.NotConfirmed(
                _context,
                Global(parsed),
                "takeover",
                "nothing was done: if the peer still runs a VM, its disk is destroyed; look at the peer, then add "
                    + "--peer-is-dead"));
        return command;
    }

    private Command Fence()
    {
        var yes = new Option<bool>("--yes") { Description = "Yes, stop all VMs of this host at once" };
        var self = new Command("self", "Destroy all VMs of this host now; the peer takes over") { yes };
        self.SetAction(parsed => parsed.GetValue(yes)
            ? OrderVerb.Run(_context, Global(parsed), new ControlRequest { Verb = "fence" })
            : OrderVerb.NotConfirmed(
                _context, Global(parsed), "fence", "nothing was done: this stops all VMs of this host without a "
                    + "shutdown; add --yes"));
        return new Command("fence", "Fence a host") { self };
    }

    /// <summary>For the unit before the toolstack's, not for a person.</summary>
    private Command Guard()
    {
        var command = new Command("guard", "At boot: wait until it is settled who is master, for at most 12 s");
        command.SetAction(parsed => GuardVerb.Run(_context, Global(parsed), "guard", GuardVerb.BootLimit));
        return command;
    }

    /// <summary>For the unit that ends first at a shutdown, not for a person.</summary>
    private Command Depart()
    {
        var command = new Command("depart", "At shutdown: tell the daemon, and wait until the mastership was handed over, at most 75 s");
        command.SetAction(parsed => GuardVerb.Run(_context, Global(parsed), "depart", GuardVerb.DepartLimit));
        return command;
    }

    private Command Keygen()
    {
        var file = new Option<string?>("--file") { Description = "Key file; default: as the "
            + "configuration says", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replace a key that is there" };
        var command = new Command("keygen", "Make the shared key of the two daemons") { file, force };
        command.SetAction(parsed =>
            KeygenVerb.Run(_context, Global(parsed), parsed.GetValue(file), parsed.GetValue(force)));
        return command;
    }

    private Command Version()
    {
        var command = new Command("version", "Versions of ha-ctl and of the running daemon");
        command.SetAction(parsed => VersionVerb.Run(_context, Global(parsed)));
        return command;
    }

    private Command Completion()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print the completion script of a shell") { shell };
        command.SetAction(parsed => CompletionVerb.Run(_context, parsed.GetValue(shell)!));
        return command;
    }

    private Command Order(string name, string description, ControlRequest request)
    {
        var command = new Command(name, description);
        command.SetAction(parsed => OrderVerb.Run(_context, Global(parsed), request));
        return command;
    }

    /// <summary>Refuses numbers out of range; what is no number at all is refused by the parser itself.</summary>
    private static void Limit(Option option, double min, double max) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1
            && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && !(value >= min && value <= max))
        {
            result.AddError($"{option.Name}: write a number from {Output.Words.Number(min)} to "
                + $"{Output.Words.Number(max)}");
        }
    });

    private GlobalOptions Global(ParseResult parsed) => new(
        parsed.GetValue(_config)!,
        parsed.GetValue(_socket),
        TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
        parsed.GetValue(_json));
}
