using System.Diagnostics;

namespace TwoNodeHa.Sim.Explore;

/// <summary>A schedule that breaks a promise.</summary>
/// <param name="Promise">Which, and how.</param>
/// <param name="Faults">Number of faults.</param>
/// <param name="At">When, from the settled pair on.</param>
/// <param name="Schedule">The faults.</param>
internal sealed record Counterexample(string Promise, int Faults, long At, ScheduledFault? Schedule)
{
    /// <summary>Fewer faults first, then the earlier one.</summary>
    public bool IsShorterThan(Counterexample other) => Faults != other.Faults ? Faults < other.Faults : At < other.At;
}

/// <summary>Figures of a search.</summary>
internal sealed record ExploreReport
{
    /// <summary>Worlds after one processed event, turn by time or grid step, summed over all branches.</summary>
    public required long States { get; init; }

    /// <summary>Distinct situations at points of the grid.</summary>
    public required long Unique { get; init; }

    /// <summary>Branches that met a situation known with as many faults left.</summary>
    public required long Merged { get; init; }

    /// <summary>Branches that left what A1 allows.</summary>
    public required long Outside { get; init; }

    /// <summary>Grid steps of the longest schedule.</summary>
    public required int Depth { get; init; }

    /// <summary>Most faults of a schedule that was searched in full.</summary>
    public required int FaultsDone { get; init; }

    /// <summary>False when a bound ended the search early.</summary>
    public required bool Complete { get; init; }

    /// <summary>Merges that were played on side by side.</summary>
    public required long Audited { get; init; }

    /// <summary>A merge that was wrong; null when none was found.</summary>
    public required string? WrongMerge { get; init; }

    /// <summary>What happened on the way.</summary>
    public required Coverage Coverage { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required long MemoryBytes { get; init; }

    /// <summary>The shortest schedule for each promise that was broken.</summary>
    public required IReadOnlyList<Counterexample> Broken { get; init; }
}

/// <summary>
/// Exhaustive search by time: all situations of one point of the grid that have faults left are taken on to the next; one
/// without is run to the end at once. A situation that is met again with more faults or more time left is taken up again.
/// One more fault is allowed only when all schedules with fewer are clean, so what is found has the fewest faults.
/// </summary>
internal sealed class Explorer(ExploreOptions options)
{
    /// <summary>Branches whose ends are held at once, before those that are known are dropped.</summary>
    private const int SomeMax = 16;

    private const long MemoryMax = 3_500L << 20;
    private readonly ExploreSite _site = new(options);
    private readonly Dictionary<string, Counterexample> _broken = [];
    private readonly Coverage _coverage = new();
    private MergeAudit? _audit;
    private VisitedSet _visited = new();
    private Fault[] _faults = [];
    private long _origin;
    private long _states;
    private long _unique;
    private long _merged;
    private long _outside;
    private long _memory;
    private int _depth;
    private bool _stopped;

    public ExploreReport Run()
    {
        var watch = Stopwatch.StartNew();
        _faults = Fault.All(_site);
        var done = -1;
        for (var faults = 0; faults <= options.Faults && _broken.Count == 0 && !_stopped; faults++)
        {
            Search(faults);
            done = _stopped ? done : faults;
        }

        return new ExploreReport
        {
            States = _states,
            Unique = _unique,
            Merged = _merged,
            Outside = _outside,
            Depth = _depth,
            FaultsDone = done,
            Complete = !_stopped,
            Audited = _audit?.Played ?? 0,
            WrongMerge = _audit?.Difference,
            Coverage = _coverage,
            Elapsed = watch.Elapsed,
            MemoryBytes = _memory,
            Broken = [.. _broken.Values.OrderBy(one => one.Faults).ThenBy(one => one.At)],
        };
    }

    /// <summary>Plays a schedule again and tells its story.</summary>
    public static void Replay(ExploreOptions options, ScheduledFault? schedule, long length, Action<long, string, string> onLine)
    {
        var world = SmallWorld.Settled(new ExploreSite(options));
        var origin = world.Now;
        world.OnLine = (at, who, text) => onLine(at - origin, who, text);
        foreach (var fault in ScheduledFault.InOrder(schedule))
        {
            world.RunTo(fault.At);
            world.Apply(fault.Fault);
        }

        world.RunTo(origin + length + options.Grid.Ticks);
    }

    private void Search(int faults)
    {
        _visited = new VisitedSet();
        _audit = options.AuditEvery > 0 ? new MergeAudit(options, _faults) : null;
        var root = SmallWorld.Settled(_site);
        _origin = root.Now;
        List<Branch> level = [new Branch(root, root.Hash(), faults)];
        _depth = StepsLeft(root);
        while (level.Count > 0 && !_stopped)
        {
            level = Advance(level);
            _memory = Math.Max(_memory, Environment.WorkingSet);
            _stopped |= _states >= options.StatesMax || _memory > MemoryMax;
        }

        _unique += _visited.Count;
    }

    /// <summary>
    /// All branches of a level, some at a time: first each on its own, by any thread, then their ends one after the other. So
    /// what is merged with what, and each figure, is the same however many threads there are.
    /// </summary>
    private List<Branch> Advance(List<Branch> level)
    {
        var next = new List<Branch>();
        var some = new Expansion[SomeMax];
        for (var from = 0; from < level.Count; from += SomeMax)
        {
            var count = Math.Min(SomeMax, level.Count - from);
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, i =>
            {
                some[i] = new Expansion(this);
                some[i].Expand(level[from + i]);
                level[from + i] = default;
            });
            foreach (var expansion in some.AsSpan(0, count))
            {
                Take(expansion, next);
            }
        }

        return next;
    }

