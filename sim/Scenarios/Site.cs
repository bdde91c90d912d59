using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>A site as it is, in place of the built-in one.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Pool">Its hosts, in the order of the configuration, and VMs.</param>
/// <param name="Unprotected">Uuids of the VMs that no rule of the site protects.</param>
/// <param name="Timings">What its toolstack takes for everything.</param>
internal sealed record Site(HaConfig Config, PoolDefinition Pool, IReadOnlyList<string> Unprotected, ToolstackTimings Timings)
{
    /// <summary>The middle of every range of a real toolstack.</summary>
    public static ToolstackTimings TypicalTimings => ToolstackTimings.Realistic.Drawn(new HalfWay()) with
    {
        VmStart = new DurationRange(Downtime.Start, Downtime.Start),
    };

    /// <summary>other_config of a VM: the mark that takes protection away where everything is protected.</summary>
    public static IReadOnlyDictionary<string, string> Mark(bool isProtected) =>
        isProtected ? new Dictionary<string, string>() : new Dictionary<string, string> { [DatabaseView.LizardField] = "false" };

    /// <summary>Draws the middle of every range.</summary>
    private sealed class HalfWay : Random
    {
        public override double NextDouble() => 0.5;
    }
}
