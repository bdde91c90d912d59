using System.CommandLine;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <summary>The verbs that set a site up, and those that ask the other host too.</summary>
internal sealed partial class CommandTree
{
    private Verb Explain()
    {
        var what = new Argument<string>("what")
        {
            Description = "An id (E20), a time in UTC, or a name in a sentence, such as a VM's; default: the newest decision",
            DefaultValueFactory = static _ => "",
        };
        var with = new Option<string?>("--with") { Description = "Events of the other host in a file, instead of asking for them", HelpName = "FILE" };
        var ssh = Ssh();
        var alone = new Option<bool>("--alone") { Description = "This host's journal only" };
        var html = new Option<string?>("--html") { Description = "Write it as a page too", HelpName = "FILE" };
        var command = new Verb("explain", "Why something happened: both journals, the rule that decided, what would have changed it", VerbGroup.Look)
        {
            what, with, ssh, alone, html,
        };
        command.SetAction(parsed => ExplainVerb.Run(_context, Global(parsed), new ExplainWishes(
            parsed.GetValue(what) ?? "", parsed.GetValue(with), parsed.GetValue(ssh), parsed.GetValue(alone), parsed.GetValue(html))));
        return Shown(command, "ha-ctl explain            # the newest decision", "ha-ctl explain 09:12      # what happened at that time (UTC)", "ha-ctl explain web --html web.html");
    }

    private Verb Fleet()
    {
        var file = new Argument<string>("file") { Description = "Pools, one a line: NAME TARGET [TARGET], with what ssh is given for the hosts; # for comments" };
        var limit = new Option<double>("--limit")
        {
            Description = "Longest wait for a pool, seconds; sixteen are asked at a time", HelpName = "SECONDS", DefaultValueFactory = static _ => 15,
        };
        Limit(limit, 1, 300);
        var command = new Verb("fleet", "Many pools at a glance, by ssh: one line each, worst first", VerbGroup.Look) { file, limit };
        command.SetAction(parsed => FleetVerb.Run(_context, Global(parsed), parsed.GetValue(file)!, TimeSpan.FromSeconds(parsed.GetValue(limit))));
        return Shown(command, "ha-ctl fleet pools.txt", "ha-ctl fleet pools.txt --json | jq '.pools[] | select(.verdict != \"covered\")'");
    }

    private Verb Init()
    {
        var gateway = new Option<string?>("--gateway") { Description = "What to ping, separated by commas; default: the management network's router", HelpName = "ADDRESSES" };
        var ssh = Ssh();
        var paste = new Option<bool>("--paste") { Description = "Without ssh: print one line for a root shell of the other host" };
        var join = new Option<bool>("--join") { Description = "On the other host: take that line from standard input" };
        var force = new Option<bool>("--force") { Description = "Rewrite the configuration; the old one is kept as .old" };
        var command = new Verb("init", "Set up both hosts from this one, up to 'ready to enable'", VerbGroup.SetUp) { gateway, ssh, paste, join, force };
        command.SetAction(parsed => parsed.GetValue(join)
            ? InitVerb.Join(_context, Global(parsed))
            : InitVerb.Run(_context, Global(parsed), new InitWishes(
                (parsed.GetValue(gateway) ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(ssh),
                parsed.GetValue(paste), parsed.GetValue(force))));
        return Shown(command, "ha-ctl init --gateway 10.0.0.1,10.0.0.2", "ha-ctl init --paste   # where root may not log in by ssh");
    }

    private Verb Restore()
    {
        var ssh = Ssh();
        var paste = new Option<bool>("--paste") { Description = "Without ssh: take the other host's line from standard input" };
        var line = new Option<bool>("--line") { Description = "On the other host: print that line. It holds the key" };
        var command = new Verb("restore", "Give a reinstalled host back its configuration and key, from the pool and the other host", VerbGroup.SetUp) { ssh, paste, line };
        command.SetAction(parsed => parsed.GetValue(line)
            ? RestoreVerb.Line(_context, Global(parsed))
            : RestoreVerb.Run(_context, Global(parsed), parsed.GetValue(ssh), parsed.GetValue(paste)));
        return Shown(command, "ha-ctl restore", "ha-ctl restore --line    # on the other host", "ha-ctl restore --paste   # here; then paste that line, and Ctrl-D");
    }

    private Verb Import()
    {
        var file = new Option<string?>("--file") { Description = "Its configuration file; default: /etc/ha-lizard/ha-lizard.conf where there is one", HelpName = "FILE" };
        var write = new Option<bool>("--write") { Description = "Write our configuration, if there is none" };
        var command = new Verb("import-ha-lizard", "Translate the settings of HA-Lizard, and say what they really added up to", VerbGroup.SetUp) { file, write };
        command.SetAction(parsed => ImportVerb.Run(_context, Global(parsed), parsed.GetValue(file), parsed.GetValue(write)));
        return Shown(command, "ha-ctl import-ha-lizard | less");
    }

    private Verb Keygen()
    {
        var file = new Option<string?>("--file") { Description = "Key file; default: as the configuration says", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replace a key that is there" };
        var command = new Verb("keygen", "Make the shared key of the two daemons", VerbGroup.SetUp) { file, force };
        command.SetAction(parsed => KeygenVerb.Run(_context, Global(parsed), parsed.GetValue(file), parsed.GetValue(force)));
        return command;
    }

    private Verb Completion()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Verb("completion", "Print the completion script of a shell", VerbGroup.SetUp) { shell };
        command.SetAction(parsed => CompletionVerb.Run(_context, parsed.RootCommandResult.Command, parsed.GetValue(shell)!));
        return Shown(command, "ha-ctl completion bash > /usr/share/bash-completion/completions/ha-ctl");
    }
}
