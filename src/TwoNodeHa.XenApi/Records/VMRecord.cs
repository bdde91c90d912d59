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

/// <summary>A VM, template, snapshot or control domain: the fields a HA daemon needs (idl/datamodel_vm.ml).</summary>
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

    /// <summary>Host reserved while starting or migrating.</summary>
    public required XenRef<Host> ScheduledToBeResidentOn { get; init; }

    /// <summary>Host preferred by <c>VM.start</c>.</summary>
    public required XenRef<Host> Affinity { get; init; }

    /// <summary>Domain number, −1 when not running.</summary>
    public required long Domid { get; init; }

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

    /// <summary>Memory it may be ballooned down to, bytes.</summary>
    public required long MemoryDynamicMin { get; init; }

    /// <summary>Memory it may be ballooned up to, bytes.</summary>
    public required long MemoryDynamicMax { get; init; }

    /// <summary>Memory taken besides its own, bytes.</summary>
    public required long MemoryOverhead { get; init; }

    /// <summary>Its virtual drives.</summary>
    public required ImmutableArray<XenRef<VBD>> VBDs { get; init; }

    /// <summary>References of its virtual network interfaces.</summary>
    public required ImmutableArray<string> VIFs { get; init; }

    /// <summary><c>restart</c>, <c>best-effort</c> or empty; plain metadata while native HA is off.</summary>
    public required string HaRestartPriority { get; init; }

    /// <summary>Start order, lower is earlier.</summary>
    public required long Order { get; init; }

    /// <summary>Pause after its start.</summary>
    public required TimeSpan StartDelay { get; init; }

    /// <summary>Pause after its shutdown.</summary>
    public required TimeSpan ShutdownDelay { get; init; }

    /// <summary>Reference of its appliance, <c>OpaqueRef:NULL</c> when none.</summary>
    public required string Appliance { get; init; }

    /// <summary>Settings of tools.</summary>
    public required ImmutableSortedDictionary<string, string> OtherConfig { get; init; }

    /// <summary>Tags of tools and people.</summary>
    public required ImmutableArray<string> Tags { get; init; }

    /// <summary>Operations an administrator blocked, each with the text of the refusal.</summary>
    public required ImmutableSortedDictionary<string, string> BlockedOperations { get; init; }

    /// <summary>Operations allowed now; empty for a while after a restart of the master.</summary>
    public required ImmutableArray<string> AllowedOperations { get; init; }

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
        ScheduledToBeResidentOn = json.Member("scheduled_to_be_resident_on").AsRef<Host>(),
        Affinity = json.Member("affinity").AsRef<Host>(),
        Domid = json.Member("domid").AsInt(),
        IsATemplate = json.Member("is_a_template").AsBool(),
        IsASnapshot = json.Member("is_a_snapshot").AsBool(),
        IsDefaultTemplate = json.OptionalMember("is_default_template")?.AsBool() ?? false,
        IsControlDomain = json.Member("is_control_domain").AsBool(),
        MemoryStaticMax = json.Member("memory_static_max").AsInt(),
        MemoryDynamicMin = json.Member("memory_dynamic_min").AsInt(),
        MemoryDynamicMax = json.Member("memory_dynamic_max").AsInt(),
        MemoryOverhead = json.Member("memory_overhead").AsInt(),
        VBDs = json.Member("VBDs").AsRefs<VBD>(),
        VIFs = json.Member("VIFs").AsStrings(),
        HaRestartPriority = json.Member("ha_restart_priority").AsString(),
        Order = json.Member("order").AsInt(),
        StartDelay = json.Member("start_delay").AsSeconds(),
        ShutdownDelay = json.Member("shutdown_delay").AsSeconds(),
        Appliance = json.Member("appliance").AsString(),
        OtherConfig = json.Member("other_config").AsStringMap(),
        Tags = json.Member("tags").AsStrings(),
        BlockedOperations = json.Member("blocked_operations").AsStringMap(),
        AllowedOperations = json.Member("allowed_operations").AsStrings(),
        CurrentOperations = json.Member("current_operations").AsStringMap(),
    };

    private static VMPowerState ParsePowerState(XenJson json) => json.AsEnum(
        ("Halted", VMPowerState.Halted), ("Paused", VMPowerState.Paused),
        ("Running", VMPowerState.Running), ("Suspended", VMPowerState.Suspended));
}
