using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>What a starting xapi does, in order (xapi.md 4.4 for a master, section 3 for a member).</summary>
internal sealed class StartUp(XapiProcess process)
{
    private ToolstackTimings Timings => process.Host.Timings;

    public async Task RunAsync()
    {
        await process.Delay(Timings.ProcessStart).ConfigureAwait(false);
        if (process.Host.Faults.StartLate > TimeSpan.Zero)
        {
            await process.Rest(process.Host.Faults.StartLate, static () => false).ConfigureAwait(false);
        }

        if (process.OnSystemBoot)
        {
            process.Local.DisabledUntilReboot = false;
        }

        process.OpenUnixSocket();
        await (process.Role.Kind switch
        {
            RoleKind.Master => StartMasterAsync(),
            RoleKind.Slave => StartMemberAsync(),
            _ => StartBrokenAsync(),
        }).ConfigureAwait(false);
    }

    private async Task StartMasterAsync()
    {
        await process.Delay(Timings.DatabaseLoad).ConfigureAwait(false);
        process.OpenDatabase(Database.Load(process.Host.Disk.Read(HostContext.StateDb)
            ?? throw new InvalidDataException("a master needs a state.db")));
        PrepareDatabase(process.Db);
        process.Liveness.StartOnMaster();
        await process.Delay(Timings.NetworkStart).ConfigureAwait(false);
        process.OpenTcp();
        process.Keeper.StartOnMaster();
        if (await FindOtherMasterAsync().ConfigureAwait(false) is { } other)
        {
            process.Log("other_master_found", ("address", other));
            process.WriteRole(Role.Slave(other));
            process.Exit(123);
            return;
        }

        await process.Delay(Timings.PlugStorage).ConfigureAwait(false);
        await ReportStorageAsync().ConfigureAwait(false);
        await process.Delay(Timings.Reconcile).ConfigureAwait(false);
        await ReconcileAsync().ConfigureAwait(false);
        AnnounceTransition();
        process.CompleteInit();
    }

    /// <summary>Steps 2 and 3: the database is this host's own copy, and nobody is enabled.</summary>
    private void PrepareDatabase(Database db)
    {
        db.Pool().Set("master", process.HostRef);
        db.Host(process.HostRef).Set("address", process.Host.Address);
        foreach (Row vm in db.All("VM").Where(vm => vm.Text("power_state") == "Halted"))
        {
            process.Vms.ForceHalted(vm);
        }

        foreach (Row host in db.All("host"))
        {
            host.Set("enabled", false);
        }

        if (db.Pool().Flag("ha_enabled") && !process.Local.HaArmed)
        {
            // On a mismatch the disarmed side wins (xapi.md 7).
            db.Pool().Set("ha_enabled", false);
        }
    }

    /// <summary>The one check (xapi.md 8.1): asked once, errors ignored, a hanging peer hangs the start.</summary>
    private async Task<string?> FindOtherMasterAsync()
    {
        foreach (Row host in process.Db.All("host").Where(host => host.Ref != process.HostRef).ToList())
        {
            try
            {
                string address = host.Text("address");
                if (!await process.Liveness.IsSlaveAsync(address, host.Ref).ConfigureAwait(false))
                {
                    return address;
                }
            }
            catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
            {
                process.Log("other_master_unknown", ("reason", error.Message));
            }
        }

        return null;
    }

    private async Task StartMemberAsync()
    {
        await process.Delay(Timings.NetworkStart).ConfigureAwait(false);
        process.OpenTcp();
        await HelloUntilAcceptedAsync().ConfigureAwait(false);
        try
        {
            await process.GuardWithin(ReconcileAsync(), Timings.FirstSyncLimit).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            await RestartLaterAsync("INTERNAL_ERROR", error.Message).ConfigureAwait(false);
            return;
        }

        process.LeaveEmergency();
        process.Liveness.StartOnMember();
        await process.Delay(Timings.PlugStorage).ConfigureAwait(false);
        await ReportStorageAsync().ConfigureAwait(false);
        await process.Delay(Timings.Reconcile).ConfigureAwait(false);
        await process.Keeper.FetchAsync().ConfigureAwait(false);
        process.CompleteInit();
    }