    private void Take(Expansion expansion, List<Branch> next)
    {
        _coverage.Add(expansion.Coverage);
        _states += expansion.States;
        _merged += expansion.Merged;
        _outside += expansion.Outside;
        foreach (var (promise, world) in expansion.Broken)
        {
            Break(promise, world);
        }

        var known = -1;
        foreach (var end in expansion.Ends)
        {
            if (end.Path == known)
            {
                // What follows a situation that is known is known.
                continue;
            }

            if (!_visited.Add(end.Hash, end.FaultsLeft, end.StepsLeft))
            {
                known = end.Path;
                _merged++;
                _audit?.Merged(end.Hash, end.World!);
                continue;
            }

            _audit?.Keep(end.Hash, end.World!);
            if (end.FaultsLeft > 0 && end.StepsLeft > 0)
            {
                next.Add(new Branch(end.World!, end.Hash, end.FaultsLeft));
            }
        }
    }

    private int StepsLeft(SmallWorld world) =>
        (int)((_origin + options.Horizon.Ticks - world.Now + options.Grid.Ticks - 1) / options.Grid.Ticks);

    private void Break(string promise, SmallWorld world)
    {
        var found = new Counterexample(promise, ScheduledFault.InOrder(world.Schedule).Length, world.Now - _origin, world.Schedule);
        var key = promise[..promise.IndexOf(':', StringComparison.Ordinal)];
        if (!_broken.TryGetValue(key, out var known) || found.IsShorterThan(known))
        {
            _broken[key] = found;
        }
    }

    private readonly record struct Branch(SmallWorld World, StateHash Hash, int FaultsLeft);

    /// <summary>A situation at a point of the grid.</summary>
    /// <param name="Path">Those of one path follow each other.</param>
    /// <param name="Hash">Its hash.</param>
    /// <param name="FaultsLeft">Faults that may still come.</param>
    /// <param name="StepsLeft">Steps to the end.</param>
    /// <param name="World">The world, where it is still needed.</param>
    private readonly record struct End(int Path, StateHash Hash, int FaultsLeft, int StepsLeft, SmallWorld? World);

    /// <summary>
    /// What becomes of one branch: with faults left within a step of the grid, without at once to the end, so that only
    /// worlds with faults left are kept in memory.
    /// </summary>
    private sealed class Expansion(Explorer explorer)
    {
        private readonly ExploreOptions _options = explorer._site.Options;
        private readonly Dictionary<StateHash, int> _stepsLeft = [];
        private int _paths;

        /// <summary>Situations that were reached, known or not.</summary>
        public List<End> Ends { get; } = [];

        /// <summary>Promises that were broken, and the worlds in which they were.</summary>
        public List<(string Promise, SmallWorld World)> Broken { get; } = [];

        public Coverage Coverage { get; } = new();

        public long States { get; private set; }

        public long Merged { get; private set; }

        public long Outside { get; private set; }

        public void Expand(in Branch branch)
        {
            if (explorer._visited.IsCovered(branch.Hash, branch.FaultsLeft, explorer.StepsLeft(branch.World)))
            {
                // Met again on the same level with more faults left: that one covers this one.
                Merged++;
                return;
            }

            branch.World.Coverage = Coverage;
            if (branch.World.Schedule is not null || branch.World.Now - explorer._origin < _options.Window.Ticks)
            {
                Fail(branch.World, branch.FaultsLeft, 0);
            }

            Step(branch.World, branch.FaultsLeft);
        }

        /// <summary>All faults from the given one on, alone and with later ones at the same moment.</summary>
        private void Fail(SmallWorld world, int faultsLeft, int from)
        {
            if (faultsLeft == 0)
            {
                return;
            }

            var faults = explorer._faults;
            for (var i = from; i < faults.Length; i++)
            {
                if (!world.Applies(faults[i]))
                {
                    continue;
                }

                var copy = world.Copy();
                if (Guarded(copy, () => copy.Apply(faults[i])))
                {
                    Fail(copy, faultsLeft - 1, i + 1);
                    Step(copy, faultsLeft - 1);
                }
            }
        }

        private void Step(SmallWorld world, int faultsLeft)
        {
            var path = _paths++;
            while (RunOn(world))
            {
                var hash = world.Hash();
                var left = explorer.StepsLeft(world);
                Ends.Add(new End(path, hash, faultsLeft, left, faultsLeft > 0 ? world : explorer._audit is null ? null : world.Copy()));
                if (faultsLeft > 0 || left == 0 || IsKnown(hash, left))
                {
                    return;
                }
            }
        }

        private bool RunOn(SmallWorld world)
        {
            var steps = world.Steps;
            var alive = Guarded(world, () => world.RunTo(world.Now + _options.Grid.Ticks));
            States += world.Steps - steps;
            return alive;
        }

        /// <summary>Known without faults left, from before or from another path of this branch.</summary>
        private bool IsKnown(StateHash hash, int left)
        {
            if (explorer._visited.IsCovered(hash, -1, left) || (_stepsLeft.TryGetValue(hash, out var other) && other >= left))
            {
                return true;
            }

            _stepsLeft[hash] = left;
            return false;
        }

        /// <summary>False when a promise broke, the decision code threw, or the schedule left what is assumed.</summary>
        private bool Guarded(SmallWorld world, Action action)
        {
            try
            {
                action();
            }
            catch (InvalidOperationException error)
            {
                Broken.Add(($"assertion: {error.Message}", world));
                return false;
            }

            if (world.Violation is { } violation)
            {
                Broken.Add((violation, world));
                return false;
            }

            Outside += world.OutsideAssumption ? 1 : 0;
            return !world.OutsideAssumption;
        }
    }
}
