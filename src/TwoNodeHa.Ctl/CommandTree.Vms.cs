using System.CommandLine;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Verbs;

namespace TwoNodeHa.Ctl;

/// <content>The verbs about VMs.</content>
internal sealed partial class CommandTree
{
    private Verb Vm()
    {
        var list = new Command("list", "All VMs: class, order, memory, where they run, what happens if their host fails");
        list.SetAction(parsed => VmVerb.List(_context, Global(parsed)));
        var show = new Command("show", "One VM in full: why it is protected or not, where it can run and why not") { NameOf("VM") };
        show.SetAction(parsed => VmVerb.Show(_context, Global(parsed), parsed.GetRequiredValue<string>("VM")));
        return Shown(
            new Verb("vm", "What is protected, what fits where, what would come back", VerbGroup.Look)
            {
                list, show,
                Protect("protect", "Mark a VM restart in XAPI (ha_restart_priority)", true),
                Protect("unprotect", "Take a VM out of the protection", false),
            },
            "ha-ctl vm list", "ha-ctl vm show sql", "ha-ctl vm protect sql");
    }

    private Command Protect(string name, string description, bool on)
    {
        var wait = Wait();
        var command = new Command(name, description) { NameOf("VM"), wait };
        command.SetAction(parsed => OrderVerb.Run(
            _context, Global(parsed), new OperatorRequest.Protect(parsed.GetRequiredValue<string>("VM"), on), parsed.GetValue(wait)));
        return command;
    }

    private static Argument<string> NameOf(string name) => new(name) { Description = "Name or uuid of the VM" };
}
