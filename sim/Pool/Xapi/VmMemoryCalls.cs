using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>What an administrator may set of a VM's memory (xapi_vm.ml): all of it while it is halted, the balloon's range while it runs.</summary>
internal sealed class VmMemoryCalls(XapiProcess process)
{
    /// <summary>VM.set_memory.</summary>
    public Task SetAsync(Row vm, long bytes)
    {
        if (vm.Text("power_state") != "Halted")
        {
            throw new ApiException("VM_BAD_POWER_STATE", vm.Ref, "halted", vm.Text("power_state").ToLowerInvariant());
        }

        Write(vm, bytes, bytes, bytes);
        return Task.CompletedTask;
    }

    /// <summary>VM.set_memory_dynamic_range.</summary>
    public async Task SetRangeAsync(Row vm, long least, long most)
    {
        if (least > most || most > vm.Number("memory_static_max") || least < 0)
        {
            throw new ApiException("MEMORY_CONSTRAINT_VIOLATION", "memory limits must satisfy: static_min <= dynamic_min <= dynamic_max <= static_max");
        }

        Write(vm, least, most, vm.Number("memory_static_max"));
        if (vm.Text("power_state") == "Running")
        {
            await process.Vms.OnHostAsync(process.Db.Host(vm.Text("resident_on")), "emu.vm_resize", vm.Uuid, MemoryCheck.Need(vm)).ConfigureAwait(false);
        }
    }

    /// <summary>All figures of a VM.</summary>
    public static void Write(Row vm, long least, long most, long largest)
    {
        vm.Set("memory_dynamic_min", least);
        vm.Set("memory_dynamic_max", most);
        vm.Set("memory_static_max", largest);
        if (vm.Number("memory_overhead") > 0)
        {
            vm.Set("memory_overhead", MemoryCheck.Overhead(vm));
        }
    }
}
