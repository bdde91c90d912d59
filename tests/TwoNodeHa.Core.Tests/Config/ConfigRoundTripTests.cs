using System.Globalization;
using System.Reflection;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
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

    /// <summary>Any values of all keys, written as text and read again.</summary>
    [Property(MaxTest = 1000)]
    public Property Parse_WrittenConfiguration_ReadsBackTheSame() => Prop.ForAll(ConfigArb.Any, expected =>
    {
        var text = Write(expected);
        var result = ConfigText.Parse(text);

        Assert.True(result.Config is { }, $"{string.Join('\n', result.Findings)}\n{text}");
        Assert.Equal(text, Write(result.Config));
        Assert.Equal(expected.Timing, result.Config.Timing);
        Assert.Equal(expected.Policy, result.Config.Policy);
        Assert.Equal(ConfigFingerprint.Of(expected), ConfigFingerprint.Of(result.Config));
    });

    /// <summary>Two configurations that differ in a value that both hosts must agree on never have one fingerprint.</summary>
    [Property(MaxTest = 1000)]
    public Property Fingerprint_OfOtherSharedValues_IsAnotherOne() => Prop.ForAll(ConfigArb.Any, ConfigArb.Any, (left, right) =>
        Shared(left) == Shared(right) || ConfigFingerprint.Of(left) != ConfigFingerprint.Of(right));

    [Fact]
    public void Fingerprint_NamesTheGroupThatDiffers()
    {
        var good = ConfigText.Parse(ConfigText.Good).Config!;
        var named = 0;
        for (var lease = 1; lease <= 100; lease++)
        {
            var other = good with { Policy = good.Policy with { Protect = ProtectMode.Marked, OnAmbiguous = OnAmbiguous.Takeover } };
            other = other with { Timing = good.Timing with { ClockDriftPpm = 500 + lease } };
            var differing = ConfigFingerprint.Differing(ConfigFingerprint.Of(good), ConfigFingerprint.Of(other));
            Assert.DoesNotContain("[host]", differing);
            Assert.DoesNotContain("[link]", differing);
            Assert.DoesNotContain("[storage]", differing);
            named += differing.Contains("[gateway] and [timing]") ? 1 : 0;
        }

        // 15 of 16 in the long run.
        Assert.InRange(named, 80, 100);
    }

    /// <summary>Damaged text may be refused; it must never throw, and a refusal always has a reason.</summary>
    [Property(MaxTest = 600)]
    public Property Parse_DamagedText_NeverThrows()
    {
        const string Characters = "[]=#\n\r\t :.,-_%/\\\0\uFEFFé0127aZ\u2013\"'";
        var damage = Gen.Choose(0, int.MaxValue).SelectMany(_ => Gen.Choose(0, Characters.Length - 1), (at, what) => (at, what));
        return Prop.ForAll(damage.ListOf().ToArbitrary(), list =>
        {
            var text = new StringBuilder(s_example);
            foreach (var (at, what) in list)
            {
                text[at % text.Length] = Characters[what];
            }

            var result = ConfigText.Parse(text.ToString());
            Assert.Equal(result.Config is null, result.Findings.Any(finding => finding.Severity == ConfigSeverity.Error));
        });
    }

    private static readonly string s_example = File.ReadAllText(ConfigText.RepositoryFile("ha.conf.example"));

    /// <summary>What both hosts must agree on, of the values that are drawn.</summary>
    private static string Shared(HaConfig config) => string.Create(CultureInfo.InvariantCulture,
        $"{config.Gateway.Timeout}|{config.Timing.HeartbeatInterval}|{config.Timing.Lease}|{config.Timing.KillBound}|{config.Timing.FixedWatchdog}|"
        + $"{config.Timing.ClockDriftPpm}|{config.Timing.TakeoverDelay}|{config.Policy.OnGatewayLoss}|{config.Policy.OnHostShutdown}|"
        + $"{config.Policy.OnAmbiguous}|{config.Policy.LoneStart}|{config.Policy.Protect}");

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
        Line("shrink_memory", config.Policy.ShrinkMemory ? "yes" : "no");
        Line("prefer_master", Lower(config.Policy.PreferMaster));
        Seconds("master_return_seconds", config.Policy.MasterReturn);
        Line("start_attempts", config.Policy.StartAttempts);
        Line("start_parallel", config.Policy.StartParallel);
        Seconds("start_ready_seconds", config.Policy.StartReady);
        Line("failback", Lower(config.Policy.Failback));
        return text.ToString();
    }

    private static string Lower(object value) => value.ToString()!.ToLowerInvariant();

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((letter, index) => index > 0 && char.IsUpper(letter) ? "_" + letter : letter.ToString()))
            .ToLowerInvariant();
}