    private async Task HelloUntilAcceptedAsync()
    {
        while (true)
        {
            TimeSpan retry = Timings.HelloRetry;
            if (process.Role.MasterAddress == process.Host.Address)
            {
                process.EnterEmergency("HOST_ITS_OWN_SLAVE");
            }
            else if (await HelloAsync().ConfigureAwait(false) is { } refusal)
            {
                process.EnterEmergency([.. refusal]);
                bool permanent = refusal[0] is "HOST_UNKNOWN_TO_MASTER" or "HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR" or "HA_POOL_IS_ENABLED_BUT_HOST_IS_DISABLED";
                retry = permanent ? Timings.HelloRetryPermanent : retry;
            }
            else
            {
                return;
            }

            await process.Rest(retry, XapiProcess.AsksOn).ConfigureAwait(false);
        }
    }

    /// <summary>One attempt; null means the master said ok.</summary>
    private async Task<IReadOnlyList<string>?> HelloAsync()
    {
        try
        {
            string? answer = (string?)await process.GuardWithin(
                process.AskPeerAsync(
                    process.Role.MasterAddress, "emu.hello", process.Host.Definition.Uuid, process.Host.Address,
                    process.Local.HaArmed),
                Timings.LinkWatchdog, XapiProcess.AsksOn).ConfigureAwait(false);
            return answer switch
            {
                "ok" => await WhyTooNewAsync().ConfigureAwait(false),
                "unknown_host" => ["HOST_UNKNOWN_TO_MASTER", process.Host.Definition.Uuid],
                "cannot_talk_back" => ["HOST_MASTER_CANNOT_TALK_BACK", process.Host.Address],
                _ => ["HA_POOL_IS_ENABLED_BUT_HOST_IS_DISABLED"],
            };
        }
        catch (ApiException error)
        {
            return error.Error;
        }
        catch (Exception error) when (error is PeerUnreachableException or PeerLostException)
        {
            return ["INTERNAL_ERROR", error.Message];
        }
    }

    /// <summary>A member that is newer than its master does not start; the hello before has made it live, and disabled.</summary>
    private async Task<IReadOnlyList<string>?> WhyTooNewAsync()
    {
        string master = (string)(await process.GuardWithin(
            process.AskPeerAsync(process.Role.MasterAddress, "emu.db_master_version"), Timings.LinkWatchdog, XapiProcess.AsksOn).ConfigureAwait(false))!;
        return Versions.Compare(process.Version, master) > 0 ? ["HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", process.Version] : null;
    }

    private Task StartBrokenAsync() => RestartLaterAsync("HOST_BROKEN");

    private async Task RestartLaterAsync(params string[] error)
    {
        process.EnterEmergency(error);
        await process.Delay(Timings.EmergencyRestart).ConfigureAwait(false);
        process.Exit(123);
    }

    /// <summary>Step 7: plug what can be plugged, then consider enabling the host.</summary>
    private async Task ReportStorageAsync()
    {
        bool reachable = process.Host.Storage.IsReachable(process.Host.Definition.Uuid);
        bool enable = process.MayBeEnabled;
        await process.Link.DbAsync("emu.db_host_ready", process.HostRef, reachable, enable, process.Host.Xenopsd.MachineMib).ConfigureAwait(false);
        process.Log("host_ready", ("enabled", enable ? "true" : "false"), ("storage", reachable ? "true" : "false"));
    }

    /// <summary>resync_resident_on (xapi.md 8.3).</summary>
    private async Task<bool> ReconcileAsync()
    {
        JsonArray domains = [.. process.Host.Xenopsd.List().Select(domain => (JsonNode)new JsonObject
        {
            ["uuid"] = domain.Handle,
            ["domid"] = (long)domain.Domid,
        })];
        JsonNode? doomed = await process.Link.DbAsync("emu.db_reconcile", process.HostRef, domains, process.Version).ConfigureAwait(false);
        foreach (string uuid in doomed!.AsArray().Select(node => (string)node!).ToList())
        {
            process.Log("reconcile_destroys", ("uuid", uuid));
            await process.Guard(process.Host.Xenopsd.DestroyAsync(uuid)).ConfigureAwait(false);
        }

        return true;
    }

    private void AnnounceTransition()
    {
        if (!process.Local.JustBecameMaster)
        {
            return;
        }

        process.Local.JustBecameMaster = false;
        Calls.MessageCalls.Create(process, "POOL_MASTER_TRANSITION", 4, "Host", process.Host.Definition.Uuid, "");
    }
}
