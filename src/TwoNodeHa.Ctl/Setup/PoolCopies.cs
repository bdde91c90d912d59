using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Ctl.Setup;

/// <summary>What XAPI's database still knows of a host that was reinstalled.</summary>
/// <param name="Pool">Pool.uuid.</param>
/// <param name="Hosts">Uuids of the pool's hosts.</param>
/// <param name="Config">The configuration's entry; null: none.</param>
/// <param name="State">What is kept of this host's HA state; null: nothing.</param>
/// <param name="Running">Names of the VMs that run on this host.</param>
internal sealed record PoolCopies(string Pool, ImmutableArray<Guid> Hosts, string? Config, MirroredState? State, ImmutableArray<string> Running)
{
    /// <summary>Reads them; null, with the reason, when the toolstack does not answer in time or in words that are understood.</summary>
    public static PoolCopies? Read(CtlContext context, Guid self, TimeSpan timeout, out string trouble)
    {
        try
        {
            trouble = "";
            return ReadAsync(context, self, timeout).GetAwaiter().GetResult();
        }
        catch (XenApiException error)
        {
            trouble = $"the toolstack's database cannot be read on {context.Paths.XapiSocket}: {error.Message}";
            return null;
        }
    }

    private static async Task<PoolCopies> ReadAsync(CtlContext context, Guid self, TimeSpan timeout)
    {
        await using var client = XenApiClient.ForUnixSocket(context.Paths.XapiSocket, new XenApiClientOptions { Originator = "ha-ctl" });
        await using var session = await client.LoginAsync(timeout, CancellationToken.None);
        var pools = await session.Pool.GetAllRecordsAsync(timeout, CancellationToken.None);
        var hosts = await session.Host.GetAllRecordsAsync(timeout, CancellationToken.None);
        var vms = await session.VM.GetAllRecordsAsync(timeout, CancellationToken.None);
        var pool = pools.Values.FirstOrDefault() ?? throw new XenApiProtocolException("the database has no pool record", "pool.get_all_records");
        var own = hosts.FirstOrDefault(host => host.Value.Uuid == self.ToString());
        return new PoolCopies(
            pool.Uuid, [.. hosts.Values.Where(host => Guid.TryParse(host.Uuid, out _)).Select(host => Guid.Parse(host.Uuid))],
            pool.OtherConfig.GetValueOrDefault(ConfigMirror.Key), MirroredState.Of(own.Value?.OtherConfig.GetValueOrDefault(MirroredState.Key)),
            [.. vms.Values.Where(vm => vm.IsOrdinary && vm.PowerState == VMPowerState.Running && vm.ResidentOn == own.Key).Select(vm => vm.NameLabel).Order(StringComparer.Ordinal)]);
    }
}
