using FsCheck;
using FsCheck.Fluent;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Tests.Config;

/// <summary>Any valid configuration of the good file's hosts and links; shrinks to the good file.</summary>
internal static class ConfigArb
{
    private static readonly HaConfig s_good = ConfigText.Parse(ConfigText.Good).Config!;

    public static Arbitrary<HaConfig> Any { get; } = Arb.From(Generator(), Simpler);

    private static Gen<TimeSpan> Between(double min, double max) =>
        Gen.Choose((int)(1000 * min), (int)(1000 * max)).Select(ms => TimeSpan.FromMilliseconds(ms));

    private static Gen<HaConfig> Generator() =>
        from interval in Between(0.05, 10)
        from losses in Gen.Choose(1, 20)
        from stall in Between(0.1, 120)
        from kill in Between(2, 300)
        from drift in Gen.Choose(1, 20_000)
        from margin in Between(0.1, 60)
        from stagger in Between(0, 100)
        from watchdog in Gen.Choose(0, 299)
        from probe in Between(0.1, 5)
        from gatewayTimeout in Between(15, 300)
        from require in Gen.Choose(1, 2)
        from more in Between(0, 100)
        from policy in Policy()
        select Joined(
            s_good.Timing with
            {
                HeartbeatInterval = interval,
                LossesTolerated = losses,
                StallTolerance = stall,
                KillBound = kill,
                ClockDriftPpm = drift,
                Margin = margin,
                StaggerTolerance = stagger,
                FixedWatchdog = TimeSpan.FromSeconds(watchdog),
            },
            s_good.Gateway with { ProbeInterval = probe, Timeout = gatewayTimeout, Require = require },
            policy,
            more);

    private static Gen<PolicyConfig> Policy() =>
        from loss in Gen.Elements(Enum.GetValues<OnGatewayLoss>())
        from ambiguous in Gen.Elements(Enum.GetValues<OnAmbiguous>())
        from lone in Gen.Elements(Enum.GetValues<LoneStart>())
        from fence in Gen.Elements(Enum.GetValues<FenceAction>())
        from protect in Gen.Elements(Enum.GetValues<ProtectMode>())
        from shrink in Gen.Elements(true, false)
        from master in Gen.Elements(Enum.GetValues<PreferMaster>())
        from attempts in Gen.Choose(1, 20)
        from parallel in Gen.Choose(1, 50)
        from ready in Gen.Choose(0, 600)
        from failback in Gen.Elements(Enum.GetValues<Failback>())
        select new PolicyConfig
        {
            OnGatewayLoss = loss,
            OnAmbiguous = ambiguous,
            LoneStart = lone,
            FenceAction = fence,
            Protect = protect,
            ShrinkMemory = shrink,
            PreferMaster = master,
            MasterReturn = TimeSpan.FromSeconds(ready),
            StartAttempts = attempts,
            StartParallel = parallel,
            Failback = failback,
            StartReady = TimeSpan.FromSeconds(ready),
        };

    private static HaConfig Joined(TimingConfig timing, GatewayConfig gateway, PolicyConfig policy, TimeSpan more) => s_good with
    {
        Gateway = gateway,
        Policy = policy,
        Timing = timing with { TakeoverDelay = TimingRules.Of(timing, gateway.Timeout).ComputedTakeoverDelay + more },
    };

    // A takeover delay that the other values no longer allow would be another fault than the one that is looked for.
    private static IEnumerable<HaConfig> Simpler(HaConfig config)
    {
        TimingConfig[] timings =
        [
            config.Timing with { HeartbeatInterval = s_good.Timing.HeartbeatInterval },
            config.Timing with { LossesTolerated = s_good.Timing.LossesTolerated },
            config.Timing with { StallTolerance = s_good.Timing.StallTolerance },
            config.Timing with { KillBound = s_good.Timing.KillBound },
            config.Timing with { ClockDriftPpm = s_good.Timing.ClockDriftPpm },
            config.Timing with { Margin = s_good.Timing.Margin },
            config.Timing with { StaggerTolerance = s_good.Timing.StaggerTolerance },
            config.Timing with { FixedWatchdog = s_good.Timing.FixedWatchdog },
        ];
        return timings.Select(timing => Joined(timing, config.Gateway, config.Policy, TimeSpan.Zero))
            .Append(Joined(config.Timing, config.Gateway, new PolicyConfig(), TimeSpan.Zero))
            .Append(Joined(config.Timing, s_good.Gateway with { Timeout = TimeSpan.FromSeconds(15) }, config.Policy, TimeSpan.Zero))
            .Where(simpler => simpler != config && (simpler.Timing != config.Timing || simpler.Policy != config.Policy || simpler.Gateway.Timeout != config.Gateway.Timeout));
    }
}
