using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>What kind of reason an answer of VM.start gives (xapi.md 11). A code that is not known may pass.</summary>
public static class StartTroubles
{
    private static readonly ImmutableSortedDictionary<string, StartTrouble> s_kinds = ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal,
        [
            // The call was forwarded, and the other toolstack did not answer: it may be at it.
            .. Of(StartTrouble.Unknown, "CANNOT_CONTACT_HOST"),
            .. Of(StartTrouble.Lock, "SR_BACKEND_FAILURE_46", "VDI_IN_USE"),
            .. Of(StartTrouble.NoMemory, "HOST_NOT_ENOUGH_FREE_MEMORY"),
            .. Of(StartTrouble.Missing, "VM_REQUIRES_SR", "VM_REQUIRES_NETWORK", "VM_REQUIRES_VDI", "VM_REQUIRES_GPU", "VM_REQUIRES_IOMMU",
                "SR_HAS_NO_PBDS", "HOST_CANNOT_ATTACH_NETWORK", "HOST_NOT_ENOUGH_PCPUS", "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION"),
            .. Of(StartTrouble.Permanent, "UUID_INVALID", "HANDLE_INVALID", "VM_IS_TEMPLATE", "OPERATION_BLOCKED", "VM_HVM_REQUIRED",
                "LICENCE_RESTRICTION", "INVALID_VALUE", "VALUE_NOT_SUPPORTED"),
        ]);

    /// <summary>The kind.</summary>
    public static StartTrouble Of(ActionOutcome outcome, string code) => outcome switch
    {
        ActionOutcome.Succeeded => StartTrouble.None,
        ActionOutcome.Unknown => StartTrouble.Unknown,
        _ => s_kinds.GetValueOrDefault(code, StartTrouble.Transient),
    };

    private static IEnumerable<KeyValuePair<string, StartTrouble>> Of(StartTrouble kind, params string[] codes) =>
        codes.Select(code => KeyValuePair.Create(code, kind));
}
