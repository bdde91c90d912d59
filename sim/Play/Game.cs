using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Play;

/// <summary>
/// A run that is played with: the same faults, at the same times, for two sets of rules. Time goes on in slices of fixed length, so that the
/// same clicks at the same times give the same run at every speed, and again when the saved file is played.
/// </summary>
public sealed class Game
{
    /// <summary>Time between two looks; every click falls on a multiple of it.</summary>
    internal static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);

    /// <summary>What a browser that was busy, or in the background, owes at most, of its own time.</summary>
    private static readonly TimeSpan OwedMax = TimeSpan.FromMilliseconds(250);

    private readonly Queue<Move> _coming;
    private readonly List<Move> _done = [];
    private TimeSpan _owed;

    /// <param name="scenario">How the site is, and what happens by itself at its times.</param>
    internal Game(Scenario scenario)
    {
        _coming = new Queue<Move>(scenario.Moves);
        Scenario = scenario;
        Ours = Player.Ours(scenario);
        HaLizard = Player.HaLizard(scenario);
    }

    /// <summary>How the site is set up.</summary>
    internal Scenario Scenario { get; }

    internal Player Ours { get; }

    internal Player HaLizard { get; }

    /// <summary>Time since second 0.</summary>
    internal TimeSpan Now { get; private set; }

    /// <summary>What was done so far.</summary>
    internal IReadOnlyList<Move> Done => _done;

    /// <summary>What happens by itself still comes.</summary>
    internal bool Plays => _coming.Count > 0;

    /// <summary>A site for a new game.</summary>
    /// <param name="crossover">It has a crossover cable: safety class B; without one, class C.</param>
    /// <param name="profile">Timing profile: balanced, fast or patient.</param>
    /// <param name="moves">What happens by itself.</param>
    internal static Scenario Site(bool crossover = true, string profile = "balanced", IReadOnlyList<Move>? moves = null) => new()
    {
        File = "playground",
        Name = "playground",
        Story = "Played in the playground.",
        LinkCounts = [crossover ? 2 : 1],
        Profile = profile,
        Toolstack = "realistic",
        Policy = new Dictionary<string, string>(StringComparer.Ordinal) { ["storage.probe"] = "/srv/sr", ["storage.on_storage_loss"] = "fence" },
        Moves = moves ?? [],
        Expected = [],
        End = TimeSpan.Zero,
    };

    /// <summary>Reads a scenario file for a game: its first variant; what it expects is left to <c>sim run</c>.</summary>
    /// <exception cref="ScenarioException">It is none, or needs what a page does not have.</exception>
    internal static Scenario Open(string text)
    {
        var scenario = Scenario.Parse("scenario", "scenario", text);
        return scenario switch
        {
            { Site: not null } => throw new ScenarioException("scenario", 1, "this is an incident of a real site: play it with 'ha-ctl simulate' or 'sim run'"),
            { ConfigFile: not null } => throw new ScenarioException("scenario", 1, "it names a configuration file, which a page cannot read: play it with 'sim run'"),
            _ => scenario with { Expected = [], Xs = [scenario.Xs[0]], LinkCounts = [scenario.LinkCounts[0]] },
        };
    }

    /// <summary>Something happens now, to both.</summary>
    /// <exception cref="ScenarioException">The sentence is not understood.</exception>
    internal void Do(string sentence)
    {
        Ours.Happen(sentence);
        HaLizard.Happen(sentence);
        _done.Add(new Move(Now, new Sentence(sentence, 0)));
    }

    /// <summary>One slice.</summary>
    internal void Step()
    {
        Due();
        Ours.Step(Slice);
        HaLizard.Step(Slice);
        Now += Slice;
        Due();
    }

    /// <summary>As many slices as are due, while there is time for them; tells whether any was run.</summary>
    /// <param name="passed">Real time since the last call.</param>
    /// <param name="speed">Times faster than real time.</param>
    /// <param name="hasTime">False: the rest waits.</param>
    internal bool Advance(TimeSpan passed, double speed, Func<bool> hasTime)
    {
        _owed += passed * speed;
        _owed = _owed < OwedMax * speed ? _owed : OwedMax * speed;
        var any = false;
        while (_owed >= Slice && hasTime())
        {
            Step();
            _owed -= Slice;
            any = true;
        }

        return any;
    }

    private void Due()
    {
        while (_coming.TryPeek(out var move) && move.At <= Now)
        {
            _coming.Dequeue();
            Do(move.What.Text);
        }
    }
}
