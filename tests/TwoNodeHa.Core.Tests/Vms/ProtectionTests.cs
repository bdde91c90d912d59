using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

public sealed class ProtectionTests
{
    [Theory]
    [InlineData(ProtectMode.All, RestartPriority.None, null, true, VmClass.Ordinary)]
    [InlineData(ProtectMode.All, RestartPriority.None, true, true, VmClass.Restart)]
    [InlineData(ProtectMode.All, RestartPriority.Restart, false, false, VmClass.Ordinary)]
    [InlineData(ProtectMode.All, RestartPriority.Restart, null, true, VmClass.Restart)]
    [InlineData(ProtectMode.All, RestartPriority.BestEffort, null, true, VmClass.BestEffort)]
    [InlineData(ProtectMode.Marked, RestartPriority.None, null, false, VmClass.Ordinary)]
    [InlineData(ProtectMode.Marked, RestartPriority.None, true, true, VmClass.Restart)]
    [InlineData(ProtectMode.Marked, RestartPriority.None, false, false, VmClass.Ordinary)]
    [InlineData(ProtectMode.Marked, RestartPriority.Restart, false, true, VmClass.Restart)]
    [InlineData(ProtectMode.Marked, RestartPriority.BestEffort, true, true, VmClass.BestEffort)]
    public void Word_DecidesProtectionAndClass(ProtectMode mode, RestartPriority priority, bool? mark, bool isProtected, VmClass @class)
    {
        var vm = new VmFact { Uuid = Guid.NewGuid(), Name = "vm", PowerState = VmPowerState.Running, Priority = priority, LizardMark = mark };
        var protection = Protection.Of(new PolicyConfig { Protect = mode }, vm);
        Assert.Equal((isProtected, @class), (protection.IsProtected, protection.Class));
        Assert.NotEmpty(protection.Why);
    }
}
