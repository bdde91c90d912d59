using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>Whether a VM is protected, by which word, and how early it starts.</summary>
/// <param name="IsProtected">HA keeps it running.</param>
/// <param name="Class">Class of its start; without meaning for one that is not protected.</param>
/// <param name="Why">Which word decides it, for people.</param>
public sealed record Protection(bool IsProtected, VmClass Class, string Why)
{
    /// <summary>HA-Lizard's custom field, as XenCenter shows it.</summary>
    public const string LizardField = "ha-lizard-enabled";

    /// <summary>Decides it from XAPI's own fields, HA-Lizard's custom field and the policy of the site.</summary>
    public static Protection Of(PolicyConfig policy, VmFact vm)
    {
        if (policy.Protect == ProtectMode.All && vm.LizardMark == false)
        {
            return new Protection(false, VmClass.Ordinary, $"{LizardField} is false");
        }

        return vm.Priority switch
        {
            RestartPriority.Restart => new Protection(true, VmClass.Restart, "ha_restart_priority is restart"),
            RestartPriority.BestEffort => new Protection(true, VmClass.BestEffort, "ha_restart_priority is best-effort"),
            _ when vm.LizardMark == true => new Protection(true, VmClass.Restart, $"{LizardField} is true"),
            _ when policy.Protect == ProtectMode.All => new Protection(true, VmClass.Ordinary, "protect = all"),
            _ => new Protection(false, VmClass.Ordinary, "protect = marked, and it has no ha_restart_priority"),
        };
    }
}
