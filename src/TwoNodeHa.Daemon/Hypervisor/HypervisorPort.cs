using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>The hypervisor's own list and its direct kill; both work while the toolstack hangs.</summary>
internal sealed class HypervisorPort(ToolsConfig tools, IObservationSink sink, ToolRunner runner, Backends backends)
{
    public void List(Command.ListDomains command) => _ = Task.Run(() => ListAsync(command));

    public void Destroy(Command.Act act, HaAction.DestroyDomain destroy) => _ = Task.Run(() => DestroyAsync(act, destroy));

    private async Task ListAsync(Command.ListDomains command)
    {
        var result = await runner.RunAsync(tools.ListDomains, [], command.Deadline);
        if (!result.Succeeded)
        {
            sink.Post(new Observation.DomainsListed(command.Id, null, result.Describe(tools.ListDomains)));
            return;
        }

        var (guests, trouble) = DomainList.Parse(result.Output);
        var facts = trouble.Length > 0 ? null : new HypervisorFacts(guests, backends.CountOpen());
        sink.Post(new Observation.DomainsListed(command.Id, facts, trouble));
    }

    private async Task DestroyAsync(Command.Act act, HaAction.DestroyDomain destroy)
    {
        var domid = destroy.Domid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var result = await runner.RunAsync(tools.DestroyDomain, [domid], act.Deadline);
        sink.Post(new Observation.ActionFinished(act.Id,
            result.Succeeded ? ActionOutcome.Succeeded
                : result.End == ToolEnd.TimedOut ? ActionOutcome.Unknown : ActionOutcome.Failed,
            result.Succeeded ? "" : "XL",
            result.Succeeded ? "" : result.Describe($"{tools.DestroyDomain} {domid}")));
    }
}
