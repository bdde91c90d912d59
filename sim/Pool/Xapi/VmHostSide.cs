using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>The part of a VM operation that runs on the host of the VM, master or member.</summary>
internal static class VmHostSide
{
    public static async Task<JsonNode?> StartAsync(Call call)
    {
        XapiProcess process = call.Process;
        VmSpec spec = VmSpec.FromJson(call.Node(0)!);
        if (process.Host.Faults.NextVmStartFails is { } error)
        {
            process.Host.Faults.NextVmStartFails = null;
            await process.Delay(process.Host.Timings.Call).ConfigureAwait(false);
            throw new ApiException([.. error]);
        }

        process.Log("domain_build", ("vm", spec.Name), ("uuid", spec.Uuid));
        Domain domain = await process.Guard(
            process.Host.Xenopsd.BuildAsync(spec, process.Host.Draw(process.Host.Timings.VmStart))).ConfigureAwait(false);
        await RecordRunningAsync(process, domain).ConfigureAwait(false);
        await process.Delay(TimeSpan.FromSeconds(call.Float(1))).ConfigureAwait(false);
        return null;
    }

    /// <summary>PBD.plug on the host of the path: the storage manager's attach, which fails when the path is away.</summary>
    public static async Task<JsonNode?> PlugAsync(Call call)
    {
        XapiProcess process = call.Process;
        await process.Delay(process.Host.Draw(process.Host.Timings.PlugStorage)).ConfigureAwait(false);
        return process.Host.Storage.IsReachable(process.Host.Definition.Uuid)
            ? null
            : throw new ApiException("SR_BACKEND_FAILURE_47", "", "The SR is not available [opterr=no route to the server]", "");
    }

    public static async Task<JsonNode?> ShutdownAsync(Call call)
    {
        XapiProcess process = call.Process;
        ToolstackTimings timings = process.Host.Timings;
        await process.Delay(call.Flag(1) ? timings.VmCleanShutdown : timings.VmHardShutdown).ConfigureAwait(false);
        await process.Guard(process.Host.Xenopsd.DestroyAsync(call.Text(0))).ConfigureAwait(false);
        await process.Link.DbAsync("emu.db_vm_halted", call.Text(0), process.HostRef).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// The domain leaves this host before it appears on the other one, so an outside observer never sees it twice; if
    /// the second half fails the VM is gone, as when a real migration breaks after the hand-over.
    /// </summary>
    public static async Task<JsonNode?> MigrateOutAsync(Call call)
    {
        XapiProcess process = call.Process;
        await process.Delay(process.Host.Timings.VmMigrate).ConfigureAwait(false);
        JsonNode spec = call.Node(0)!;
        string uuid = (string)spec["uuid"]!;
        process.Host.MigratingOut.Add(uuid);
        try
        {
            await process.Guard(process.Host.Xenopsd.DestroyAsync(uuid)).ConfigureAwait(false);
            await process.AskPeerAsync(call.Text(1), "emu.vm_migrate_in", spec.DeepClone()).ConfigureAwait(false);
        }
        catch (Exception error) when (error is PeerUnreachableException or PeerLostException or ApiException)
        {
            await process.Link.DbAsync("emu.db_vm_halted", uuid, process.HostRef).ConfigureAwait(false);
            throw error is ApiException ? error : new ApiException("CANNOT_CONTACT_HOST", call.Text(1));
        }
        finally
        {
            process.Host.MigratingOut.Remove(uuid);
        }

        return null;
    }

    public static async Task<JsonNode?> MigrateInAsync(Call call)
    {
        XapiProcess process = call.Process;
        Domain domain = await process.Guard(
            process.Host.Xenopsd.BuildAsync(VmSpec.FromJson(call.Node(0)!), TimeSpan.Zero)).ConfigureAwait(false);
        await RecordRunningAsync(process, domain).ConfigureAwait(false);
        return null;
    }

    /// <summary>A domain ended here: xenopsd told so. Expected ends are written by whoever caused them.</summary>
    public static async Task OnEndedAsync(XapiProcess process, Domain domain)
    {
        await process.Guard(process.Host.Faults.UntilAnswering(needsDatabase: true)).ConfigureAwait(false);
        if (process.Host.MigratingOut.Contains(domain.VmUuid) || process.Host.Xenopsd.Find(domain.VmUuid) is not null)
        {
            return;
        }

        await process.Link.DbAsync("emu.db_vm_halted", domain.VmUuid, process.HostRef).ConfigureAwait(false);
    }

    private static Task RecordRunningAsync(XapiProcess process, Domain domain) =>
        process.Link.DbAsync("emu.db_vm_running", domain.VmUuid, process.HostRef, (long)domain.Domid);
}
