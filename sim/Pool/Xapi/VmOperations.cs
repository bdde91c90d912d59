using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>VM operations as the master drives them: locking, checks, forwarding to the host that executes.</summary>
internal sealed class VmOperations(XapiProcess process)
{
    private Database Db => process.Db;

    /// <summary>VM.start (no host given) and VM.start_on (xapi.md 6.3).</summary>
    public async Task StartAsync(Call call, Row vm, Row? wanted)
    {
        AssertVersion(wanted);
        await OperateAsync(call, vm, wanted is null ? "start" : "start_on", ["Halted"], async () =>
        {
            process.Log("vm_start", ("vm", vm.Text("name_label")), ("uuid", vm.Uuid));
            Row host = wanted ?? Choose(vm);
            AssertNotEvacuating(host);
            vm.Set("memory_overhead", MemoryCheck.Overhead(vm));
            VmPlacement.AssertCanBootHere(Db, vm, host, ignoreMemory: wanted is null);
            vm.Set("scheduled_to_be_resident_on", host.Ref);
            vm.Set("guest_metrics", Database.NullRef);
            try
            {
                await StartOnHostAsync(vm, host).ConfigureAwait(false);
            }
            catch (ApiException error)
            {
                SetAttached(vm, false);
                process.Log("vm_start_failed", ("vm", vm.Text("name_label")), ("error", error.Message));
                throw;
            }
            finally
            {
                vm.Set("scheduled_to_be_resident_on", Database.NullRef);
            }

            if (wanted is not null)
            {
                // start_on sleeps a second time, on the master.
                await process.Delay(StartDelay(vm)).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>PBD.plug, forwarded to the host of the path; one that is plugged already is left alone.</summary>
    public async Task PlugAsync(Row pbd)
    {
        if (!pbd.Flag("currently_attached"))
        {
            await OnHostAsync(Db.Host(pbd.Text("host")), "emu.pbd_plug").ConfigureAwait(false);
            pbd.Set("currently_attached", true);
        }
    }

    public async Task ShutdownAsync(Call call, Row vm, bool clean)
    {
        string operation = clean ? "clean_shutdown" : "hard_shutdown";
        await OperateAsync(call, vm, operation, clean ? ["Running"] : ["Running", "Paused", "Suspended"], async () =>
        {
            process.Log("vm_" + operation, ("vm", vm.Text("name_label")));
            vm.Set("ha_always_run", false);
            Row host = Db.Host(vm.Text("resident_on"));
            await OnHostAsync(host, "emu.vm_shutdown", vm.Uuid, clean).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public async Task MigrateAsync(Call call, Row vm, Row target)
    {
        await OperateAsync(call, vm, "pool_migrate", ["Running"], async () =>
        {
            Row source = Db.Host(vm.Text("resident_on"));
            Versions.AssertNotDecreasing(Db, source, target);
            VmPlacement.AssertCanBootHere(Db, vm, target);
            vm.Set("scheduled_to_be_resident_on", target.Ref);
            try
            {
                process.Log("vm_migrate", ("vm", vm.Text("name_label")), ("to", target.Text("name_label")));
                await OnHostAsync(source, "emu.vm_migrate_out", SpecOf(vm).ToJson(), target.Text("address"))
                    .ConfigureAwait(false);
            }
            finally
            {
                vm.Set("scheduled_to_be_resident_on", Database.NullRef);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>VM.suspend: halted for the hosts, its memory waits in a VDI.</summary>
    public async Task SuspendAsync(Call call, Row vm) => await OperateAsync(call, vm, "suspend", ["Running"], async () =>
    {
        vm.Set("ha_always_run", false);
        await OnHostAsync(Db.Host(vm.Text("resident_on")), "emu.vm_suspend", vm.Uuid).ConfigureAwait(false);
        var operations = vm["current_operations"]?.DeepClone();
        ForceHalted(vm);
        vm.Set("power_state", "Suspended");
        vm.Set("current_operations", operations);
    }).ConfigureAwait(false);

    /// <summary>VM.resume_on, and VM.resume on a host of XAPI's choice.</summary>
    public async Task ResumeAsync(Call call, Row vm, Row? wanted) => await OperateAsync(call, vm, "resume", ["Suspended"], async () =>
    {
        AssertVersion(wanted);
        Row host = wanted ?? Choose(vm);
        VmPlacement.AssertCanBootHere(Db, vm, host);
        vm.Set("scheduled_to_be_resident_on", host.Ref);
        try
        {
            await OnHostAsync(host, "emu.vm_start", SpecOf(vm).ToJson(), 0L).ConfigureAwait(false);
        }
        finally
        {
            vm.Set("scheduled_to_be_resident_on", Database.NullRef);
        }
    }).ConfigureAwait(false);

    /// <summary>VM.checkpoint: Suspended with resident_on kept for as long as memory is saved, then it goes on there.</summary>
    public async Task CheckpointAsync(Call call, Row vm) => await OperateAsync(call, vm, "checkpoint", ["Running"], async () =>
    {
        vm.Set("power_state", "Suspended");
        try
        {
            await OnHostAsync(Db.Host(vm.Text("resident_on")), "emu.vm_checkpoint", vm.Uuid).ConfigureAwait(false);
        }
        finally
        {
            vm.Set("power_state", "Running");
        }
    }).ConfigureAwait(false);

    /// <summary>VM.power_state_reset: database only; no domain and no disk lock is touched (xapi.md 6.6).</summary>
    public async Task ResetAsync(Row vm)
    {
        if (vm.Flag("is_control_domain"))
        {
            throw new ApiException("CANNOT_RESET_CONTROL_DOMAIN", vm.Ref);
        }

        string resident = vm.Text("resident_on");
        bool runs = vm.Text("power_state") is "Running" or "Paused";
        if (runs && resident == process.HostRef && process.Host.Xenopsd.Find(vm.Uuid) is not null)
        {
            throw new ApiException("DOMAIN_EXISTS", vm.Ref);
        }

        if (runs && resident != process.HostRef && Db.Find("host", resident) is { } host
            && await process.Liveness.AnswersAsync(host).ConfigureAwait(false))
        {
            throw new ApiException("HOST_IS_LIVE", host.Ref);
        }

        if (process.Host.Faults.RefusedResets.Contains(vm.Uuid))
        {
            throw new ApiException("INTERNAL_ERROR", "refused by the scenario");
        }

        ForceHalted(vm);
        process.Log("power_state_reset", ("vm", vm.Text("name_label")), ("uuid", vm.Uuid));
    }

    public void ForceHalted(Row vm)
    {
        vm.Set("power_state", "Halted");
        vm.Set("resident_on", Database.NullRef);
        vm.Set("scheduled_to_be_resident_on", Database.NullRef);
        vm.Set("domid", -1L);
        vm.Set("current_operations", new JsonObject());
        SetAttached(vm, false);
    }

    public void MarkRunning(Row vm, string hostRef, long domid)
    {
        vm.Set("power_state", "Running");
        vm.Set("resident_on", hostRef);
        vm.Set("domid", domid);
        SetAttached(vm, true);
        if (vm.Text("ha_restart_priority") == "restart")
        {
            vm.Set("ha_always_run", true);
        }

        if (process.Host.AgentTime is { } time && !process.Host.SilentAgents.Contains(vm.Uuid))
        {
            process.Background(() => ReportAgentAsync(vm, time));
        }
    }

    public VmSpec SpecOf(Row vm) => new(
        vm.Uuid,
        vm.Text("name_label"),
        [.. VmPlacement.DisksOf(Db, vm).Select(vdi => (Vdi: vdi, Sr: Db.Get("SR", vdi.Text("SR"))))
            .Select(disk => new DiskSpec(disk.Vdi.Uuid, disk.Sr.Uuid, disk.Sr.Flag("shared")))],
        vm.Text("actions_after_shutdown") == "restart",
        MemoryCheck.Need(vm),
        vm.Entry("other_config", "emu.device_of") ?? "");

    /// <summary>Runs something on a host: here, or forwarded with XAPI's two failures (xapi.md 4.2, end).</summary>
    public async Task<JsonNode?> OnHostAsync(Row host, string method, params JsonNode?[] parameters)
    {
        if (host.Ref == process.HostRef)
        {
            return await process.Methods.ExecuteAsync(CallOrigin.Internal, method, new JsonArray(parameters))
                .ConfigureAwait(false);
        }

        for (int attempt = 1; ; attempt++)
        {
            if (!Db.IsLive(host))
            {
                throw new ApiException("HOST_OFFLINE", host.Ref);
            }

            try
            {
                JsonNode?[] copy = [.. parameters.Select(node => node?.DeepClone())];
                return await process.AskPeerAsync(host.Text("address"), method, copy).ConfigureAwait(false);
            }
            catch (PeerUnreachableException) when (attempt < process.Host.Timings.ForwardAttemptsMax)
            {
                await process.Delay(process.Host.Timings.ForwardRetry).ConfigureAwait(false);
            }
            catch (Exception error) when (error is PeerUnreachableException or PeerLostException)
            {
                throw new ApiException("CANNOT_CONTACT_HOST", host.Ref);
            }
        }
    }

    /// <summary>Any 64-bit delay is legal; a year is as good as for ever.</summary>
    internal static TimeSpan Delay(long seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 366 * 86_400L));

    private static TimeSpan StartDelay(Row vm) => Delay(vm.Number("start_delay"));

    private async Task StartOnHostAsync(Row vm, Row host)
    {
        SetAttached(vm, true);
        Instant begin = process.Now;
        await OnHostAsync(host, "emu.vm_start", SpecOf(vm).ToJson(), vm.Number("start_delay")).ConfigureAwait(false);
        process.Log(
            "vm_started",
            ("vm", vm.Text("name_label")),
            ("uuid", vm.Uuid),
            ("on", host.Text("name_label")),
            ("elapsed_ms", XapiProcess.Milliseconds(process.Now - begin)));
    }

    /// <summary>The guest's agent writes to xenstore, and xapi makes a record of it.</summary>
    private async Task ReportAgentAsync(Row vm, TimeSpan after)
    {
        long domid = vm.Number("domid");
        await process.Delay(after).ConfigureAwait(false);
        if (vm.Text("power_state") == "Running" && vm.Number("domid") == domid)
        {
            vm.Set("guest_metrics", Database.RefOf("VM_guest_metrics", vm.Uuid));
        }
    }

    private Row Choose(Row vm)
    {
        IReadOnlyList<Row> hosts = Candidates(vm, ignoreMemory: false);
        if (hosts.Count == 0)
        {
            // XAPI tries again without the memory check before it gives up.
            hosts = Candidates(vm, ignoreMemory: true);
        }

        return hosts.FirstOrDefault(host => host.Ref == vm.Text("affinity"))
            ?? hosts.OrderByDescending(host => MemoryCheck.Free(Db, host)).FirstOrDefault()
            ?? throw new ApiException("NO_HOSTS_AVAILABLE");
    }

    private List<Row> Candidates(Row vm, bool ignoreMemory) =>
        [.. VmPlacement.PossibleHosts(Db, vm, ignoreMemory).Where(host => Versions.IsHighest(Db, host))];

    private void AssertVersion(Row? wanted)
    {
        if (wanted is not null)
        {
            Versions.AssertHighest(Db, wanted);
        }
    }

    private void SetAttached(Row vm, bool attached)
    {
        foreach (Row vbd in vm.List("VBDs").Select(reference => Db.Find("VBD", reference)).OfType<Row>())
        {
            vbd.Set("currently_attached", attached);
            vbd.Set("reserved", false);
        }
    }

    /// <summary>XAPI's per-object lock: a collision waits at random intervals, up to two hours (xapi.md 6.4).</summary>
    private async Task OperateAsync(Call call, Row vm, string operation, string[] expected, Func<Task> body)
    {
        await AcquireAsync(vm, operation, expected).ConfigureAwait(false);
        vm.SetEntry("current_operations", call.TaskRef, operation);
        try
        {
            await body().ConfigureAwait(false);
        }
        finally
        {
            vm.RemoveEntry("current_operations", call.TaskRef);
        }
    }

    private async Task AcquireAsync(Row vm, string operation, string[] expected)
    {
        Instant giveUp = process.Now + process.Host.Timings.BusyLimit;
        while (true)
        {
            // XAPI's order: what an administrator blocked, power state, operations in progress, kind of VM.
            AssertNotBlocked(vm, operation);
            AssertPowerState(vm, expected);
            if (operation == "hard_shutdown")
            {
                // Never waits: it cancels what is in progress instead.
                vm.Set("current_operations", new JsonObject());
            }

            IReadOnlyList<string> holders = vm.Keys("current_operations");
            if (holders.Count == 0)
            {
                AssertOrdinary(vm);
                Versions.AssertAllowed(Db, operation);
                return;
            }

            if (process.Now >= giveUp)
            {
                string other = vm.Entry("current_operations", holders[0]) ?? "";
                throw new ApiException("OTHER_OPERATION_IN_PROGRESS", "VM", vm.Ref, other, holders[0]);
            }

            await process.Delay(process.Host.Timings.BusyRetry).ConfigureAwait(false);
        }
    }

    private static void AssertNotBlocked(Row vm, string operation)
    {
        if (vm.Entry("blocked_operations", operation) is { } reason)
        {
            throw new ApiException("OPERATION_BLOCKED", vm.Ref, reason);
        }
    }

    private static void AssertOrdinary(Row vm)
    {
        if (vm.Flag("is_a_template"))
        {
            throw new ApiException("VM_IS_TEMPLATE", vm.Ref);
        }

        if (vm.Flag("is_control_domain"))
        {
            throw new ApiException("OPERATION_NOT_ALLOWED", "Operations on domain 0 are not allowed");
        }
    }

    private static void AssertNotEvacuating(Row host)
    {
        if (host.Keys("current_operations").Any(key => host.Entry("current_operations", key) == "evacuate"))
        {
            throw new ApiException("HOST_EVACUATE_IN_PROGRESS", host.Ref);
        }
    }

    private static void AssertPowerState(Row vm, string[] expected)
    {
        string actual = vm.Text("power_state");
        if (!expected.Contains(actual))
        {
            string wanted = string.Join(", ", expected).ToLowerInvariant();
            throw new ApiException("VM_BAD_POWER_STATE", vm.Ref, wanted, actual.ToLowerInvariant());
        }
    }
}
