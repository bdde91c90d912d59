using System.Diagnostics;
using System.Text.Json;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>What a campaign is to do.</summary>
internal sealed record FuzzPlan
{
    public required FuzzClass Class { get; init; }

    public required int From { get; init; }

    public required int To { get; init; }

    /// <summary>This shard runs the seeds whose number leaves this rest.</summary>
    public int Shard { get; init; } = 1;

    public int Shards { get; init; } = 1;

    public int Threads { get; init; } = 1;

    /// <summary>Whole lives instead of one burst and its repair.</summary>
    public bool Lives { get; init; }

    /// <summary>Promises whose breaches are not looked at: known ones hide what lies behind them.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Every turn is run, no quiet time is left out.</summary>
    public bool EveryTurn { get; init; }

    public Scenario Schedule(int seed) => Lives ? FuzzLives.Of(seed, Class) : FuzzSchedule.Of(seed, Class);

    /// <summary>File that keeps what was done, to go on after a break; null: none.</summary>
    public string? ResumeFile { get; init; }

    /// <summary>Folder for the scenario files of broken schedules.</summary>
    public string FindingsFolder { get; init; } = "fuzz-findings";

    /// <summary>Shrink at most so many findings; the rest are only counted.</summary>
    public int ShrinkMax { get; init; } = 5;
}

/// <summary>One broken schedule.</summary>
internal sealed record FuzzFinding(int Seed, string What, string? File);

/// <summary>Totals of a campaign.</summary>
internal sealed record FuzzSummary
{
    public required string Class { get; init; }

    public required int From { get; init; }

    public required int To { get; init; }

    public string Shard { get; init; } = "1/1";

    public long Schedules { get; set; }

    public double SimulatedSeconds { get; set; }

    /// <summary>Processor time of the whole process, JIT and garbage collection included.</summary>
    public double CpuSeconds { get; set; }

    public double WallSeconds { get; set; }

    public long Fences { get; set; }

    public long Takeovers { get; set; }

    public int NextSeed { get; set; }

    /// <summary>What the judge let pass, by exception.</summary>
    public SortedDictionary<string, int> Excused { get; init; } = new(StringComparer.Ordinal);

    /// <summary>How long some VM ran or wrote on both hosts, excused or not.</summary>
    public double DoubleSeconds { get; set; }

    public List<FuzzFinding> Findings { get; init; } = [];
}

/// <summary>Runs the seeds of a plan on several threads; results are taken in in the order of the seeds.</summary>
internal sealed class FuzzCampaign(FuzzPlan plan)
{
    private const int Block = 64;

    /// <summary>No schedule has so many causes for a takeover.</summary>
    private const int RestlessFrom = 20;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly Lock _lock = new();
    private double _cpuBefore;
    private TimeSpan _cpuAtStart;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly SortedDictionary<int, List<FuzzOutcome>> _done = [];
    private int _nextBlock;

    public FuzzSummary Summary { get; private set; } = new() { Class = "", From = 0, To = 0 };

    /// <summary>Told after each block of seeds.</summary>
    public Action<FuzzSummary>? Progress { get; init; }

    public void Run()
    {
        Summary = Resume() ?? new FuzzSummary
        {
            Class = plan.Class.ToString(),
            From = plan.From,
            To = plan.To,
            Shard = $"{plan.Shard}/{plan.Shards}",
            NextSeed = plan.From,
        };
        var before = Summary.WallSeconds;
        (_cpuBefore, _cpuAtStart) = (Summary.CpuSeconds, Processor());
        _nextBlock = Summary.NextSeed;
        Workers.Run(plan.Threads, () => Work(before));
        Save(before);
    }

    /// <summary>Runs one seed; the verdict is the first thing that broke, without its time.</summary>
    public static FuzzOutcome RunSeed(Scenario scenario, IReadOnlyList<string>? ignored = null, bool everyTurn = false)
    {
        try
        {
            var result = new ScenarioRun(scenario, new Variant(0, scenario.LinkCounts[0]), everyTurn: everyTurn).Run();
            var failures = ignored is { Count: > 0 } ? [.. result.Failures.Where(failure => !ignored.Contains(Kind(failure)))] : result.Failures;
            return new FuzzOutcome(scenario.Seed, failures.Count > 0 ? failures[0]
                : result.Takeovers > RestlessFrom ? $"restless: {result.Takeovers} takeovers" : null,
                result.Simulated.TotalSeconds, result.Fences, result.Takeovers)
            {
                Excused = result.Excused,
                DoubleSeconds = result.DoubleTime.TotalSeconds,
            };
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A defect of the daemon or of the simulator: a finding with its seed, not the end of the campaign.
            return new FuzzOutcome(scenario.Seed, $"assertion: {error.GetType().Name}: {error.Message}{error.StackTrace?.Split('\n').FirstOrDefault()}", 0, 0, 0);
        }
    }

