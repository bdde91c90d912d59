using System.Globalization;
using TwoNodeHa.Sim.Baselines;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Play;

/// <summary>One set of rules guarding its own copy of the two hosts, watched from the truth.</summary>
public sealed class Player
{
    private readonly ScenarioRun _run;
    private readonly List<Lane> _lanes = [];
    private readonly List<Happening> _happenings = [];
    private int _read;

    private Player(string name, bool isOurs, Scenario scenario, Func<VirtualWorld, VirtualHost, Guardian>? guardian)
    {
        (Name, IsOurs) = (name, isOurs);
        _run = new ScenarioRun(scenario, scenario.Variants().First(), guardian);
    }

    /// <summary>The daemon's own decision code.</summary>
    internal static Player Ours(Scenario scenario) => new("TwoNodeHa", true, scenario, null);

    /// <summary>HA-Lizard's rules with the values of its installer (docs/baselines.md).</summary>
    internal static Player HaLizard(Scenario scenario) => new("HA-Lizard's rules", false, scenario, static (world, host) => new HaLizard(world, host));

    internal string Name { get; }

    internal bool IsOurs { get; }

    internal VirtualWorld World => _run.World;

    /// <summary>One for each VM that ran at second 0, by name.</summary>
    internal IReadOnlyList<Lane> Lanes => _lanes;

    /// <summary>What happened, in order.</summary>
    internal IReadOnlyList<Happening> Happenings => _happenings;

    /// <summary>Seconds since second 0.</summary>
    internal double Time => World.Time;

    /// <summary>What was seen that must never be: a VM on both hosts, or two writers of one disk; null for nothing.</summary>
    internal string? Alarm
    {
        get
        {
            var twice = _lanes.Where(lane => lane.Seconds(Place.Both, Time) > 0).ToList();
            if (twice.Count > 0)
            {
                var seconds = twice.Max(lane => lane.Seconds(Place.Both, Time));
                return string.Create(CultureInfo.InvariantCulture, $"{string.Join(" and ", twice.Select(lane => lane.Vm))} ran on both hosts for {seconds:0.0} s: that damages the disk");
            }

            return World.Violations.Any(violation => violation.Contains(" S1: ", StringComparison.Ordinal)) ? "both hosts wrote to the disk of a VM: that damages it" : null;
        }
    }

    /// <summary>Brings its hosts up; why they did not come up, else null.</summary>
    internal string? Start()
    {
        if (_run.Start() is { } trouble)
        {
            return trouble;
        }

        _lanes.AddRange(World.Pool.Vms.Select(vm => vm.Name).Order(StringComparer.Ordinal).Select(vm => new Lane(vm, Where(vm))).Where(lane => lane.Now != Place.Nowhere));
        _read = World.Trace.Count;
        return null;
    }

    /// <summary>Lets time pass, and looks.</summary>
    internal void Step(TimeSpan time)
    {
        World.RunFor(time);
        Look();
    }

    /// <summary>Something happens now.</summary>
    /// <exception cref="ScenarioException">The sentence is not understood.</exception>
    internal void Happen(string sentence)
    {
        _run.Happen(new Sentence(sentence, 0));
        Look();
    }

    private void Look()
    {
        for (; _read < World.Trace.Count; _read++)
        {
            if (Happening.Of(World.Trace[_read]) is { } happening)
            {
                _happenings.Add(happening);
            }
        }

        foreach (var lane in _lanes)
        {
            var (before, since) = (lane.Now, lane.Since);
            if (lane.Seen(Time, Where(lane.Vm)))
            {
                _happenings.Add(Changed(lane, before, Time - since));
            }
        }
    }

    private Happening Changed(Lane lane, Place before, double lasted) => lane.Now switch
    {
        Place.Nowhere => new Happening(Time, lane.Vm, "is down", Tone.Bad),
        Place.Both => new Happening(Time, lane.Vm, "RUNS ON BOTH HOSTS", Tone.Alarm),
        _ when before == Place.Nowhere => new Happening(Time, lane.Vm,
            string.Create(CultureInfo.InvariantCulture, $"runs again, on {HostOf(lane.Now)}; it was down for {lasted:0.0} s"), Tone.Good),
        _ when before == Place.Both => new Happening(Time, lane.Vm, $"runs on {HostOf(lane.Now)} alone again", Tone.Bad),
        _ => new Happening(Time, lane.Vm, $"was moved to {HostOf(lane.Now)} while it ran", Tone.Plain),
    };

    private string HostOf(Place place) => World.Hosts[place == Place.Second ? 1 : 0].Name;

    private Place Where(string vm) => (World.Runs(0, vm) ? Place.First : Place.Nowhere) | (World.Runs(1, vm) ? Place.Second : Place.Nowhere);
}
