using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>Calls that change who is master (xapi.md 4.2). They rewrite a file and light the fuse, no more.</summary>
internal static class RoleCalls
{
    public static void Register(MethodTable table)
    {
        table.Add("pool.is_slave", 1, 0, IsSlaveAsync, mayBeAsync: false);
        table.Add("pool.emergency_transition_to_master", 0, 0, call => EmergencyTransition(call), mayBeAsync: false);
        table.Add("pool.emergency_reset_master", 1, 0, call => EmergencyReset(call), mayBeAsync: false);
        table.Add("pool.recover_slaves", 0, 0, RecoverSlavesAsync);
        table.Add("pool.designate_new_master", 1, 0, DesignateAsync);
        table.Add("host.propose_new_master", 2, 0, call => AssertHaOff(call.Process), mayBeAsync: false);
        table.Add("host.abort_new_master", 1, 0, _ => (JsonNode?)null, mayBeAsync: false);
        table.Add("host.commit_new_master", 1, 0, call => Commit(call), mayBeAsync: false);
        table.AddWithoutSession("emu.designated", 1, 0, DesignatedAsync);
    }

    private static async Task<JsonNode?> IsSlaveAsync(Call call)
    {
        if (call.Process.IsMaster)
        {
            return false;
        }

        // Touches the database: on a member without its master this never answers.
        call.Process.Link.Wake();
        await call.Process.Link.DbAsync("emu.db_touch").ConfigureAwait(false);
        return true;
    }

    private static JsonNode? AssertHaOff(XapiProcess process) =>
        process.Local.HaArmed ? throw new ApiException("HA_IS_ENABLED") : null;

    private static JsonNode? EmergencyTransition(Call call)
    {
        XapiProcess process = call.Process;
        AssertHaOff(process);
        process.Log("emergency_transition_to_master");
        process.Local.JustBecameMaster = true;
        process.WriteRole(Role.Master);
        process.LightFuse();
        return null;
    }

    private static JsonNode? EmergencyReset(Call call)
    {
        XapiProcess process = call.Process;
        AssertHaOff(process);
        process.Log("emergency_reset_master", ("address", call.Text(0)));
        BecomeSlaveOf(process, call.Text(0));
        return null;
    }

    private static void BecomeSlaveOf(XapiProcess process, string address)
    {
        Role wanted = Role.Slave(address);
        if (process.Host.ReadRole() == wanted && process.Role == wanted)
        {
            return;
        }

        process.WriteRole(wanted);
        process.LightFuse();
    }

    private static async Task<JsonNode?> RecoverSlavesAsync(Call call)
    {
        XapiProcess process = call.Process;
        var accepted = new JsonArray();
        foreach (Row host in process.Db.All("host").Where(host => host.Ref != process.HostRef).ToList())
        {
            try
            {
                string address = host.Text("address");
                JsonNode? session = await process
                    .AskPeerAsync(address, "session.slave_local_login", process.Host.Pool.PoolSecret).ConfigureAwait(false);
                await process.AskPeerAsync(
                    address, "pool.emergency_reset_master", (string?)session, process.Host.Address).ConfigureAwait(false);
                accepted.Add((JsonNode)host.Ref);
            }
            catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
            {
                process.Log("recover_slaves_skips", ("target", host.Text("name_label")), ("reason", error.Message));
            }
        }

        return accepted;
    }

    private static async Task<JsonNode?> DesignateAsync(Call call)
    {
        XapiProcess process = call.Process;
        Row target = process.Db.Host(call.Text(0));
        AssertHaOff(process);
        if (target.Ref == process.HostRef)
        {
            return null;
        }

        process.Log("designate_new_master", ("target", target.Text("name_label")));
        Row pool = process.Db.Pool();
        if (pool.Keys("current_operations") is [var running, ..])
        {
            throw new ApiException("OTHER_OPERATION_IN_PROGRESS", "pool", pool.Ref, "designate_new_master", running);
        }

        pool.SetEntry("current_operations", call.TaskRef, "designate_new_master");
        try
        {
            return await process.Vms.OnHostAsync(target, "emu.designated", process.Host.Address).ConfigureAwait(false);
        }
        finally
        {
            pool.RemoveEntry("current_operations", call.TaskRef);
        }
    }

    /// <summary>The target's side: database, then propose and commit to everybody else, then itself.</summary>
    private static async Task<JsonNode?> DesignatedAsync(Call call)
    {
        XapiProcess process = call.Process;
        AssertHaOff(process);
        string old = call.Text(0);
        await process.Link.DbAsync("emu.db_sync").ConfigureAwait(false);
        await process.Delay(process.Host.Timings.Designate).ConfigureAwait(false);
        JsonNode? session = await process.AskPeerAsync(old, "session.slave_local_login", process.Host.Pool.PoolSecret)
            .ConfigureAwait(false);
        await process.AskPeerAsync(old, "host.propose_new_master", (string?)session, process.Host.Address, true)
            .ConfigureAwait(false);
        try
        {
            if (process.Host.Faults.DesignateFails)
            {
                throw new ApiException("HA_ABORT_NEW_MASTER", "injected");
            }

            await process.AskPeerAsync(old, "host.commit_new_master", (string?)session, process.Host.Address)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            // Nobody can tell who is master now.
            process.WriteRole(Role.Broken);
            process.LightFuse();
            throw new ApiException("INTERNAL_ERROR", "commit_new_master failed: " + error.Message);
        }

        process.Local.JustBecameMaster = true;
        process.WriteRole(Role.Master);
        process.LightFuse();
        return null;
    }

    private static JsonNode? Commit(Call call)
    {
        AssertHaOff(call.Process);
        BecomeSlaveOf(call.Process, call.Text(0));
        return null;
    }
}
