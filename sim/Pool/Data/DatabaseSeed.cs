using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Pool.Data;

/// <summary>The database of a pool that was just set up: what both hosts find on their disks at the first boot.</summary>
internal sealed class DatabaseSeed
{
    private const long Mib = MemoryCheck.Mib;

    private readonly PoolDefinition _definition;
    private readonly Database _database = new();

    private DatabaseSeed(PoolDefinition definition) => _definition = definition;

    public static Database Create(PoolDefinition definition)
    {
        var seed = new DatabaseSeed(definition);
        seed.AddPool();
        seed.AddNetwork();
        foreach (HostDefinition host in definition.Hosts)
        {
            seed.AddHost(host);
            seed.AddInterfaces(host);
            seed.AddControlDomain(host);
        }

        foreach (SrDefinition sr in definition.Srs)
        {
            seed.AddSr(sr);
        }

        foreach (VmDefinition vm in definition.Vms)
        {
            seed.AddVm(vm);
        }

        seed.AddTemplate();
        return seed._database;
    }

    private static string HostRef(HostDefinition host) => Database.RefOf("host", host.Uuid);

    private static JsonObject Map(IReadOnlyDictionary<string, string>? entries = null)
    {
        var map = new JsonObject();
        foreach ((string key, string value) in entries ?? new Dictionary<string, string>())
        {
            map[key] = value;
        }

        return map;
    }

    private void AddPool() => _database.Add("pool", Database.RefOf("pool", _definition.PoolUuid), new JsonObject
    {
        ["uuid"] = _definition.PoolUuid,
        ["name_label"] = _definition.PoolName,
        ["name_description"] = "",
        ["master"] = HostRef(_definition.FirstMaster),
        ["default_SR"] = Database.NullRef,
        ["other_config"] = Map(_definition.OtherConfig),
        ["gui_config"] = Map(),
        ["tags"] = new JsonArray(),
        ["ha_enabled"] = false,
        ["ha_host_failures_to_tolerate"] = 0,
        ["current_operations"] = Map(),
        ["allowed_operations"] = new JsonArray(),
    });

    private void AddNetwork()
    {
        string uuid = PoolDefinition.UuidOf("network", _definition.PoolName);
        _database.Add("network", Database.RefOf("network", uuid), new JsonObject
        {
            ["uuid"] = uuid,
            ["name_label"] = "Pool-wide network associated with eth0",
            ["name_description"] = "",
            ["bridge"] = "xenbr0",
            ["VIFs"] = new JsonArray(),
            ["PIFs"] = new JsonArray(),
            ["other_config"] = Map(),
            ["tags"] = new JsonArray(),
        });
    }

    private void AddHost(HostDefinition host)
    {
        string metricsUuid = PoolDefinition.UuidOf("host_metrics", host.Uuid);
        string metricsRef = Database.RefOf("host_metrics", metricsUuid);
        _database.Add("host_metrics", metricsRef, new JsonObject
        {
            ["uuid"] = metricsUuid,
            ["memory_total"] = host.MemoryMib * Mib,
            ["memory_free"] = (host.MemoryMib - MemoryCheck.ControlDomainMib) * Mib,
            ["live"] = true,
            ["last_updated"] = "19700101T00:00:00Z",
            ["other_config"] = Map(),
        });
        _database.Add("host", HostRef(host), new JsonObject
        {
            ["uuid"] = host.Uuid,
            ["name_label"] = host.Name,
            ["name_description"] = "",
            ["hostname"] = host.Name,
            ["address"] = host.Address,
            ["enabled"] = false,
            ["metrics"] = metricsRef,
            ["memory_overhead"] = MemoryCheck.HypervisorMib * Mib,
            ["API_version_major"] = 2,
            ["API_version_minor"] = 21,
            ["API_version_vendor"] = "TwoNodeHa emulator",
            ["software_version"] = Map(new Dictionary<string, string> { ["product_brand"] = "Emulated", [Xapi.Versions.Key] = Xapi.Versions.First }),
            ["resident_VMs"] = new JsonArray(),
            ["PBDs"] = new JsonArray(),
            ["power_on_mode"] = "",
            ["other_config"] = Map(),
            ["tags"] = new JsonArray(),
            ["current_operations"] = Map(),
            ["allowed_operations"] = new JsonArray(),
        });
    }

