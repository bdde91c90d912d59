using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>What this machine allows, found out once.</summary>
internal static class LabSystem
{
    private static readonly Lazy<string?> Reason = new(LabNetwork.WhyImpossible);

    /// <summary>Skips the running test, with the reason, where a lab cannot be made.</summary>
    public static void Require() => Assert.SkipWhen(Reason.Value is not null, $"no lab: {Reason.Value}");
}
