using TwoNodeHa.Core.Vms;
using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Tests;

/// <summary>The emulated pool's arithmetic and the daemon's are written apart; both give XAPI's figures.</summary>
public sealed class MemoryCheckTests
{
    [Theory]
    [InlineData(1, 1, 12)]
    [InlineData(4, 2, 37)]
    [InlineData(8, 4, 71)]
    [InlineData(16, 8, 140)]
    [InlineData(64, 16, 533)]
    public void Overhead_IsXapis(long gib, long vcpus, long expected)
    {
        Assert.Equal(expected, MemoryCheck.OverheadMib(gib * 1024, vcpus, 1, "hvm"));
        Assert.Equal(expected * MemoryCheck.Mib, MemoryRules.Overhead(gib << 30, vcpus, 1, "hvm"));
    }

    [Theory]
    [InlineData("pv")]
    [InlineData("pvh")]
    [InlineData("pv_in_pvh")]
    public void OtherDomainTypes_AreCountedAlike(string type) =>
        Assert.Equal(MemoryCheck.Mib * MemoryCheck.OverheadMib(3000, 3, 2, type), MemoryRules.Overhead(3000 * MemoryCheck.Mib, 3, 2, type));
}