    private void AddInterfaces(HostDefinition host)
    {
        if (host.Gateway.Length == 0)
        {
            return;
        }

        AddInterface(host, "eth0", "network", host.Address, host.Gateway, management: true);
        if (host.SecondAddress.Length > 0)
        {
            AddInterface(host, "eth1", "network2", host.SecondAddress, "", management: false);
        }

        // A wire without an address of dom0, as guests have them.
        AddInterface(host, "eth2", "network3", "", "", management: false);
    }

    private void AddInterface(HostDefinition host, string device, string network, string address, string gateway, bool management)
    {
        string uuid = PoolDefinition.UuidOf("pif", host.Uuid + device);
        _database.Add("PIF", Database.RefOf("PIF", uuid), new JsonObject
        {
            ["uuid"] = uuid,
            ["host"] = HostRef(host),
            ["network"] = Database.RefOf("network", PoolDefinition.UuidOf(network, _definition.PoolName)),
            ["device"] = device,
            ["IP"] = address,
            ["netmask"] = address.Length > 0 ? "255.255.255.0" : "",
            ["gateway"] = gateway,
            ["management"] = management,
            ["currently_attached"] = true,
            ["physical"] = true,
            ["VLAN"] = -1,
            ["MAC"] = "02:00:00:00:00:01",
            ["ip_configuration_mode"] = address.Length > 0 ? "Static" : "None",
            ["other_config"] = Map(),
        });
    }

    private void AddControlDomain(HostDefinition host)
    {
        string uuid = PoolDefinition.UuidOf("dom0", host.Uuid);
        JsonObject fields = VmFields(uuid, "Control domain on host: " + host.Name, MemoryCheck.ControlDomainMib);
        fields["is_control_domain"] = true;
        fields["domain_type"] = "pv";
        fields["memory_overhead"] = MemoryCheck.OverheadMib(MemoryCheck.ControlDomainMib, 1, 1, "pv") * Mib;
        fields["power_state"] = "Running";
        fields["resident_on"] = HostRef(host);
        fields["domid"] = 0;
        _database.Add("VM", Database.RefOf("VM", uuid), fields);
    }

    private void AddTemplate()
    {
        string uuid = PoolDefinition.UuidOf("template", _definition.PoolName);
        JsonObject fields = VmFields(uuid, "Other install media", 1024);
        fields["is_a_template"] = true;
        fields["is_default_template"] = true;
        _database.Add("VM", Database.RefOf("VM", uuid), fields);
    }

    private void AddSr(SrDefinition sr)
    {
        string srRef = Database.RefOf("SR", sr.Uuid);
        var pbds = new JsonArray();
        foreach (HostDefinition host in _definition.Hosts.Where(host => sr.Shared || sr.Host == host.Name))
        {
            string uuid = PoolDefinition.UuidOf("pbd", sr.Uuid + host.Uuid);
            string pbdRef = Database.RefOf("PBD", uuid);
            _database.Add("PBD", pbdRef, new JsonObject
            {
                ["uuid"] = uuid,
                ["host"] = HostRef(host),
                ["SR"] = srRef,
                ["device_config"] = Map(),
                ["currently_attached"] = true,
                ["other_config"] = Map(),
            });
            pbds.Add((JsonNode)pbdRef);
        }

        _database.Add("SR", srRef, new JsonObject
        {
            ["uuid"] = sr.Uuid,
            ["name_label"] = sr.Name,
            ["name_description"] = "",
            ["type"] = sr.Shared ? "lvmoiscsi" : "ext",
            ["content_type"] = "user",
            ["shared"] = sr.Shared,
            ["PBDs"] = pbds,
            ["VDIs"] = new JsonArray(),
            ["other_config"] = Map(),
            ["sm_config"] = Map(),
            ["tags"] = new JsonArray(),
        });
    }

