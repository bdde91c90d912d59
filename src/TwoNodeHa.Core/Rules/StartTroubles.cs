using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>What kind of reason an answer of VM.start gives (xapi.md 11). A code that is not known may pass.</summary>
public static class StartTroubles
{
    /// <summary>The kind.</summary>
    public static StartTrouble Of(ActionOutcome outcome, string code) => outcome switch
    {
        ActionOutcome.Succeeded => StartTrouble.None,
        ActionOutcome.Unknown => StartTrouble.Unknown,
        _ => OfCode(code),
    };

    private static StartTrouble OfCode(string code) => code switch
    {
        // The call was forwarded, and the other toolstack did not answer: it may be at it.
        "CANNOT_CONTACT_HOST" => StartTrouble.Unknown,
        "SR_BACKEND_FAILURE_46" or "VDI_IN_USE" => StartTrouble.Lock,
        "HOST_NOT_ENOUGH_FREE_MEMORY" => StartTrouble.NoMemory,
        "VM_REQUIRES_SR" or "VM_REQUIRES_NETWORK" or "VM_REQUIRES_VDI" or "VM_REQUIRES_GPU" or "VM_REQUIRES_IOMMU"
            or "SR_HAS_NO_PBDS" or "HOST_CANNOT_ATTACH_NETWORK" or "HOST_NOT_ENOUGH_PCPUS"
            or "VM_HOST_INCOMPATIBLE_VIRTUAL_HARDWARE_PLATFORM_VERSION" => StartTrouble.Missing,
        "UUID_INVALID" or "HANDLE_INVALID" or "VM_IS_TEMPLATE" or "OPERATION_BLOCKED" or "VM_HVM_REQUIRED" or "LICENCE_RESTRICTION"
            or "INVALID_VALUE" or "VALUE_NOT_SUPPORTED" => StartTrouble.Permanent,
        _ => StartTrouble.Transient,
    };
}
