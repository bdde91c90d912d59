using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>What a VM is doing, according to the database.</summary>
public enum VMPowerState
{
    /// <summary>A state this client does not know.</summary>
    Unknown = 0,

    /// <summary>Off.</summary>
    Halted,

    /// <summary>In memory, not running.</summary>
    Paused,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Saved to disk.</summary>
    Suspended,
}

/// <summary>A VM, template, snapshot or control domain: the fields a HA daemon uses (idl/datamodel_vm.ml). No other is looked at, so an odd one
/// costs nothing.</summary>
public sealed record VMRecord
{
    /// <summary>Persistent identity.</summary>
    public required string Uuid { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string NameLabel { get; init; }

    /// <summary>State according to the database.</summary>
    public required VMPowerState PowerState { get; init; }

    /// <summary>Host it runs on; set only when a start has finished.</summary>
    public required XenRef<Host> ResidentOn { get; init; }

    /// <summary>Whether it is a template.</summary>
    public required bool IsATemplate { get; init; }

    /// <summary>Whether it is a snapshot.</summary>
    public required bool IsASnapshot { get; init; }

    /// <summary>Whether it is a shipped template; false where the release lacks the field (before 7.2).</summary>
    public required bool IsDefaultTemplate { get; init; }

    /// <summary>Whether it is a control domain; each host has one.</summary>
    public required bool IsControlDomain { get; init; }

    /// <summary>Upper limit of memory, bytes.</summary>
    public required long MemoryStaticMax { get; init; }

    /// <summary>Memory taken besides its own, bytes.</summary>
    public required long MemoryOverhead { get; init; }

    /// <summary>Ballooning never takes more away than down to this, bytes.</summary>
    public long MemoryDynamicMin { get; init; }

    /// <summary>What it gets where there is enough, bytes.</summary>
    public long MemoryDynamicMax { get; init; }

    /// <summary>Most virtual CPUs.</summary>
    public long VcpusMax { get; init; }

    /// <summary>Factor of the shadow memory, 1 or more.</summary>
    public double ShadowMultiplier { get; init; } = 1;

    /// <summary>hvm, pv, pvh, pv_in_pvh or unspecified; empty where the release lacks the field.</summary>
    public string DomainType { get; init; } = "";

    /// <summary>Its vApp; null when it is in none.</summary>
    public XenRef<VMAppliance> Appliance { get; init; }

    /// <summary>Host that an operation in progress will put it on.</summary>
    public XenRef<Host> ScheduledOn { get; init; }

    /// <summary>How long a clean shutdown may take; zero for XAPI's own bound.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>It has a virtual GPU.</summary>
    public bool HasVirtualGpu { get; init; }

    /// <summary>A USB device is passed through.</summary>
    public bool HasUsb { get; init; }

    /// <summary>A PCI device is passed through: attached, or asked for in <c>other_config:pci</c>.</summary>
    public bool HasPci { get; init; }

    /// <summary>Settings of the virtual platform.</summary>
    public ImmutableSortedDictionary<string, string> Platform { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>CPU vendor and features that it was started with.</summary>
    public ImmutableSortedDictionary<string, string> LastBootCpuFlags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary><c>restart</c>, <c>best-effort</c> or empty; plain metadata while native HA is off.</summary>
    public required string HaRestartPriority { get; init; }

    /// <summary>Start order, lower is earlier.</summary>
    public required long Order { get; init; }

    /// <summary>Pause after its start, 0 to 2³¹−1 s.</summary>
    public required TimeSpan StartDelay { get; init; }

    /// <summary>Whether the guest's agent has reported since the VM was started (guest_metrics is not null).</summary>
    public bool HasGuestMetrics { get; init; }

    /// <summary>Settings of tools.</summary>
    public required ImmutableSortedDictionary<string, string> OtherConfig { get; init; }

    /// <summary>Operations an administrator blocked, each with the text of the refusal.</summary>
    public required ImmutableSortedDictionary<string, string> BlockedOperations { get; init; }

    /// <summary>Operations in progress: task reference to operation.</summary>
    public required ImmutableSortedDictionary<string, string> CurrentOperations { get; init; }

    /// <summary>Whether it is a VM in the everyday sense: no template, snapshot or control domain.</summary>
    public bool IsOrdinary => !IsATemplate && !IsASnapshot && !IsDefaultTemplate && !IsControlDomain;

    internal static VMRecord Parse(XenJson json) => new()
    {
        Uuid = json.Member("uuid").AsString(),
        NameLabel = json.Member("name_label").AsString(),
        PowerState = ParsePowerState(json.Member("power_state")),
        ResidentOn = json.Member("resident_on").AsRef<Host>(),
        IsATemplate = json.Member("is_a_template").AsBool(),
        IsASnapshot = json.Member("is_a_snapshot").AsBool(),
        IsDefaultTemplate = json.OptionalMember("is_default_template")?.AsBool() ?? false,
        IsControlDomain = json.Member("is_control_domain").AsBool(),
        MemoryStaticMax = json.Member("memory_static_max").AsInt(),
        MemoryOverhead = json.Member("memory_overhead").AsInt(),
        MemoryDynamicMin = json.Or("memory_dynamic_min", static member => member.AsInt(), json.Member("memory_static_max").AsInt()),
        MemoryDynamicMax = json.Or("memory_dynamic_max", static member => member.AsInt(), json.Member("memory_static_max").AsInt()),
        VcpusMax = json.Or("VCPUs_max", static member => member.AsInt(), 0),
        ShadowMultiplier = json.Or("HVM_shadow_multiplier", static member => member.AsFloat(), 1),
        DomainType = json.TextOrEmpty("domain_type"),
        Appliance = json.Or("appliance", static member => member.AsRef<VMAppliance>(), default),
        ScheduledOn = json.Or("scheduled_to_be_resident_on", static member => member.AsRef<Host>(), default),
        ShutdownDelay = json.Or("shutdown_delay", static member => member.AsSeconds(), TimeSpan.Zero),
        HasVirtualGpu = HasAny(json, "VGPUs"),
        HasUsb = HasAny(json, "VUSBs"),
        HasPci = HasAny(json, "attached_PCIs") || json.Member("other_config").AsReadableStringMap().ContainsKey("pci"),
        Platform = json.Or("platform", static member => member.AsReadableStringMap(), ImmutableSortedDictionary<string, string>.Empty),
        LastBootCpuFlags = json.Or("last_boot_CPU_flags", static member => member.AsReadableStringMap(), ImmutableSortedDictionary<string, string>.Empty),
        HaRestartPriority = json.Member("ha_restart_priority").AsString(),
        Order = json.Member("order").AsInt(),
        StartDelay = json.Member("start_delay").AsSeconds(),
        HasGuestMetrics = IsSet(json, "guest_metrics"),
        OtherConfig = json.Member("other_config").AsReadableStringMap(),
        BlockedOperations = json.Member("blocked_operations").AsStringMap(),
        CurrentOperations = json.Member("current_operations").AsStringMap(),
    };

    private static bool HasAny(XenJson json, string member) => !json.Or(member, static list => list.AsStrings(), []).IsEmpty;

    private static bool IsSet(XenJson json, string reference) => json.OptionalMember(reference)?.AsRef<VM>() is { IsNull: false };

    private static VMPowerState ParsePowerState(XenJson json) => json.AsEnum(
        ("Halted", VMPowerState.Halted), ("Paused", VMPowerState.Paused),
        ("Running", VMPowerState.Running), ("Suspended", VMPowerState.Suspended));
}