    /// <summary>What kind of breach a failure is: the promise, or the expectation, without time and place.</summary>
    public static string? Kind(string? failure)
    {
        if (failure is null)
        {
            return null;
        }

        foreach (var promise in Judges.PromiseChecker.Names)
        {
            if (failure.Contains($" {promise}: ", StringComparison.Ordinal))
            {
                return promise;
            }
        }

        return failure.StartsWith("restless", StringComparison.Ordinal) ? "restless" : failure.StartsWith("assertion", StringComparison.Ordinal) ? failure : "L";
    }

    private void Work(double wallBefore)
    {
        while (true)
        {
            int from;
            lock (_lock)
            {
                if (_nextBlock >= plan.To)
                {
                    return;
                }

                from = _nextBlock;
                _nextBlock = Math.Min(plan.To, from + Block);
            }

            var outcomes = new List<FuzzOutcome>();
            for (var seed = from; seed < Math.Min(plan.To, from + Block); seed++)
            {
                if ((seed % plan.Shards) + 1 == plan.Shard || plan.Shards == 1)
                {
                    outcomes.Add(RunSeed(plan.Schedule(seed), plan.Ignored, plan.EveryTurn));
                }
            }

            lock (_lock)
            {
                _done[from] = outcomes;
                TakeIn(wallBefore);
            }
        }
    }

    private void TakeIn(double wallBefore)
    {
        while (_done.Remove(Summary.NextSeed, out var outcomes))
        {
            foreach (var outcome in outcomes)
            {
                Summary.Schedules++;
                Summary.SimulatedSeconds += outcome.Simulated;
                Summary.Fences += outcome.Fences;
                Summary.Takeovers += outcome.Takeovers;
                Summary.DoubleSeconds += outcome.DoubleSeconds;
                foreach (var (what, count) in outcome.Excused)
                {
                    Summary.Excused[what] = Summary.Excused.GetValueOrDefault(what) + count;
                }

                if (outcome.Failure is { } failure)
                {
                    Summary.Findings.Add(Keep(outcome.Seed, failure));
                }
            }

            Summary.NextSeed = Math.Min(plan.To, Summary.NextSeed + Block);
            Save(wallBefore);
            Progress?.Invoke(Summary);
        }
    }

    private FuzzFinding Keep(int seed, string failure)
    {
        if (Summary.Findings.Count >= plan.ShrinkMax)
        {
            return new FuzzFinding(seed, failure, null);
        }

        var scenario = FuzzShrinker.Shrink(plan.Schedule(seed), candidate => Kind(RunSeed(candidate, plan.Ignored, plan.EveryTurn).Failure));
        Directory.CreateDirectory(plan.FindingsFolder);
        var file = Path.Combine(plan.FindingsFolder, $"{Path.GetFileName(scenario.Name)}.yaml");
        File.WriteAllText(file, FuzzSchedule.ToYaml(scenario));
        return new FuzzFinding(seed, failure, file);
    }

    private FuzzSummary? Resume()
    {
        if (plan.ResumeFile is null || !File.Exists(plan.ResumeFile))
        {
            return null;
        }

        var summary = JsonSerializer.Deserialize<FuzzSummary>(File.ReadAllText(plan.ResumeFile));
        var same = summary is not null && (summary.Class, summary.From, summary.To, summary.Shard)
            == (plan.Class.ToString(), plan.From, plan.To, $"{plan.Shard}/{plan.Shards}");
        return same ? summary : throw new FormatException(
            $"{plan.ResumeFile} is of another campaign (class {summary?.Class}, seeds {summary?.From}..{summary?.To}, shard {summary?.Shard}): name another file");
    }

    private static TimeSpan Processor()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }

    private void Save(double wallBefore)
    {
        Summary.WallSeconds = wallBefore + _watch.Elapsed.TotalSeconds;
        Summary.CpuSeconds = _cpuBefore + (Processor() - _cpuAtStart).TotalSeconds;
        if (plan.ResumeFile is { } path)
        {
            File.WriteAllText(path + ".new", JsonSerializer.Serialize(Summary, Json));
            File.Move(path + ".new", path, overwrite: true);
        }
    }
}

/// <summary>One seed's run.</summary>
internal sealed record FuzzOutcome(int Seed, string? Failure, double Simulated, int Fences, int Takeovers)
{
    public IReadOnlyDictionary<string, int> Excused { get; init; } = new Dictionary<string, int>();

    public double DoubleSeconds { get; init; }
}
