using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Tests.Config;

namespace TwoNodeHa.Core.Tests.Advice;

public class WatchdogCheckTests
{
    [Fact]
    public void Sound_weak_and_unsound_ones_are_told_apart()
    {
        Assert.Equal(
            (CheckGrade.Ok, "/dev/watchdog (Xen's watchdog, xen_wdt), takes the remaining time (not opened: opening starts it)"),
            Judged(new WatchdogFacts(true, true, "/dev/watchdog (Xen's watchdog, xen_wdt)")));
        Assert.Equal((CheckGrade.Warning, "dog: it sleeps"), Judged(new WatchdogFacts(true, true, "dog") { Weakness = "it sleeps" }));
        var (grade, sentence) = Judged(new WatchdogFacts(true, false, "dog") { FixedTimeout = TimeSpan.FromMinutes(1) });
        Assert.Equal(CheckGrade.Problem, grade);
        Assert.Contains("write fixed_watchdog_seconds = 60", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_safety_class_does_not_count_an_unsound_one()
    {
        var report = Run(new WatchdogFacts(false, true, "held by systemd (pid 1)"));
        var safety = Assert.Single(report.Items, item => item.Name.StartsWith("safety class", StringComparison.Ordinal));
        Assert.Equal(CheckGrade.Warning, safety.Grade);
        Assert.Contains("one fault can be enough", safety.Sentence, StringComparison.Ordinal);
    }

    private static (CheckGrade Grade, string Sentence) Judged(WatchdogFacts facts)
    {
        var item = Assert.Single(Run(facts).Items, item => item.Name == "watchdog");
        return (item.Grade, item.Sentence);
    }

    private static CheckReport Run(WatchdogFacts facts) => Checks.Run(
        ConfigText.Parse(ConfigText.Good),
        new HostFacts { KeyExists = true, WatchdogExists = true, XapiAccepts = true, Watchdog = facts },
        null,
        "gone");
}
