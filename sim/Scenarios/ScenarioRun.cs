using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>What one run of a scenario gave.</summary>
internal sealed record ScenarioResult
{
    public required Scenario Scenario { get; init; }

    public required Variant Variant { get; init; }

    /// <summary>What did not hold; empty when all did.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>Faults, decisions and what really ran, with times.</summary>
    public required IReadOnlyList<string> Log { get; init; }

    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>The log as data.</summary>
    public IReadOnlyList<TraceEntry> Trace { get; init; } = [];

    /// <summary>Every change of a link or of the gateway, and what they were at second 0.</summary>
    public IReadOnlyList<PathState> Paths { get; init; } = [];

    /// <summary>State and VMs of each host at second 0.</summary>
    public IReadOnlyList<(string Host, string State, IReadOnlyList<string> Vms)> Start { get; init; } = [];

    /// <summary>Length of the run from second 0.</summary>
    public TimeSpan End { get; init; }

    /// <summary>Seconds from second 0 until every VM ran for good; null when some do not, or none ever stopped.</summary>
    public double? Recovery { get; init; }

    public required TimeSpan Simulated { get; init; }

    public int Fences { get; init; }

    public int Takeovers { get; init; }

    /// <summary>What the judge let pass, by exception, with how often.</summary>
    public IReadOnlyDictionary<string, int> Excused { get; init; } = new Dictionary<string, int>();

    /// <summary>How long some VM ran or wrote on both hosts.</summary>
    public TimeSpan DoubleTime { get; init; }

    public bool Passed => Failures.Count == 0;
}

