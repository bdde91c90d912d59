using System.Globalization;
using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>What XAPI's setters of a VM refuse (xapi_vm.ml); delays have no upper limit there.</summary>
internal static class SetterRules
{
    private static readonly HashSet<string> NotNegative = new(StringComparer.Ordinal) { "order", "start_delay", "shutdown_delay" };

    private static readonly HashSet<string> Priorities = new(StringComparer.Ordinal) { "", "restart", "best-effort" };

    /// <summary>Type vm_operations of the data model.</summary>
    private static readonly HashSet<string> Operations = new(StringComparer.Ordinal)
    {
        "snapshot", "clone", "copy", "create_template", "revert", "checkpoint", "snapshot_with_quiesce", "provision", "start",
        "start_on", "pause", "unpause", "clean_shutdown", "clean_reboot", "hard_shutdown", "power_state_reset", "hard_reboot",
        "suspend", "csvm", "resume", "resume_on", "pool_migrate", "migrate_send", "get_boot_record", "send_sysrq",
        "send_trigger", "query_services", "shutdown", "call_plugin", "changing_memory_live", "awaiting_memory_live",
        "changing_dynamic_range", "changing_static_range", "changing_memory_limits", "changing_shadow_memory",
        "changing_shadow_memory_live", "changing_VCPUs", "changing_VCPUs_live", "changing_NVRAM", "assert_operation_valid",
        "data_source_op", "update_allowed_operations", "make_into_template", "import", "export", "metadata_export",
        "reverting", "destroy", "create_vtpm",
    };

    /// <summary>Checks the value of a call before anything is written.</summary>
    /// <exception cref="ApiException">INVALID_VALUE with field and value.</exception>
    public static void Check(string @class, string field, string prefix, Call call)
    {
        if (@class != "VM")
        {
            return;
        }

        if (NotNegative.Contains(field)
            && !(long.TryParse(call.Text(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= 0))
        {
            throw Invalid(field, call.Text(1));
        }

        if (field == "ha_restart_priority" && !Priorities.Contains(call.Text(1)))
        {
            throw Invalid(field, call.Text(1));
        }

        if (field == "blocked_operations" && KeysOf(prefix, call).FirstOrDefault(key => !Operations.Contains(key)) is { } unknown)
        {
            throw Invalid(field, unknown);
        }
    }

    private static IEnumerable<string> KeysOf(string prefix, Call call) => prefix == "set_"
        ? call.Node(1) is JsonObject map ? map.Select(pair => pair.Key) : []
        : [call.Text(1)];

    private static ApiException Invalid(string field, string value) => new("INVALID_VALUE", field, value);
}
