using System.Collections.Immutable;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Ctl.Setup;

/// <summary>Reads of the toolstack's database what a pair is set up from. Changes nothing.</summary>
internal static class PoolReader
{
    /// <summary>The facts; null, with the reason, when the toolstack does not answer in time or in words that are understood.</summary>
    /// <param name="context">The run.</param>
    /// <param name="self">This host.</param>
    /// <param name="timeout">Bound of each call; on a slave without its master all of them hang.</param>
    /// <param name="trouble">Why there is nothing.</param>
    public static PoolFacts? Read(CtlContext context, Guid self, TimeSpan timeout, out string trouble)
    {
        try
        {
            trouble = "";
            return ReadAsync(context, self, timeout).GetAwaiter().GetResult();
        }
        catch (XenApiException error)
        {
            trouble = $"the toolstack's database cannot be read on {context.Paths.XapiSocket}: {error.Message}. Look at: systemctl status xapi; on a slave: is the master up?";
            return null;
        }
    }

    private static async Task<PoolFacts> ReadAsync(CtlContext context, Guid self, TimeSpan timeout)
    {
        await using var client = XenApiClient.ForUnixSocket(context.Paths.XapiSocket, new XenApiClientOptions { Originator = "ha-ctl" });
        await using var session = await client.LoginAsync(timeout, CancellationToken.None);
        var pools = await session.Pool.GetAllRecordsAsync(timeout, CancellationToken.None);
        var hosts = await session.Host.GetAllRecordsAsync(timeout, CancellationToken.None);
        var interfaces = await session.PIF.GetAllRecordsAsync(timeout, CancellationToken.None);
        var pbds = await session.PBD.GetAllRecordsAsync(timeout, CancellationToken.None);
        var srs = await session.SR.GetAllRecordsAsync(timeout, CancellationToken.None);
        var pool = pools.Values.FirstOrDefault() ?? throw new XenApiProtocolException("the database has no pool record", "pool.get_all_records");
        var uuids = hosts.Where(pair => Guid.TryParse(pair.Value.Uuid, out _)).ToDictionary(pair => pair.Key, pair => Guid.Parse(pair.Value.Uuid));
        return new PoolFacts
        {
            Self = self,
            Hosts = [.. hosts.Where(pair => uuids.ContainsKey(pair.Key)).Select(pair => Host(pair.Key, pair.Value, uuids, pool))],
            NativeHa = pool.HaEnabled,
            OtherConfig = pool.OtherConfig,
            Addresses =
            [
                .. interfaces.Values.Where(one => one.Address.Length > 0 && uuids.ContainsKey(one.Host))
                    .Select(one => new NetworkAddress(uuids[one.Host], one.Network.Value, one.Device, one.Address, one.Gateway, one.Management)),
            ],
            Repositories = [.. srs.Select(pair => Repository(pair.Key, pair.Value, pbds, uuids)).OrderBy(one => one.Name, StringComparer.Ordinal)],
            OtherHa = OtherHaPrograms.Running(context.Paths.Proc),
        };
    }

    private static HostInPool Host(XenRef<XenHost> reference, HostRecord host, Dictionary<XenRef<XenHost>, Guid> uuids, PoolRecord pool) => new(
        uuids[reference], host.Hostname.Length > 0 ? host.Hostname : host.NameLabel, host.Address, reference == pool.Master);

    private static Repository Repository(
        XenRef<SR> reference, SRRecord sr, RecordTable<PBD, PBDRecord> pbds, Dictionary<XenRef<XenHost>, Guid> uuids) => new(
        sr.Uuid, sr.NameLabel, sr.Type, sr.ContentType != "iso" && sr.Type is not ("iso" or "udev"), sr.Shared,
        [.. pbds.Values.Where(pbd => pbd.SR == reference && pbd.CurrentlyAttached && uuids.ContainsKey(pbd.Host)).Select(pbd => uuids[pbd.Host]).Distinct()]);
}