/// <summary>Runs one variant of a scenario over the shipped loop and decision code.</summary>
internal sealed class ScenarioRun
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>Time after an event in which expectations are looked at every step.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromMinutes(4);

    private readonly Scenario _scenario;
    private readonly Variant _variant;
    private readonly List<string> _failures = [];
    private readonly List<Watched> _expected = [];
    private readonly TimeSpan _longest;
    private TimeSpan? _lastEvent;
    private readonly SortedDictionary<string, (int Host, double Since)> _running = new(StringComparer.Ordinal);
    private readonly RunView _view;
    private readonly Cast _cast;
    private IReadOnlyList<(string Host, string State, IReadOnlyList<string> Vms)> _start = [];
    private readonly List<PathState> _paths = [];
    private double? _recovered;
    private bool _stopped;

    public ScenarioRun(
        Scenario scenario, Variant variant, Func<VirtualWorld, VirtualHost, Baselines.Guardian>? guardian = null, PromotionPlan? promotion = null, bool everyTurn = false)
    {
        (_scenario, _variant) = (scenario, variant);
        var config = Configuration(out var pool);
        World = new VirtualWorld(config, pool, Timings(), scenario.Seed) { Guardian = guardian, Promotion = promotion ?? PromotionPlan.Ours, LeavesOut = !everyTurn, LeavesOutReadings = scenario.LeavesOutReadings && !everyTurn };
        _cast = new Cast([.. pool.Hosts.Select(host => host.Name)], [.. pool.Vms.Select(vm => vm.Name)], [.. config.Links.Select(link => link.Name)], variant.X,
            pool.Hosts[0] == pool.FirstMaster ? 0 : 1);
        foreach (var vm in pool.Vms.Where(vm => pool.SrOf(vm).Host is not null))
        {
            World.Checker.BoundTo(vm.Uuid, pool.Hosts[0].Name == pool.SrOf(vm).Host ? 0 : 1);
        }

        foreach (var vm in scenario.Site?.Unprotected ?? [])
        {
            World.Checker.Unprotected(vm);
        }

        _view = new RunView(World);
        foreach (var said in scenario.Expected)
        {
            var (phrase, arguments) = Understand(Expectations.Book, said);
            try
            {
                _expected.Add(new Watched(said, phrase.Value(arguments)));
            }
            catch (PhraseException error)
            {
                throw new ScenarioException(scenario.File, said.Line, error.Message);
            }
        }

        _longest = _expected.Select(each => each.Expected.Within ?? TimeSpan.Zero).DefaultIfEmpty().Max();
        if (scenario.Moves.Count > 0 && _expected.Count > 0 && _expected.TrueForAll(each => each.Expected.At < scenario.Moves[^1].At))
        {
            throw new ScenarioException(scenario.File, scenario.Expected[0].Line, "nothing is demanded after the last event");
        }

        // A mistake in a late event is found before anything runs.
        foreach (var move in scenario.Moves)
        {
            Understand(WorldVerbs.Book, move.What);
        }
    }

    public VirtualWorld World { get; }

    public ScenarioResult Run()
    {
        if (Start() is { } trouble)
        {
            return Result(trouble);
        }

        foreach (var move in _scenario.Moves)
        {
            RunUntil(move.At);
            Happen(move.What);
        }

        RunUntil(_scenario.End);
        Judge();
        return Result(null);
    }

    /// <summary>Brings the world to second 0; why it did not come up, else null. What follows may be driven from outside.</summary>
    public string? Start()
    {
        if (!Begin())
        {
            return "the pool did not come up: " + string.Join("; ", World.Hosts.Select(host => $"{host.Name} {host.Daemon?.State.Status}"));
        }

        Watching();
        World.Network.Changed += NotePaths;
        NotePaths();
        return null;
    }

    /// <summary>Something happens now, as the scenario language says it.</summary>
    /// <exception cref="ScenarioException">The sentence is not understood.</exception>
    public void Happen(Sentence what)
    {
        Do(what);
        NotePaths();
    }

    private void NotePaths()
    {
        foreach (var path in PathState.Of(World, _cast.LinkNames))
        {
            if (_paths.LastOrDefault(known => known.Path == path.Path)?.Text != path.Text)
            {
                _paths.Add(path);
            }
        }
    }

    private HaConfig Configuration(out PoolDefinition pool)
    {
        if (_scenario.Site is { } site)
        {
            pool = site.Pool;
            return site.Config;
        }

        if (_scenario.ConfigFile is { } path)
        {
            var read = ConfigParser.Parse(path, File.ReadAllText(path));
            var own = read.Config ?? throw new ScenarioException(_scenario.File, 1,
                $"the configuration is refused: {string.Join("; ", read.Findings.Select(finding => finding.ToString()))}");
            pool = VirtualSites.Pool(own, _scenario.MemoryMib);
            return own;
        }

        pool = VirtualSites.Pool(null, _scenario.MemoryMib);
        try
        {
            var config = VirtualSites.Config(pool, _scenario.Profile, _variant.Links, _scenario.Policy, _scenario.Watchdog);
            return _scenario.ThirdParty == "none" ? config : config with
            {
                Policy = config.Policy with
                {
                    UsesArbiter = _scenario.ThirdParty is "lease" or "storage",
                    UsesReservation = _scenario.ThirdParty == "storage",
                    UsesFenceAgent = _scenario.ThirdParty == "agent",
                },
                Storage = _scenario.ThirdParty == "storage" ? config.Storage with { ReservedLuns = ["/dev/mapper/lun1", "/dev/mapper/lun2"] } : config.Storage,
            };
        }
        catch (FormatException error)
        {
            throw new ScenarioException(_scenario.File, 1, error.Message);
        }
    }

    private ToolstackTimings Timings() => (_scenario.Site?.Timings ?? (_scenario.Toolstack == "realistic" ? ToolstackTimings.Realistic : ToolstackTimings.Simulated))
        .Drawn(new Random(_scenario.Seed));

    private bool Begin()
    {
        World.KeepLog = false;
        World.Install();
        if (World.Guardian is not null)
        {
            World.HaSwitch = _scenario.Enabled;
            return BeginGuarded();
        }

        var up = World.RunUntil(
            () => World.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Disabled) && World.Hosts[0].Daemon!.State.Host.Database is not null
                && World.Hosts[1].Toolstack.Status.InitComplete,
            TimeSpan.FromMinutes(5));
        if (!up)
        {
            return false;
        }

        if (_scenario.Enabled)
        {
            World.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable());
            if (!World.RunUntil(() => World.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Paired), TimeSpan.FromSeconds(120)))
            {
                return false;
            }
        }

        // Long enough for every age to be an ordinary one, and off the beat of the heartbeats.
        World.RunFor(TimeSpan.FromSeconds(_scenario.Settle) + TimeSpan.FromMilliseconds(137));
        World.KeepLog = true;
        World.Origin = World.Elapsed;
        return true;
    }

    /// <summary>A script has no state to wait for: both toolstacks are up, and it has looked around.</summary>
    private bool BeginGuarded()
    {
        var up = World.RunUntil(() => World.Hosts.All(host => host.Toolstack.Status.InitComplete), TimeSpan.FromMinutes(5));
        World.RunFor(TimeSpan.FromSeconds(60));
        World.KeepLog = true;
        World.Origin = World.Elapsed;
        return up;
    }

    private void Watching()
    {
        _start = [.. World.Hosts.Select(host => (host.Name, host.Daemon?.State.Status.ToString() ?? "",
            (IReadOnlyList<string>)[.. host.Domains.List().Select(domain => domain.VmName)]))];
        World.OnEvent = (host, happened) => _view.Events.Add((host, happened, World.Elapsed));
        foreach (var host in World.Hosts)
        {
            var index = host.Index;
            foreach (var domain in host.Domains.List())
            {
                _view.Placement[domain.VmName] = index;
                _running[domain.VmName] = (index, 0);
            }

            host.Domains.Created += domain => Appeared(domain.VmName, index);
            host.Domains.Ended += domain => Gone(domain.VmName, index);
            host.LostPower += () => Dark(index);
        }
    }

    private void Appeared(string vm, int host)
    {
        World.Log("truth", $"{vm} runs on {World.Hosts[host].Name}");
        _running[vm] = (host, World.Time);
        _view.Moved |= _view.Placement[vm] != host;
        if (_running.Count == World.Pool.Vms.Count && _stopped)
        {
            _recovered = World.Time;
        }
    }

    private void Gone(string vm, int host)
    {
        World.Log("truth", $"{vm} is gone from {World.Hosts[host].Name}");
        if (_running.TryGetValue(vm, out var place) && place.Host == host)
        {
            _running.Remove(vm);
        }

        (_view.Moved, _stopped, _recovered) = (true, true, null);
    }

    private void Dark(int host)
    {
        foreach (var vm in _running.Where(pair => pair.Value.Host == host).Select(pair => pair.Key).ToList())
        {
            Gone(vm, host);
        }
    }

    private void Do(Sentence what)
    {
        var (phrase, arguments) = Understand(WorldVerbs.Book, what);
        World.Log("story", what.Text);
        if (!what.Text.Contains("gateway", StringComparison.Ordinal))
        {
            World.Checker.Disturbed();
        }

        var undo = _scenario.AssumeA1 ? World.Network.Remember() : null;
        phrase.Value(World, arguments);
        World.Touched(IsVisible(what.Text));
        _lastEvent = World.Elapsed - World.Origin;
        if (undo is not null && World.Network.BreaksA1)
        {
            undo();
            World.Log("story", "left out: both would see the gateway and not each other (assumption A1)");
        }

        World.Checker.Look();
    }

    /// <summary>What such an event does shows in daemons and toolstacks, or it does nothing.</summary>
    private static bool IsVisible(string text) => text.StartsWith("power on ", StringComparison.Ordinal)
        || text.StartsWith("operator ", StringComparison.Ordinal) || text.StartsWith("admin starts ", StringComparison.Ordinal);

    private (Phrase<T> Phrase, PhraseArguments Arguments) Understand<T>(PhraseBook<T> book, Sentence said)
    {
        try
        {
            return book.Match(said.Text, _cast);
        }
        catch (PhraseException error)
        {
            throw new ScenarioException(_scenario.File, said.Line, error.Message);
        }
    }

    /// <summary>
    /// In small steps after each event until the bounds of all expectations are over, so that "within" is exact to a step; then as
    /// far as possible at once.
    /// </summary>
    private void RunUntil(TimeSpan end)
    {
        var start = World.Elapsed - World.Origin;
        while (World.Elapsed - World.Origin < end)
        {
            Look();
            var now = World.Elapsed - World.Origin;
            var watched = start + (Waiting() && Watch > _longest ? Watch : _longest);
            World.RunFor((now < watched ? Min(now + Step, end) : Min(NextLook(now), end)) - now);
        }

        Look();
    }

    private bool Waiting() => _expected.Exists(each => each is { Expected.Within: not null, Met: null });

    private TimeSpan NextLook(TimeSpan now) => _expected
        .Select(each => each.Expected.At ?? TimeSpan.MaxValue)
        .Where(at => at > now)
        .DefaultIfEmpty(TimeSpan.MaxValue)
        .Min();

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left <= right ? left : right;

    private void Look()
    {
        var now = World.Elapsed - World.Origin;
        foreach (var watched in _expected)
        {
            if (watched.Expected.Within is not null)
            {
                LookAtBound(watched, now);
            }
            else if (watched.Expected.At is { } at && watched.Met is null && now >= at)
            {
                watched.Met = watched.Expected.Holds(_view) ? now : TimeSpan.MaxValue;
            }
        }
    }

    /// <summary>Counted from the last event after which it did not hold: that one broke it, or left it broken.</summary>
    private void LookAtBound(Watched watched, TimeSpan now)
    {
        if (_lastEvent is not { } harm || (watched.Expected.Once && watched.Met is not null))
        {
            return;
        }

        if (!watched.Expected.Holds(_view))
        {
            (watched.Harm, watched.Met) = (harm, null);
        }
        else if (watched.Harm is not null)
        {
            watched.Met ??= now;
        }
    }

    private string? Trouble(Watched watched)
    {
        var expected = watched.Expected;
        if (expected.Within is not { } within)
        {
            var holds = expected.At is null ? expected.Holds(_view) : watched.Met is { } at && at != TimeSpan.MaxValue;
            return holds ? null : "";
        }

        return (watched.Harm, watched.Met) switch
        {
            (null, _) => " (it held all the time: nothing broke it, so this demands nothing)",
            (_, null) => " (never seen)",
            ({ } harm, _) when harm + within > _scenario.End => $" (the run ends before the bound is over, at {Times.Text(harm + within)})",
            ({ } harm, { } met) when met - harm > within =>
                string.Create(CultureInfo.InvariantCulture, $" (it took {(met - harm).TotalSeconds:F1} s after the event at {Times.Text(harm)})"),
            _ => null,
        };
    }

    private void Judge()
    {
        foreach (var watched in _expected)
        {
            if (Trouble(watched) is { } trouble)
            {
                _failures.Add($"{_scenario.File}:{watched.Said.Line}: expected: {watched.Said.Text}{trouble}");
            }
        }

        // A documented counterexample is about the promises that it names, and about no other.
        const string Broken = " is broken";
        var muted = _scenario.Expected.Where(said => said.Text.EndsWith(Broken, StringComparison.Ordinal)).Select(said => $" {said.Text[..^Broken.Length]}: ").ToList();
        _failures.AddRange(World.Violations.Where(violation => !muted.Exists(promise => violation.Contains(promise, StringComparison.Ordinal)))
            .Select(violation => $"{_scenario.File}: promise broken: {violation}"));
    }

    private ScenarioResult Result(string? trouble) => new()
    {
        Scenario = _scenario,
        Variant = _variant,
        Failures = trouble is null ? _failures : [$"{_scenario.File}: {trouble}"],
        Log = World.LogLines,
        Trace = World.Trace,
        Paths = _paths,
        Start = _start,
        End = World.Elapsed - World.Origin,
        Violations = World.Violations,
        Recovery = _recovered is { } at ? at - (_scenario.Moves.Count > 0 ? _scenario.Moves[0].At.TotalSeconds : 0) : null,
        Simulated = World.Elapsed,
        Fences = World.Checker.Fences,
        Takeovers = World.Checker.Takeovers,
        Excused = World.Checker.Excused,
        DoubleTime = World.Checker.DoubleTime,
    };

    /// <summary>One expectation, and what was seen of it.</summary>
    private sealed class Watched(Sentence said, Expectation expected)
    {
        public Sentence Said { get; } = said;

        public Expectation Expected { get; } = expected;

        /// <summary>The last event after which it did not hold.</summary>
        public TimeSpan? Harm { get; set; }

        /// <summary>When it came to hold since; MaxValue: looked at and not met.</summary>
        public TimeSpan? Met { get; set; }
    }
}
