using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>What the master believes about the other host, and how a member keeps that belief up (xapi.md 5).</summary>
internal sealed class Liveness(XapiProcess process)
{
    private readonly Dictionary<string, Instant> _lastHeard = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shuttingDown = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>A host never heard of is given a full interval and is marked live, even a dead ex-master.</summary>
    public void StartOnMaster()
    {
        foreach (Row host in process.Db.All("host"))
        {
            _lastHeard[host.Ref] = process.Now;
            process.Db.Metrics(host).Set("live", true);
        }

        process.Background(CollectAsync);
    }

    public void StartOnMember() => process.Background(TickleAsync);

    /// <summary>A heartbeat. False: the first one that this process hears, from a host that did not greet it.</summary>
    public bool Heard(string hostRef)
    {
        if (!_shuttingDown.Contains(hostRef))
        {
            _lastHeard[hostRef] = process.Now;
        }

        return !_known.Add(hostRef);
    }

    public void HeardHello(Row host)
    {
        _shuttingDown.Remove(host.Ref);
        _known.Add(host.Ref);
        _lastHeard[host.Ref] = process.Now;
        host.Set("enabled", false);
        process.Db.Metrics(host).Set("live", true);
    }

    /// <summary>The negative heartbeat of an orderly stop. The VMs of that host may well go on running.</summary>
    public void HeardShuttingDown(Row host)
    {
        _shuttingDown.Add(host.Ref);
        process.Db.Metrics(host).Set("live", false);
        host.Set("enabled", false);
        process.Log("negative_heartbeat", ("from", host.Text("name_label")));
    }

    /// <summary>
    /// The question behind HOST_IS_LIVE (xapi.md 5.2). A peer that accepts and then hangs blocks it without limit.
    /// </summary>
    public async Task<bool> AnswersAsync(Row host)
    {
        if (host.Ref == process.HostRef)
        {
            return true;
        }

        if (!process.Db.IsLive(host))
        {
            return false;
        }

        try
        {
            await IsSlaveAsync(host.Text("address"), host.Ref).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            return false;
        }
    }

    /// <summary>`pool.is_slave` of another host, asked with a local session as hosts do among themselves.</summary>
    public async Task<bool> IsSlaveAsync(string address, string hostRef)
    {
        JsonNode? session = await process.AskPeerAsync(address, "session.slave_local_login", process.Host.Pool.PoolSecret)
            .ConfigureAwait(false);
        JsonNode? answer = await process.AskPeerAsync(address, "pool.is_slave", (string?)session, hostRef)
            .ConfigureAwait(false);
        return (bool)answer!;
    }

    /// <summary>Time until a host that is silent and counts as live no longer does; null when there is none.</summary>
    public TimeSpan? QuietLeft
    {
        get
        {
            if (process.LoadedDb is null)
            {
                return null;
            }

            TimeSpan? left = null;
            foreach (var (host, at) in _lastHeard)
            {
                var until = at + process.Host.Timings.AssumedDead - process.Now;
                if (host != process.HostRef && IsSilent(at) && process.Db.Find("host", host) is { } row && process.Db.IsLive(row) && !(left < until))
                {
                    left = until;
                }
            }

            return left;
        }
    }

    /// <summary>Time was left out: who is heard is as newly heard as before, who is silent was silent meanwhile.</summary>
    public void LeftOut(TimeSpan time)
    {
        foreach (var (host, at) in _lastHeard.ToList())
        {
            _lastHeard[host] = IsSilent(at) ? at - time : at;
        }
    }

    private bool IsSilent(Instant heard) => process.Now - heard > process.Host.Timings.Heartbeat + process.Host.Timings.LinkWatchdog;

    private async Task CollectAsync()
    {
        while (true)
        {
            await process.Rest(process.Host.Timings.Collector, XapiProcess.AsksOn).ConfigureAwait(false);
            foreach (Row host in process.Db.All("host").Where(host => host.Ref != process.HostRef).ToList())
            {
                Collect(host);
            }

            Versions.Detect(process);

            process.Sessions.Collect();
        }
    }

    private void Collect(Row host)
    {
        Row metrics = process.Db.Metrics(host);
        TimeSpan age = process.Now - _lastHeard.GetValueOrDefault(host.Ref, process.Now);
        bool live = age <= process.Host.Timings.AssumedDead && !_shuttingDown.Contains(host.Ref);
        if (metrics.Flag("live") != live)
        {
            metrics.Set("live", live);
            process.Log("live", ("of", host.Text("name_label")), ("live", live ? "true" : "false"));
        }
    }

    private async Task TickleAsync()
    {
        while (true)
        {
            try
            {
                JsonNode? known = await process.GuardWithin(
                    process.AskPeerAsync(process.Role.MasterAddress, "emu.tickle", process.HostRef),
                    process.Host.Timings.LinkWatchdog, XapiProcess.AsksOn).ConfigureAwait(false);
                if (!(bool)known! && process is { InitComplete: true, MayBeEnabled: true })
                {
                    // The master began anew, with every host disabled (xapi.ml, on_master_restart).
                    await process.Link.DbAsync("emu.db_host_enabled", process.HostRef, true).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
            {
                // The next heartbeat is due in an interval anyway.
            }

            await process.Rest(process.Host.Timings.Heartbeat, XapiProcess.AsksOn).ConfigureAwait(false);
        }
    }
}
