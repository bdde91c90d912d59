using System.CommandLine;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <content>Drills.</content>
internal sealed partial class CommandTree
{
    private Verb Drill()
    {
        var command = new Verb("drill", "Measure fence, handover and failover of this very pool, and certify them; alone: what each drill would do", VerbGroup.Operate)
        {
            DrillHandover(), DrillFence(), DrillFailover(), DrillReport(),
        };
        command.SetAction(parsed => DrillVerb.Look(_context, Global(parsed)));
        return Shown(command, "ha-ctl drill                                   # touches nothing", "ha-ctl drill handover --yes                    # no VM stops",
            "ha-ctl drill fence --vm test1 --yes            # on the slave, where only test1 runs",
            "ha-ctl drill failover --lose beta --vm test1 --yes   # on alpha: cut the power of beta when told", "ha-ctl drill report --html drill.html");
    }

    private Command DrillHandover()
    {
        var (yes, more) = (Sure("migrate the VMs of this host, hand the mastership over, and back"), new DrillOptions());
        var command = new Command("handover", "Planned, no VM stops: empty this host, hand the mastership over, come back") { yes };
        more.AddTo(command);
        command.SetAction(parsed => DrillVerb.Run(_context, Global(parsed), new DrillWish(DrillKind.Handover, ""), more.Of(parsed, parsed.GetValue(yes))));
        return command;
    }

    private Command DrillFence()
    {
        var (yes, more) = (Sure("stop the named VMs of this host at once"), new DrillOptions());
        var (vms, all, promote) = (Vms(), AllVms("this host"), Promote("this host"));
        var command = new Command("fence", "Fence this host, which runs only test VMs: measures K and the attested handover") { vms, all, promote, yes };
        more.AddTo(command);
        command.SetAction(parsed => DrillVerb.Run(_context, Global(parsed), new DrillWish(DrillKind.Fence, "")
        {
            Vms = [.. parsed.GetValue(vms) ?? []], AllVms = parsed.GetValue(all), Promote = parsed.GetValue(promote),
        }, more.Of(parsed, parsed.GetValue(yes))));
        return command;
    }

    private Command DrillFailover()
    {
        var (yes, more) = (Sure("stop the named VMs of the lost host at once"), new DrillOptions());
        var (vms, all, promote) = (Vms(), AllVms("the lost host"), Promote("the lost host"));
        var lose = new Option<string>("--lose") { Description = "Name of the host that is lost, typed in full: the other one than this", HelpName = "HOST", Required = true };
        var agent = new Option<bool>("--by-agent") { Description = "Its fence agent cuts its power; else you do, when told" };
        var command = new Command("failover", "Lose the other host, and watch this one take over: measures detection and failover") { lose, vms, all, promote, agent, yes };
        more.AddTo(command);
        command.SetAction(parsed => DrillVerb.Run(_context, Global(parsed), new DrillWish(DrillKind.Failover, parsed.GetValue(lose)!)
        {
            Vms = [.. parsed.GetValue(vms) ?? []], AllVms = parsed.GetValue(all), Promote = parsed.GetValue(promote), ByAgent = parsed.GetValue(agent),
        }, more.Of(parsed, parsed.GetValue(yes))));
        return command;
    }

    private Command DrillReport()
    {
        var more = new DrillOptions();
        var command = new Command("report", "The certificate of the newest drill, or real failover, from the journals; touches nothing");
        more.AddTo(command, withLimit: false);
        command.SetAction(parsed => DrillVerb.Report(_context, Global(parsed), more.Of(parsed, sure: true)));
        return command;
    }

    private static Option<bool> Sure(string what) => new("--yes") { Description = $"Yes, {what}; without it, only what would happen is printed" };

    private static Option<string[]> Vms() => new("--vm") { Description = "A test VM that may be stopped, by name or uuid; once for each", HelpName = "VM" };

    private static Option<bool> AllVms(string where) => new("--all-vms") { Description = $"All VMs of {where} may be stopped" };

    private static Option<bool> Promote(string host) => new("--promote") { Description = $"{char.ToUpperInvariant(host[0])}{host[1..]} may be the master; the other one is promoted" };

    /// <summary>Options of every drill.</summary>
    private sealed class DrillOptions
    {
        private readonly Option<string> _limit = new("--limit") { Description = "Longest wait for a step, then it is restored: 90s, 30m", HelpName = "DURATION", DefaultValueFactory = static _ => "30m" };
        private readonly Option<string?> _with = new("--with") { Description = "Events of the other host in a file, instead of asking for them", HelpName = "FILE" };
        private readonly Option<string?> _ssh = Ssh();
        private readonly Option<bool> _alone = new("--alone") { Description = "Without the other host's journal: what it did is not measured" };
        private readonly Option<string?> _html = new("--html") { Description = "Write the certificate as a page too", HelpName = "FILE" };

        public void AddTo(Command command, bool withLimit = true)
        {
            _limit.CompletionSources.Add("90s", "30m", "2h");
            foreach (var option in (ReadOnlySpan<Option>)[_with, _ssh, _alone, _html])
            {
                command.Add(option);
            }

            if (withLimit)
            {
                command.Add(_limit);
            }
        }

        public DrillHow Of(ParseResult parsed, bool sure) => new(sure, parsed.GetResult(_limit) is null ? "30m" : parsed.GetValue(_limit)!, parsed.GetValue(_with),
            parsed.GetValue(_ssh), parsed.GetValue(_alone), parsed.GetValue(_html));
    }
}
