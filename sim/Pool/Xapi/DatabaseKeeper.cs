using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>Copies of the database on disks: the master's own, and the backup each member holds (xapi.md 4.3).</summary>
internal sealed class DatabaseKeeper(XapiProcess process)
{
    private bool _flushPending;

    public void StartOnMaster()
    {
        process.Db.Changed += ScheduleFlush;
        ScheduleFlush();
        process.Background(SyncLoopAsync);
    }

    public void Flush()
    {
        _flushPending = false;
        if (process.LoadedDb is not null)
        {
            process.Host.Disk.Write(HostContext.StateDb, process.Db.Save());
        }
    }

    public void FlushIfMaster()
    {
        if (process.IsMaster)
        {
            Flush();
        }
    }

    /// <summary>pool.sync_database: every host stores a copy now; fails if one fails.</summary>
    public async Task SyncAllAsync()
    {
        Flush();
        string text = Backup();
        foreach (Row host in Others())
        {
            if (!process.Db.IsLive(host))
            {
                throw new ApiException("HOST_OFFLINE", host.Ref);
            }

            await PushAsync(host, text).ConfigureAwait(false);
        }

        process.Log("database_synced", ("generation", Generation(process.Db.Generation)));
    }

    /// <summary>What members are given: in a rolling upgrade a dummy (pool_db_backup.ml, write_database).</summary>
    public string Backup() => Versions.IsUpgrading(process.Db) ? "" : process.Db.Save();

    /// <summary>The member's side: stores a copy it was given, and ignores the dummy of an upgrade.</summary>
    public void StoreBackup(string text)
    {
        if (text.Length == 0)
        {
            process.Log("database_backup_is_a_dummy");
            return;
        }

        if (process.Host.Faults.StaleDatabase)
        {
            throw new ApiException("INTERNAL_ERROR", "could not store the database backup");
        }

        process.Host.Disk.Write(HostContext.StateDb, text);
    }

    /// <summary>Near the end of a member's start it fetches a copy of its own accord.</summary>
    public async Task FetchAsync()
    {
        try
        {
            StoreBackup((string)(await process.Link.DbAsync("emu.db_fetch").ConfigureAwait(false))!);
        }
        catch (ApiException error)
        {
            process.Log("database_fetch_failed", ("error", error.Message));
        }
    }

    private static string Generation(long generation) =>
        generation.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private IEnumerable<Row> Others() =>
        process.Db.All("host").Where(host => host.Ref != process.HostRef).ToList();

    private async Task SyncLoopAsync()
    {
        long synced = -1;
        while (true)
        {
            long known = synced;
            await process.Rest(process.Host.Timings.DatabaseSync, () => known == process.LoadedDb?.Generation).ConfigureAwait(false);
            if (synced == process.Db.Generation)
            {
                continue;
            }

            long generation = process.Db.Generation;
            synced = await TryPushToAllAsync().ConfigureAwait(false) ? generation : -1;
        }
    }

    private async Task<bool> TryPushToAllAsync()
    {
        string text = Backup();
        bool all = true;
        foreach (Row host in Others())
        {
            try
            {
                await PushAsync(host, text).ConfigureAwait(false);
            }
            catch (ApiException)
            {
                all = false;
            }
        }

        return all;
    }

    private async Task PushAsync(Row host, string text)
    {
        try
        {
            await process.GuardWithin(
                process.AskPeerAsync(host.Text("address"), "emu.store_backup", text),
                process.Host.Timings.LinkWatchdog).ConfigureAwait(false);
        }
        catch (Exception error) when (error is PeerUnreachableException or PeerLostException)
        {
            throw new ApiException("CANNOT_CONTACT_HOST", host.Ref);
        }
    }

    private void ScheduleFlush()
    {
        if (_flushPending)
        {
            return;
        }

        _flushPending = true;
        process.Background(async () =>
        {
            await process.Delay(process.Host.Timings.DatabaseFlush).ConfigureAwait(false);
            if (_flushPending)
            {
                Flush();
            }
        });
    }
}
