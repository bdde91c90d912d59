using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

/// <summary>XAPI's own arithmetic, by figures of XAPI.</summary>
public sealed class MemoryRulesTests
{
    private const long Gib = 1L << 30;

    [Theory]
    [InlineData(1, 1, 12)]
    [InlineData(4, 2, 37)]
    [InlineData(8, 4, 71)]
    [InlineData(16, 8, 140)]
    [InlineData(64, 16, 533)]
    public void Overhead_IsThatOfXapi(long gib, long vcpus, long mib) =>
        Assert.Equal(mib, MemoryRules.Overhead(gib * Gib, vcpus, 1, "hvm") >> 20);

    [Fact]
    public void Overhead_DependsOnTheKindOfDomain()
    {
        Assert.Equal(36, MemoryRules.Overhead(4 * Gib, 2, 1, "pv") >> 20);
        Assert.Equal(37 + 23 + (4096 / 90), MemoryRules.Overhead(4 * Gib, 2, 1, "pv_in_pvh") >> 20);
    }

    [Fact]
    public void Need_IsTheDynamicMinimum_UnlessTheSiteForbidsToShrink()
    {
        var memory = new VmMemory(8 * Gib, 2 * Gib, 6 * Gib, 10);
        Assert.Equal((2 * Gib) + 10, MemoryRules.Need(new PolicyConfig(), memory));
        Assert.Equal((6 * Gib) + 10, MemoryRules.Need(new PolicyConfig { ShrinkMemory = false }, memory));
    }

    [Fact]
    public void Need_OfAFixedVm_IsTheStaticMaximum_AndWhatItTakesIsNot()
    {
        var memory = new VmMemory(8 * Gib, 2 * Gib, 6 * Gib, 10, IsFixed: true);
        Assert.Equal((8 * Gib) + 10, MemoryRules.Need(new PolicyConfig(), memory));
        Assert.Equal((2 * Gib) + 10, MemoryRules.Taken(new PolicyConfig(), memory));
    }

    [Fact]
    public void Need_OfFiguresThatContradictEachOther_IsTheLargest()
    {
        Assert.Equal(8 * Gib, MemoryRules.Need(new PolicyConfig(), new VmMemory(8 * Gib, 4 * Gib, 2 * Gib, 0)));
        Assert.Equal(8 * Gib, MemoryRules.Need(new PolicyConfig(), new VmMemory(8 * Gib, -1, 8 * Gib, -5)));
        Assert.Equal(long.MaxValue, MemoryRules.Need(new PolicyConfig(), VmMemory.Of(long.MaxValue, long.MaxValue)));
    }

    [Theory]
    [InlineData(16L << 30, "16.0 GiB")]
    [InlineData((7L << 30) + (51L << 20), "7.0 GiB")]
    [InlineData(512L << 20, "512 MiB")]
    [InlineData(0, "0 MiB")]
    public void Text_IsForPeople(long bytes, string text) => Assert.Equal(text, MemoryRules.Text(bytes));
}
