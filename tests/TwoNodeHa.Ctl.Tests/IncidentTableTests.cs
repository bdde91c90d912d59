using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Incidents;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>The scenario table as incidents: what the journals alone tell is enough for the same decisions, but for what they never say (what an administrator does in XAPI, a third host, torn files).</summary>
public sealed class IncidentTableTests
{
    private const long Zero = 1_790_000_000_000;

    [Theory]
    [InlineData("network", 0.97)]
    [InlineData("power", 0.80)]
    [InlineData("toolstack", 0.85)]
    [InlineData("operator", 0.75)]
    [InlineData("orderly", 0.70)]
    [InlineData("storage", 0.85)]
    public void Most_scenarios_are_told_by_their_journals(string folder, double share)
    {
        var root = CtlRun.RepositoryFile("sim/scenarios");
        var (differs, all) = (new List<string>(), 0);
        foreach (var file in Directory.GetFiles(Path.Combine(root, folder), "*.yaml"))
        {
            var scenario = Scenario.Load(file, root);
            foreach (var variant in scenario.Variants().Where(_ => scenario is { ConfigFile: null, ThirdParty: "none", Pending: null }))
            {
                if (Agrees(scenario, variant) is { } agrees)
                {
                    all++;
                    differs.AddRange(agrees ? [] : [$"{scenario.Name} {variant.Name(scenario)}"]);
                }
            }
        }

        Assert.True(all > 5, $"{all} runs");
        Assert.True(all - differs.Count >= share * all, string.Create(CultureInfo.InvariantCulture, $"{all - differs.Count} of {all} agree, not: {string.Join("; ", differs)}"));
    }

    /// <summary>The replay decides as the run did; null when its journals tell of nothing that could be played, and nothing was decided.</summary>
    private static bool? Agrees(Scenario scenario, Variant variant)
    {
        var run = new ScenarioRun(scenario, variant).Run();
        var pool = VirtualSites.Pool(null, scenario.MemoryMib);
        var vms = new VmReport
        {
            FactsAgeSeconds = 1,
            Vms = [.. pool.Vms.Select(vm => new VmDetail(Guid.Parse(vm.Uuid), vm.Name)
            {
                Protected = true, ProtectedWhy = "", Class = vm.HaRestartPriority, On = vm.RunningOn ?? "", NeedBytes = vm.MemoryMib << 20, Order = vm.Order,
                Places = [new VmPlace("a", true, []), new VmPlace("b", true, [])],
            })],
        };
        var status = SampleStatus.Good with { Host = "a", PeerHost = "b", Role = "master", Enabled = scenario.Enabled, Outlooks = [] };
        var text = VirtualSites.Text(pool, scenario.Profile, variant.Links, scenario.Policy, scenario.Watchdog);
        var source = new IncidentSource([.. pool.Hosts.Select(host => new Journal(host.Name, Lines(run, host.Name, scenario.Enabled)))], Zero - 1, long.MaxValue, text, vms, status, "0", KeepAddresses: true);
        if (BundleWriter.Of(source, out _) is not { } bundle)
        {
            return IncidentDecision.Of(run).Count == 0 ? null : false;
        }

        var play = bundle.ToScenario("incident.json", "incident", bundle.ToText());
        return IncidentText.Pairs(bundle, new ScenarioRun(play, play.Variants().Single()).Run()).TrueForAll(pair => pair is { Then: not null, Now: not null });
    }

    private static ImmutableArray<EventLine> Lines(ScenarioResult run, string host, bool enabled) =>
    [
        new EventLine(Zero - 400_000, 1, "notice", $"daemon of {host} started (epoch 1, HA {(enabled ? "enabled" : "disabled")}); watchdog: virtual watchdog"),
        .. run.Trace.Where(entry => entry.Who == host).Select(entry => (entry.Time, Read: IncidentDecision.Event(entry.Text))).Where(pair => pair.Read is not null)
            .Select(pair => new EventLine(Zero + (long)(pair.Time * 1000), pair.Read!.Value.Id, "notice", pair.Read.Value.Sentence)),
    ];
}
