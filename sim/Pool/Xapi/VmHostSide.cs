using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

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

        if (process.Host.Faults.NextVmStartTakes is { } longer)
        {
            process.Host.Faults.NextVmStartTakes = null;
            await process.Delay(longer).ConfigureAwait(false);
        }

        process.Log("domain_build", ("vm", spec.Name), ("uuid", spec.Uuid));
        Domain domain = await BuildAsync(process, spec).ConfigureAwait(false);
        await RecordRunningAsync(process, domain).ConfigureAwait(false);
        await process.Delay(VmOperations.Delay((long)call.Float(1))).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// The storage manager finds another host's key in the volume and asks that host whether the disk is open there: a key that
    /// nobody uses is taken out (vm-facts 7). A host that does not answer keeps its keys.
    /// </summary>
    private static async Task<Domain> BuildAsync(XapiProcess process, VmSpec spec)
    {
        TimeSpan duration = process.Host.Draw(process.Host.Timings.VmStart);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                return await process.Guard(process.Host.Xenopsd.BuildAsync(spec, duration)).ConfigureAwait(false);
            }
            catch (ApiException locked) when (locked.Holder is { } holder && holder.HostUuid != process.Host.Definition.Uuid && asked.Add(holder.VdiUuid))
            {
                if (await IsOpenAsync(process, holder).ConfigureAwait(false))
                {
                    throw;
                }

                process.Host.Storage.Unlock(holder.VdiUuid, holder.HostUuid);
            }
        }
    }

    private static async Task<bool> IsOpenAsync(XapiProcess process, VdiLock holder)
    {
        try
        {
            string address = process.Host.Pool.Hosts.First(host => host.Uuid == holder.HostUuid).Address;
            JsonNode? open = await process.GuardWithin(
                process.AskPeerAsync(address, "emu.sm_is_open", holder.VdiUuid), process.Host.Timings.ConnectLimit).ConfigureAwait(false);
            return (bool)open!;
        }
        catch (Exception error) when (error is ApiException or PeerUnreachableException or PeerLostException)
        {
            return true;
        }
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

    /// <summary>The balloon of a running guest is set.</summary>
    public static Task<JsonNode?> ResizeAsync(Call call)
    {
        call.Process.Host.Xenopsd.Resize(call.Text(0), (long)call.Float(1));
        return Task.FromResult<JsonNode?>(null);
    }

    /// <summary>The guest suspends itself, its memory goes to a VDI, the domain goes.</summary>
    public static async Task<JsonNode?> SuspendAsync(Call call)
    {
        XapiProcess process = call.Process;
        Domain domain = Whole(process, call.Text(0));
        process.Host.Xenopsd.Suspend(domain);
        await process.Delay(process.Host.Timings.VmHardShutdown).ConfigureAwait(false);
        await process.Guard(process.Host.Xenopsd.DestroyAsync(call.Text(0))).ConfigureAwait(false);
        return null;
    }

    /// <summary>The guest is suspended for as long as its memory is saved, and goes on in the same domain.</summary>
    public static async Task<JsonNode?> CheckpointAsync(Call call)
    {
        XapiProcess process = call.Process;
        Domain domain = Whole(process, call.Text(0));
        process.Host.Xenopsd.Suspend(domain);
        await process.Delay(process.Host.Timings.VmHardShutdown).ConfigureAwait(false);
        process.Host.Xenopsd.Resume(domain);
        return null;
    }

    /// <summary>
    /// Two domains for as long as memory is copied, the target's paused. Then the guest suspends itself, the source lets go of
    /// its disks and takes another handle, the target takes the disks and goes. If that fails the VM is gone on both.
    /// </summary>
    public static async Task<JsonNode?> MigrateOutAsync(Call call)
    {
        XapiProcess process = call.Process;
        JsonNode spec = call.Node(0)!;
        string uuid = (string)spec["uuid"]!;
        string target = call.Text(1);
        Domain source = Whole(process, uuid);
        process.Host.MigratingOut.Add(uuid);
        try
        {
            JsonNode? shell = await AskAsync(process, target, "emu.vm_migrate_receive", spec.DeepClone()).ConfigureAwait(false);
            await process.Delay(process.Host.MigrationTime ?? process.Host.Draw(process.Host.Timings.VmMigrate)).ConfigureAwait(false);
            await AskAsync(process, target, "emu.ping").ConfigureAwait(false);
            await SwitchAsync(process, target, source, spec, Numbers.ToLong(shell!.AsValue())).ConfigureAwait(false);
        }
        catch (Exception error) when (error is PeerUnreachableException or PeerLostException)
        {
            throw new ApiException("CANNOT_CONTACT_HOST", call.Text(1));
        }
        finally
        {
            process.Host.MigratingOut.Remove(uuid);
        }

        return null;
    }

    private static async Task SwitchAsync(XapiProcess process, string target, Domain source, JsonNode spec, long shell)
    {
        Xenopsd xenopsd = process.Host.Xenopsd;
        xenopsd.Suspend(source);
        await process.Delay(process.Host.Timings.Call).ConfigureAwait(false);
        await process.Guard(xenopsd.ReleaseAsync(source)).ConfigureAwait(false);
        try
        {
            JsonNode? domid = await AskAsync(process, target, "emu.vm_migrate_in", spec.DeepClone(), shell).ConfigureAwait(false);
            await process.Guard(xenopsd.DestroyAsync(Domain.OutgoingHandle(source.VmUuid))).ConfigureAwait(false);
            string host = Database.RefOf("host", process.Host.Pool.Hosts.First(host => host.Address == target).Uuid);
            await process.Link.DbAsync("emu.db_vm_running", source.VmUuid, host, Numbers.ToLong(domid!.AsValue())).ConfigureAwait(false);
        }
        catch (Exception error) when (error is PeerUnreachableException or PeerLostException or ApiException)
        {
            // The source cannot go back: its memory is stale and its disks are let go.
            await process.Guard(xenopsd.DestroyAsync(Domain.OutgoingHandle(source.VmUuid))).ConfigureAwait(false);
            await process.Link.DbAsync("emu.db_vm_halted", source.VmUuid, process.HostRef).ConfigureAwait(false);
            throw;
        }
    }

    public static Task<JsonNode?> ReceiveAsync(Call call)
    {
        XapiProcess process = call.Process;
        VmSpec spec = VmSpec.FromJson(call.Node(0)!);
        Domain shell = process.Host.Xenopsd.Receive(spec);
        process.Background(() => WatchShellAsync(process, spec, shell.Domid));
        return Task.FromResult<JsonNode?>((long)shell.Domid);
    }

    public static Task<JsonNode?> MigrateInAsync(Call call) => Task.FromResult<JsonNode?>(
        (long)call.Process.Host.Xenopsd.Go(VmSpec.FromJson(call.Node(0)!), (int)call.Float(1)).Domid);

    /// <summary>
    /// The end of the stream: a source that has given up, or whose host says that nobody listens. One that died without a word
    /// is not noticed, and the shell stays (vm-facts 5.4).
    /// </summary>
    private static async Task WatchShellAsync(XapiProcess process, VmSpec spec, int domid)
    {
        string source = process.Host.Pool.OtherHost(process.Host.Definition.Name).Address;
        while (true)
        {
            await process.Delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            if (!IsShell(process, spec, domid))
            {
                return;
            }

            try
            {
                JsonNode? goesOn = process.Host.MigratingOut.Contains(spec.Uuid)
                    || (bool)(await process.AskPeerAsync(source, "emu.vm_migrates", spec.Uuid).ConfigureAwait(false))!;
                if (!(bool)goesOn! && IsShell(process, spec, domid))
                {
                    process.Host.Xenopsd.Drop(domid);
                    return;
                }
            }
            catch (PeerUnreachableException refused) when (IsShell(process, spec, domid) && refused.Message.Contains("refused", StringComparison.Ordinal))
            {
                process.Host.Xenopsd.Drop(domid);
                return;
            }
            catch (Exception error) when (error is PeerUnreachableException or PeerLostException or ApiException)
            {
                // Silence: TCP waits.
            }
        }
    }

    private static bool IsShell(XapiProcess process, VmSpec spec, int domid) =>
        process.Host.Xenopsd.Find(Domain.IncomingHandle(spec.Uuid)) is { } shell && shell.Domid == domid;

    /// <summary>A migration to the own host does without the network.</summary>
    private static Task<JsonNode?> AskAsync(XapiProcess process, string address, string method, params JsonNode?[] parameters) =>
        address == process.Host.Address
            ? process.Methods.ExecuteAsync(CallOrigin.Internal, method, new JsonArray(parameters))
            : process.AskPeerAsync(address, method, parameters);

    private static Domain Whole(XapiProcess process, string uuid) => process.Host.Xenopsd.Find(uuid)
        ?? throw new ApiException("INTERNAL_ERROR", $"xenopsd: {uuid} has no domain here");

    public static async Task OnRebuiltAsync(XapiProcess process, Domain domain) => await RecordRunningAsync(process, domain).ConfigureAwait(false);

    /// <summary>A domain ended here: xenopsd told so. Expected ends are written by whoever caused them.</summary>
    public static async Task OnEndedAsync(XapiProcess process, Domain domain)
    {
        await process.Guard(process.Host.Faults.UntilAnswering(needsDatabase: true)).ConfigureAwait(false);
        if (!domain.IsWhole || process.Host.MigratingOut.Contains(domain.VmUuid) || process.Host.Xenopsd.IsRebuilding(domain.VmUuid)
            || process.Host.Xenopsd.Find(domain.VmUuid) is not null)
        {
            return;
        }

        await process.Link.DbAsync("emu.db_vm_halted", domain.VmUuid, process.HostRef).ConfigureAwait(false);
    }

    private static Task RecordRunningAsync(XapiProcess process, Domain domain) =>
        process.Link.DbAsync("emu.db_vm_running", domain.VmUuid, process.HostRef, (long)domain.Domid);
}