    private void AddVm(VmDefinition vm)
    {
        string vmRef = Database.RefOf("VM", vm.Uuid);
        JsonObject fields = VmFields(vm.Uuid, vm.Name, vm.MemoryMib);
        fields["ha_restart_priority"] = vm.HaRestartPriority;
        fields["actions_after_shutdown"] = vm.ActionsAfterShutdown;
        fields["order"] = vm.Order;
        fields["start_delay"] = vm.StartDelay;
        fields["other_config"] = Map(vm.OtherConfig);
        fields["VBDs"] = new JsonArray(AddDisk(vm, vmRef));
        if (vm.RunningOn is not null)
        {
            fields["power_state"] = "Running";
            fields["resident_on"] = HostRef(_definition.Host(vm.RunningOn));
            fields["memory_overhead"] = MemoryCheck.OverheadMib(vm.MemoryMib) * Mib;
        }

        _database.Add("VM", vmRef, fields);
    }

    private string AddDisk(VmDefinition vm, string vmRef)
    {
        string vdiUuid = PoolDefinition.VdiUuid(vm);
        string vdiRef = Database.RefOf("VDI", vdiUuid);
        string vbdUuid = PoolDefinition.UuidOf("vbd", vm.Uuid);
        string vbdRef = Database.RefOf("VBD", vbdUuid);
        string srRef = Database.RefOf("SR", _definition.SrOf(vm).Uuid);
        _database.Add("VDI", vdiRef, new JsonObject
        {
            ["uuid"] = vdiUuid,
            ["name_label"] = vm.Name + " disk 0",
            ["name_description"] = "",
            ["SR"] = srRef,
            ["VBDs"] = new JsonArray(vbdRef),
            ["virtual_size"] = 8L * 1024 * Mib,
            ["sharable"] = false,
            ["read_only"] = false,
            ["type"] = "user",
            ["sm_config"] = Map(),
            ["other_config"] = Map(),
            ["tags"] = new JsonArray(),
        });
        _database.Add("VBD", vbdRef, new JsonObject
        {
            ["uuid"] = vbdUuid,
            ["VM"] = vmRef,
            ["VDI"] = vdiRef,
            ["device"] = "xvda",
            ["userdevice"] = "0",
            ["type"] = "Disk",
            ["mode"] = "RW",
            ["bootable"] = true,
            ["empty"] = false,
            ["currently_attached"] = vm.RunningOn is not null,
            ["reserved"] = false,
            ["other_config"] = Map(),
        });
        return vbdRef;
    }

    private static JsonObject VmFields(string uuid, string name, long memoryMib) => new()
    {
        ["uuid"] = uuid,
        ["name_label"] = name,
        ["name_description"] = "",
        ["power_state"] = "Halted",
        ["resident_on"] = Database.NullRef,
        ["scheduled_to_be_resident_on"] = Database.NullRef,
        ["affinity"] = Database.NullRef,
        ["domid"] = -1,
        ["is_a_template"] = false,
        ["is_default_template"] = false,
        ["is_a_snapshot"] = false,
        ["is_control_domain"] = false,
        ["memory_static_min"] = memoryMib * Mib,
        ["memory_static_max"] = memoryMib * Mib,
        ["memory_dynamic_min"] = memoryMib * Mib,
        ["memory_dynamic_max"] = memoryMib * Mib,

        // Worked out at the first start.
        ["memory_overhead"] = 0,
        ["HVM_shadow_multiplier"] = 1.0,
        ["domain_type"] = "hvm",
        ["VCPUs_max"] = 1,
        ["VCPUs_at_startup"] = 1,
        ["VBDs"] = new JsonArray(),
        ["VIFs"] = new JsonArray(),
        ["appliance"] = Database.NullRef,
        ["guest_metrics"] = Database.NullRef,
        ["ha_restart_priority"] = "",
        ["ha_always_run"] = false,
        ["order"] = 0,
        ["start_delay"] = 0,
        ["shutdown_delay"] = 0,
        ["actions_after_shutdown"] = "destroy",
        ["actions_after_crash"] = "destroy",
        ["other_config"] = Map(),
        ["blocked_operations"] = Map(),
        ["tags"] = new JsonArray(),
        ["allowed_operations"] = new JsonArray(),
        ["current_operations"] = Map(),
    };
}
