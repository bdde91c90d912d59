using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>The hypervisor's own list, its direct kill, and the back-ends in dom0; all work while the toolstack hangs.</summary>
internal sealed class HypervisorPort(ToolsConfig tools, IObservationSink sink, ToolRunner runner, Backends backends) : IDisposable
{
    private readonly BackendOwners _owners = new();

    /// <summary>A list that hangs can be overtaken by the next one.</summary>
    private readonly SemaphoreSlim _oneAtATime = new(1);

    public void List(Command.ListDomains command) => _ = Task.Run(() => ListAsync(command));

    public void Destroy(Command.Act act, HaAction.DestroyDomain destroy) => _ = Task.Run(() => DestroyAsync(act, destroy));

    public void EndBackends(Command.Act act, HaAction.EndBackends end) => _ = Task.Run(() => EndAsync(act, end));

    public void Dispose() => _oneAtATime.Dispose();

    private async Task ListAsync(Command.ListDomains command)
    {
        var result = await runner.RunAsync(tools.ListDomains, [], command.Deadline);
        if (!result.SaidAll)
        {
            sink.Post(new Observation.DomainsListed(command.Id, null, result.Describe(tools.ListDomains)));
            return;
        }

        var (guests, trouble) = DomainList.Parse(result.Output);
        if (trouble.Length > 0)
        {
            sink.Post(new Observation.DomainsListed(command.Id, null, trouble));
            return;
        }

        try
        {
            // Behind the list: the back-end of a domain that went meanwhile is still seen.
            sink.Post(await BackendsAsync(command.Deadline) is { } found
                ? new Observation.DomainsListed(command.Id, new HypervisorFacts(guests, 0) { Backends = found }, "")
                : new Observation.DomainsListed(command.Id, null, "an earlier look at the disk back-ends still hangs"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            sink.Post(new Observation.DomainsListed(command.Id, null, $"the disk back-ends cannot be read: {error.Message}"));
        }
    }

    /// <summary>xenstore is asked only when there is a tapdisk of which it has not yet told; without an answer that one stays unknown.</summary>
    private async Task<ImmutableArray<BackendFact>?> BackendsAsync(TimeSpan deadline)
    {
        if (!await _oneAtATime.WaitAsync(deadline))
        {
            return null;
        }

        try
        {
            var living = backends.Scan();
            if (tools.ListBackends.Length > 0 && living.Any(_owners.IsNews))
            {
                var result = await runner.RunAsync(tools.ListBackends, [], deadline / 4);
                if (result.SaidAll)
                {
                    _owners.Learn(result.Output, living);
                }
            }

            return _owners.Attribute(living);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task DestroyAsync(Command.Act act, HaAction.DestroyDomain destroy)
    {
        var domid = destroy.Domid.ToString(CultureInfo.InvariantCulture);
        var result = await runner.RunAsync(tools.DestroyDomain, [domid], act.Deadline);
        sink.Post(new Observation.ActionFinished(act.Id,
            result.Succeeded ? ActionOutcome.Succeeded
                : result.End == ToolEnd.TimedOut ? ActionOutcome.Unknown : ActionOutcome.Failed,
            result.Succeeded ? "" : "XL",
            result.Succeeded ? "" : result.Describe($"{tools.DestroyDomain} {domid}")));
    }

    private async Task EndAsync(Command.Act act, HaAction.EndBackends end)
    {
        var left = await backends.EndAsync(end.Backends, act.Deadline);
        sink.Post(left.IsEmpty
            ? new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "")
            : new Observation.ActionFinished(act.Id, ActionOutcome.Unknown, "STILL_THERE",
                $"{string.Join(", ", left.Select(backend => $"{backend.Kind} {backend.Pid}"))} did not end in {act.Deadline.TotalSeconds:F1} s: I/O is outstanding"));
    }
}
