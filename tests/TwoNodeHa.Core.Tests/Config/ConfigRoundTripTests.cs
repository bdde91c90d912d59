using System.Globalization;
using System.Reflection;
using System.Text;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class ConfigRoundTripTests
{
    [Theory]
    [InlineData(typeof(PathsConfig))]
    [InlineData(typeof(ToolsConfig))]
    public void Keys_OfPathsAndTools_CoverEveryProperty(Type type)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => SnakeCase(p.Name)).Order();
        var keys = type == typeof(PathsConfig)
            ? ConfigKeys.Paths.Select(key => key.Key)
            : ConfigKeys.Tools.Select(key => key.Key);

        Assert.Equal(properties, keys.Order());
    }

    [Fact]
    public void Keys_Setters_ChangeTheirOwnPropertyOnly()
    {
        foreach (var key in ConfigKeys.Paths)
        {
            Assert.Equal("/x", key.Get(key.Set(new PathsConfig(), "/x")));
            Assert.Equal(new PathsConfig(), key.Set(key.Set(new PathsConfig(), "/x"), key.Get(new PathsConfig())));
        }

        foreach (var key in ConfigKeys.Tools)
        {
            Assert.Equal("/x", key.Get(key.Set(new ToolsConfig(), "/x")));
            Assert.Equal(new ToolsConfig(), key.Set(key.Set(new ToolsConfig(), "/x"), key.Get(new ToolsConfig())));
        }
    }

    /// <summary>Random values for all keys, written as text and read again. The seed is the test case.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Parse_WrittenConfiguration_ReadsBackTheSame(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 250; round++)
        {
            var expected = RandomConfig(random);
            var text = Write(expected);
            var result = ConfigText.Parse(text);

            Assert.True(result.Config is { }, $"seed {seed} round {round}\n{string.Join('\n', result.Findings)}\n{text}");
            Assert.Equal(Write(expected), Write(result.Config));
            Assert.Equal(expected.Timing, result.Config.Timing);
            Assert.Equal(expected.Policy, result.Config.Policy);
            Assert.Equal(ConfigFingerprint.Of(expected), ConfigFingerprint.Of(result.Config));
        }
    }

    /// <summary>Damaged text may be refused; it must never throw, and a refusal always has a reason.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Parse_DamagedText_NeverThrows(int seed)
    {
        const string Characters = "[]=#\n\r\t :.,-_%/\\\0\uFEFFé0127aZ";
        var random = new Random(seed);
        var source = File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example"));
        for (var round = 0; round < 300; round++)
        {
            var text = new StringBuilder(source);
            for (var damage = random.Next(1, 30); damage > 0; damage--)
            {
                text[random.Next(text.Length)] = Characters[random.Next(Characters.Length)];
            }

            var result = ConfigText.Parse(text.ToString());
            Assert.Equal(result.Config is null, result.Findings.Any(finding => finding.Severity == ConfigSeverity.Error));
        }
    }

    private static HaConfig RandomConfig(Random random)
    {
        var good = ConfigText.Parse(ConfigText.Good).Config!;
        TimeSpan Between(double min, double max) =>
            TimeSpan.FromMilliseconds(Math.Round(1000 * (min + (random.NextDouble() * (max - min)))));
        var timing = good.Timing with
        {
            HeartbeatInterval = Between(0.05, 10),
            LossesTolerated = random.Next(1, 21),
            StallTolerance = Between(0.1, 120),
            KillBound = Between(2, 300),
            ClockDriftPpm = random.Next(1, 20_001),
            Margin = Between(0.1, 60),
            StaggerTolerance = Between(0, 100),
            FixedWatchdog = TimeSpan.FromSeconds(random.Next(0, 300)),
        };
        var gateway = good.Gateway with { ProbeInterval = Between(0.1, 5), Timeout = Between(15, 300), Require = random.Next(1, 3) };
        return good with
        {
            Gateway = gateway,
            Timing = timing with { TakeoverDelay = TimingRules.Of(timing, gateway.Timeout).ComputedTakeoverDelay + Between(0, 100) },
            Policy = new PolicyConfig
            {
                OnGatewayLoss = (OnGatewayLoss)random.Next(2),
                OnAmbiguous = (OnAmbiguous)random.Next(2),
                LoneStart = (LoneStart)random.Next(2),
                FenceAction = (FenceAction)random.Next(3),
                Protect = (ProtectMode)random.Next(2),
                StartAttempts = random.Next(1, 21),
                StartParallel = random.Next(1, 51),
            },
        };
    }

    private static string Write(HaConfig config)
    {
        var text = new StringBuilder();
        void Line(string key, object value) => text.Append(CultureInfo.InvariantCulture, $"{key} = {value}\n");
        void Seconds(string key, TimeSpan value) => Line(key, TimingRules.Text(value));
        Line("profile", config.Timing.Profile);
        foreach (var host in config.Hosts)
        {
            text.Append(CultureInfo.InvariantCulture, $"[host {host.Name}]\nuuid = {host.Uuid}\naddress = {host.Address}\n");
        }

        foreach (var link in config.Links)
        {
            text.Append(CultureInfo.InvariantCulture, $"[link {link.Name}]\nalpha = {link.First}\nbeta = {link.Second}\n");
        }

        text.Append("[gateway]\n");
        Line("addresses", string.Join(", ", config.Gateway.Addresses));
        Line("require", config.Gateway.Require);
        Seconds("probe_interval_seconds", config.Gateway.ProbeInterval);
        Seconds("timeout_seconds", config.Gateway.Timeout);
        Seconds("yield_after_seconds", config.Gateway.YieldAfter);
        text.Append("[timing]\n");
        Seconds("heartbeat_interval_seconds", config.Timing.HeartbeatInterval);
        Line("losses_tolerated", config.Timing.LossesTolerated);
        Seconds("stall_tolerance_seconds", config.Timing.StallTolerance);
        Seconds("kill_bound_seconds", config.Timing.KillBound);
        Line("clock_drift_ppm", config.Timing.ClockDriftPpm);
        Seconds("margin_seconds", config.Timing.Margin);
        Seconds("stagger_tolerance_seconds", config.Timing.StaggerTolerance);
        Seconds("takeover_delay_seconds", config.Timing.TakeoverDelay);
        Seconds("fixed_watchdog_seconds", config.Timing.FixedWatchdog);
        text.Append("[policy]\n");
        Line("on_gateway_loss", Lower(config.Policy.OnGatewayLoss));
        Line("on_ambiguous", Lower(config.Policy.OnAmbiguous));
        Line("lone_start", Lower(config.Policy.LoneStart));
        Line("fence_action", Lower(config.Policy.FenceAction));
        Line("protect", Lower(config.Policy.Protect));
        Line("start_attempts", config.Policy.StartAttempts);
        Line("start_parallel", config.Policy.StartParallel);
        return text.ToString();
    }

    private static string Lower(object value) => value.ToString()!.ToLowerInvariant();

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((letter, index) => index > 0 && char.IsUpper(letter) ? "_" + letter : letter.ToString()))
            .ToLowerInvariant();
}
