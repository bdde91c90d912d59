using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>Whether this host could take over now.</summary>
public static class Fitness
{
    /// <summary>Why it could not, as it is said to the operator; <c>null</c> when it could.</summary>
    public static string? WhyNot(View view) => NotWilling(view) ?? NotOfThisPool(view) ?? NotAble(view);

    /// <summary>Why it could not even if the operator ended the promise of this host by T5; <c>null</c> when it could.</summary>
    public static string? WhyNotOnOrder(View view) => Unready(view) ?? NotOfThisPool(view) ?? NotAble(view);

    private static string? NotWilling(View view) => view.Durable is { Enabled: true, PromiseStands: true }
        ? "this host is under a promise (maintenance)" : Unready(view);

    private static string? Unready(View view)
    {
        if (!view.Durable.Enabled)
        {
            return "HA is disabled";
        }

        if (view.Durable.StateLost)
        {
            return "the durable state of this host was lost, and it has no right to run anything before the peer told what it knows";
        }

        return !view.GatewayFresh && !view.HasArbiter && view.Confirmed.PeerPromise == 0
            ? "the gateway does not answer" : null;
    }

    /// <summary>
    /// Why a master does not care for VMs that run nowhere; null when it does. The dead host may have been removed from the pool
    /// (xe host-forget): there is nobody left to take over from, and the VMs are as wanted as before.
    /// </summary>
    public static string? WhyNotCare(View view) => NotWilling(view) ?? (IsAlone(view) ? null : NotOfThisPool(view)) ?? NotAble(view);

    /// <summary>This host took over, and is the only one that the pool still has.</summary>
    public static bool IsAlone(View view) => view.Status == HaStatus.Sole
        && view.State.Host.Database is { NativeHaEnabled: false, Hosts: [var only] } && only == view.Config.Self.Uuid;

    /// <summary>Why this daemon cannot work for the pool at all; null when it can.</summary>
    public static string? NotOfThisPool(View view)
    {
        var state = view.State;
        if (state.Host.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on (pool.ha_enabled)";
        }

        return state.Host.Database is { Hosts.Length: not 2 } database
            ? $"the pool has {database.Hosts.Length} hosts, not two" : null;
    }

    private static string? NotAble(View view)
    {
        var state = view.State;
        if (view.WatchdogTrouble is { } trouble)
        {
            return $"the watchdog cannot be counted on ({trouble})";
        }

        if (state.Host.Storage == Health.Lost)
        {
            return $"the storage of the protected VMs is not reachable ({state.Host.StorageDetail})";
        }

        if (state.Host.Replicas.FirstOrDefault(replica => !replica.IsUpToDate) is { } behind)
        {
            return $"the data of {behind.Resource} here is {(behind.DiskState.Length > 0 ? behind.DiskState : "not up")}, not UpToDate";
        }

        if (state.Disk.Trouble.Length > 0)
        {
            return $"the durable state cannot be written ({state.Disk.Trouble})";
        }

        if (state.Host.Domains is null)
        {
            return "the hypervisor's list could not be read";
        }

        return state.Procedures.StopAskedAt is not null ? "the daemon is about to end" : null;
    }
}
