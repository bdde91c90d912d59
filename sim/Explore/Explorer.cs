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

    private List<Branch> Advance(List<Branch> level)
    {
        var next = new List<Branch>[options.Threads];
        var taken = -1;
        Parallel.For(0, options.Threads, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, worker =>
        {
            var search = new Worker(this);
            for (var i = Interlocked.Increment(ref taken); i < level.Count; i = Interlocked.Increment(ref taken))
            {
                search.Expand(level[i]);
                level[i] = default;
            }

            next[worker] = search.Next;
            lock (_coverage)
            {
                _coverage.Add(search.Coverage);
            }

            Interlocked.Add(ref _states, search.States);
            Interlocked.Add(ref _merged, search.Merged);
            Interlocked.Add(ref _outside, search.Outside);
        });
        var all = new List<Branch>(next.Sum(part => part.Count));
        foreach (var part in next)
        {
            all.AddRange(part);
        }

        return all;
    }

    private int StepsLeft(SmallWorld world) =>
        (int)((_origin + options.Horizon.Ticks - world.Now + options.Grid.Ticks - 1) / options.Grid.Ticks);

    private void Break(string promise, SmallWorld world)
    {
        var found = new Counterexample(promise, ScheduledFault.InOrder(world.Schedule).Length, world.Now - _origin, world.Schedule);
        var key = promise[..promise.IndexOf(':', StringComparison.Ordinal)];
        lock (_broken)
        {
            if (!_broken.TryGetValue(key, out var known) || found.IsShorterThan(known))
            {
                _broken[key] = found;
            }
        }
    }

    private readonly record struct Branch(SmallWorld World, StateHash Hash, int FaultsLeft);

    /// <summary>One thread's part of a level.</summary>
    private sealed class Worker(Explorer explorer)
    {
        private readonly ExploreOptions _options = explorer._site.Options;

        public List<Branch> Next { get; } = [];

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

            Continue(branch.World, branch.FaultsLeft);
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
                    Continue(copy, faultsLeft - 1);
                }
            }
        }

        /// <summary>
        /// One step of the grid. Without faults left nothing branches any more: such a world is run to the end at once, so
        /// that only worlds with faults left are kept in memory.
        /// </summary>
        private void Continue(SmallWorld world, int faultsLeft)
        {
            while (Step(world, faultsLeft) && faultsLeft == 0)
            {
            }
        }

        /// <summary>True when the world goes on: no end of time, nothing broke, and the situation is not covered yet.</summary>
        private bool Step(SmallWorld world, int faultsLeft)
        {
            var steps = world.Steps;
            var alive = Guarded(world, () => world.RunTo(world.Now + _options.Grid.Ticks));
            States += world.Steps - steps;
            if (!alive)
            {
                return false;
            }

            var hash = world.Hash();
            var left = explorer.StepsLeft(world);
            if (!explorer._visited.Add(hash, faultsLeft, left))
            {
                Merged++;
                explorer._audit?.Merged(hash, world);
                return false;
            }

            explorer._audit?.Keep(hash, world);
            if (faultsLeft > 0 && left > 0)
            {
                Next.Add(new Branch(world, hash, faultsLeft));
            }

            return left > 0;
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
                explorer.Break($"assertion: {error.Message}", world);
                return false;
            }

            if (world.Violation is { } violation)
            {
                explorer.Break(violation, world);
                return false;
            }

            Outside += world.OutsideAssumption ? 1 : 0;
            return !world.OutsideAssumption;
        }
    }
}
