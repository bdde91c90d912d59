using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <summary>The verbs and options of ha-ctl, and what each does. Help and completions are made from this tree.</summary>
internal sealed partial class CommandTree
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
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<double> _timeout = new("--timeout")
    {
        Description = "Longest wait for an answer, seconds",
        HelpName = "SECONDS",
        DefaultValueFactory = static _ => 5,
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object per line", Recursive = true };

    private CommandTree(CtlContext context) => _context = context;

    public static RootCommand Build(CtlContext context)
    {
        var tree = new CommandTree(context);
        Limit(tree._timeout, 0.1, 600);
        var root = new RootCommand("High availability for a XenServer / XCP-ng pool of two hosts: look and decide.")
        {
            tree._config, tree._socket, tree._timeout, tree._json,
            tree.Status(), tree.Enable(), tree.Disable(), tree.Maintenance(), tree.Vm(), tree.Events(), tree.Explain(), tree.Check(),
            tree.Timeline(), tree.Simulate(), tree.Drill(), tree.Incident(), tree.Configuration(), tree.Fleet(), tree.Takeover(), tree.Fence(), tree.Guard(), tree.Depart(), tree.Init(), tree.Restore(), tree.Import(), tree.Keygen(), tree.Version(), tree.Completion(),
        };
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction standard } help)
            {
                help.Action = new HelpText(standard);
            }
        }

        return root;
    }

    private Verb Status()
    {
        var watch = new Option<bool>("--watch") { Description = "Redraw each second until interrupted" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Everything: rights, refusals, links, all VMs, counters" };
        var command = new Verb("status", "Is either host covered, what runs where, what is to be done", VerbGroup.Look)
        {
            watch, verbose,
        };
        command.SetAction(parsed => StatusVerb.Run(_context, Global(parsed), parsed.GetValue(watch), parsed.GetValue(verbose)));
        return Shown(command, "ha-ctl status --watch", "ha-ctl status --json | jq .status.protected   # for monitoring");
    }

    private Verb Enable()
    {
        var wait = Wait();
        var command = new Verb("enable", "Enable HA on both hosts", VerbGroup.Operate) { wait };
        command.SetAction(parsed => OrderVerb.Run(_context, Global(parsed), new OperatorRequest.Enable(), parsed.GetValue(wait)));
        return Shown(command, "ha-ctl check && ha-ctl enable   # only when nothing is found");
    }

    private Verb Disable()
    {
        var duration = new Option<string?>("--for") { Description = "Enable again after this time: 90s, 30m, 2h, 1d", HelpName = "DURATION" };
        duration.CompletionSources.Add("90s", "30m", "2h", "1d");
        var reason = new Option<string>("--reason")
        {
            Description = "Shown in status",
            HelpName = "TEXT",
            DefaultValueFactory = static _ => "",
        };
        var wait = Wait();
        var command = new Verb("disable", "Disable HA on both hosts; done only when both confirmed it", VerbGroup.Operate)
        {
            duration, reason, wait,
        };
        command.SetAction(parsed =>
        {
            var until = 0L;
            if (parsed.GetValue(duration) is { } text)
            {
                if (DurationText.Parse(text, out var problem) is not { } seconds)
                {
                    return OrderVerb.NotConfirmed(_context, Global(parsed), "disable", "--for: " + problem);
                }

                // The daemon is on this host and reads the same clock.
                until = _context.Wall.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds();
            }

            return OrderVerb.Run(
                _context, Global(parsed), new OperatorRequest.Disable(until, parsed.GetValue(reason) ?? ""), parsed.GetValue(wait));
        });
        return Shown(command, "ha-ctl disable --for 2h --reason \"switch firmware\"");
    }

    private Verb Events()
    {
        var last = new Option<int>("--last")
        {
            Description = "Newest events to show; 0 for all that are kept",
            HelpName = "N",
            DefaultValueFactory = static _ => 20,
        };
        Limit(last, 0, 100_000);
        var follow = new Option<bool>("--follow") { Description = "Go on with new events until interrupted" };
        var command = new Verb("events", "Newest events, oldest first; times are UTC", VerbGroup.Look) { last, follow };
        command.SetAction(parsed => EventsVerb.Run(_context, Global(parsed), parsed.GetValue(last), parsed.GetValue(follow)));
        return Shown(command, "ha-ctl events --follow", "ha-ctl events --last 0 | grep ' critical '");
    }

    private Verb Check()
    {
        var offline = new Option<bool>("--offline") { Description = "Before the daemon is started: file, key, watchdog and toolstack only" };
        var file = new Option<bool>("--file-only") { Description = "The file alone, on any machine: nothing of this host is looked at" };
        var command = new Verb("check", "Check configuration, timing, key, watchdog, toolstack and peer, worst first", VerbGroup.Look)
        {
            offline, file,
        };
        command.SetAction(parsed => CheckVerb.Run(_context, Global(parsed), parsed.GetValue(offline), parsed.GetValue(file)));
        return Shown(command, "ha-ctl check --file-only --config ./ha.conf   # a file on a workstation", "ha-ctl check && ha-ctl enable");
    }

    private Verb Configuration()
    {
        var with = new Option<string?>("--with") { Description = "A copy of the other host's file, instead of asking for it", HelpName = "FILE" };
        var ssh = Ssh();
        var diff = new Command("diff", "Keys that differ from the other host's file, and which of them must agree") { with, ssh };
        diff.SetAction(parsed => ConfigVerb.Diff(_context, Global(parsed), parsed.GetValue(with), parsed.GetValue(ssh)));
        return Shown(new Verb("config", "Compare the configuration with the other host's", VerbGroup.Look) { diff },
            "ha-ctl config diff                    # asks the other host by ssh", "ha-ctl config diff --with /tmp/ha.conf");
    }

    private static Option<string?> Ssh() => new("--ssh")
    {
        Description = "Where ssh finds the other host; default: root at its management address",
        HelpName = "TARGET",
    };

    private Verb Timeline()
    {
        var command = new Verb("timeline", "What happens after which failure, second by second, with this configuration", VerbGroup.Look);
        command.SetAction(parsed => TimelineVerb.Run(_context, Global(parsed)));
        return Shown(command, "ha-ctl timeline | less");
    }

    private Verb Takeover()
    {
        var dead = new Option<bool>("--peer-is-dead") { Description = "Your word that the peer is powered off or runs nothing" };
        var despite = new Option<bool>("--something-else-answers")
        {
            Description = "Although a sign of life was seen: a router or proxy answers for the dead peer, which you saw without power",
        };
        var command = new Verb("takeover", "Take over from a peer that you know to be dead", VerbGroup.Emergency) { dead, despite };
        command.SetAction(parsed => parsed.GetValue(dead)
            ? OrderVerb.RunUntilSettled(_context, Global(parsed),
                new OperatorRequest.Takeover { PeerIsDead = true, DespiteSignsOfLife = parsed.GetValue(despite) })
            : OrderVerb.NotConfirmed(
                _context,
                Global(parsed),
                "takeover",
                "nothing was done: if the peer still runs a VM, its disk is destroyed; look at the peer, then add --peer-is-dead"));
        return Shown(command, "ha-ctl takeover --peer-is-dead   # only after you saw it without power");
    }

    private Verb Fence()
    {
        var yes = new Option<bool>("--yes") { Description = "Yes, stop all VMs of this host at once" };
        var self = new Command("self", "Destroy all VMs of this host now; the peer takes over") { yes };
        self.SetAction(parsed => parsed.GetValue(yes)
            ? OrderVerb.Run(_context, Global(parsed), new OperatorRequest.FenceSelf(), waitSeconds: 0)
            : OrderVerb.NotConfirmed(
                _context, Global(parsed), "fence", "nothing was done: this stops all VMs of this host without a shutdown; add --yes"));
        var sure = new Option<bool>("--yes") { Description = "Yes, cut the power of the other host at once" };
        var peer = new Command("peer", "Have the fence agent switch the other host off now") { sure };
        peer.SetAction(parsed => parsed.GetValue(sure)
            ? OrderVerb.Run(_context, Global(parsed), new OperatorRequest.FencePeer(), waitSeconds: 0)
            : OrderVerb.NotConfirmed(
                _context, Global(parsed), "fence", "nothing was done: this cuts the power of the other host, whatever runs there; add --yes"));
        return new Verb("fence", "Fence a host", VerbGroup.Emergency) { self, peer };
    }

    private Verb Guard()
    {
        var command = new Verb("guard", "At boot: wait until it is settled who is master", VerbGroup.Units);
        command.SetAction(parsed => GuardVerb.Run(_context, Global(parsed), new OperatorRequest.BootGuard(), GuardVerb.BootLimit));
        return command;
    }

    private Verb Depart()
    {
        var off = new Option<bool>("--power-off") { Description = "The host is switched off or halted: nobody waits for its return" };
        var command = new Verb(
            "depart", "At shutdown: tell the daemon, and wait until the mastership was handed over, at most 75 s", VerbGroup.Units) { off };
        command.SetAction(parsed => GuardVerb.Run(
            _context, Global(parsed), new OperatorRequest.Depart(parsed.GetValue(off)), GuardVerb.DepartLimit));
        return command;
    }

    private Verb Version()
    {
        var command = new Verb("version", "Versions of ha-ctl and of the running daemon", VerbGroup.Look);
        command.SetAction(parsed => VersionVerb.Run(_context, Global(parsed)));
        return command;
    }

    private static Option<double> Wait()
    {
        var wait = new Option<double>("--wait")
        {
            Description = "Longest wait until the other host has confirmed, seconds; 0: do not wait",
            HelpName = "SECONDS",
            DefaultValueFactory = static _ => 15,
        };
        Limit(wait, 0, 3600);
        return wait;
    }

    private static Verb Shown(Verb verb, params string[] examples)
    {
        verb.Examples = examples;
        return verb;
    }

    /// <summary>Refuses numbers out of range; what is no number at all is refused by the parser itself.</summary>
    private static void Limit(Option option, double min, double max) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1
            && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && !(value >= min && value <= max))
        {
            result.AddError($"{option.Name}: write a number from {Words.Number(min)} to {Words.Number(max)}");
        }
    });

    private GlobalOptions Global(ParseResult parsed) => new(
        parsed.GetValue(_config)!,
        parsed.GetValue(_socket),
        TimeSpan.FromSeconds(parsed.GetValue(_timeout)),
        parsed.GetValue(_json));
}
