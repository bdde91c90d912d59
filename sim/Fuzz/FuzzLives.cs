using System.Globalization;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>
/// Whole lives of a pool: rounds of faults, operator's words and administrators' actions; then nature is repaired and whoever changed
/// something changes it back; then quiet, in which the pool must come back (L2, L3); then one host is isolated, and the repair before
/// must not have left anything behind. Nobody helps who is not in the schedule.
/// </summary>
internal static class FuzzLives
{
    /// <summary>Marks a move that a shrinker keeps: a repair, and what belongs to it.</summary>
    public const int Pinned = 1;

    /// <summary>The judge asks for recovery six minutes after the last change.</summary>
    private const double Quiet = 400;

    /// <summary>Longer than the bound of a takeover in every profile.</summary>
    private const double Isolated = 170;

    private static readonly (int Weight, string Template)[] Everywhere =
    [
        (6, "pull cable of H"), (6, "plug cable of H"), (2, "cut H outwards"), (2, "cut H inwards"), (3, "mend H outwards"), (3, "mend H inwards"),
        (3, "gateway off"), (4, "gateway on"), (2, "hide gateway from H"), (2, "show gateway to H"), (2, "switch off"), (3, "switch on"),
        (2, "lose L on mgmt"), (2, "lose 0% on mgmt"), (1, "delay mgmt by D"), (1, "jitter mgmt by D"), (1, "reorder 10% on mgmt"),
        (5, "power off H"), (5, "power on H"), (2, "reset H"), (2, "orderly reboot of H"), (2, "orderly poweroff of H"), (2, "freeze H for F"),
        (2, "freeze daemon on H for F"), (4, "kill daemon on H"), (4, "stop daemon on H"), (1, "daemon of H restarts after 8s"),
        (2, "crash toolstack on H"), (1, "hang toolstack on H for F"), (1, "toolstack of H is slow by 700ms"), (1, "toolstack of H starts 5min late"),
        (1, "toolstack of H refuses M 2 times"), (1, "toolstack of H refuses VM.start_on 7 times"), (1, "toolstack of H loses the answer of M 1 times"),
        (1, "database copy of H is stale"), (1, "next start on H fails with SR_BACKEND_FAILURE_47"), (1, "list of H hangs"),
        (1, "list of H is slow by 1200ms"), (1, "list of H answers"), (3, "V crashes"), (1, "V cannot be destroyed"), (1, "lock of V is left by H"),
        (2, "storage of H is lost"), (2, "storage of H is back"), (1, "disk of H is full"), (1, "disk of H has room"), (2, "disk of H is read-only"), (1, "disk of H is writable"), (2, "disk of H is slow by S"),
        (1, "state of H is torn"), (1, "state of H is lost"), (1, "state of H is copied"), (1, "state of H is restored;3;kill daemon on H"),
        (2, "lease of H is lost;0;kill daemon on H"), (1, "heartbeats into H are filtered"), (1, "key of H is wrong"),
        (1, "clock of H drifts P ppm"), (1, "wall clock of H jumps 2h"), (1, "configuration of H differs;1;stop daemon on H"),
        (1, "watchdog of H is missing;1;stop daemon on H"),
        (3, "operator disables HA on H"), (2, "operator disables HA on H for 2min"), (3, "operator enables HA on H"),
        (2, "operator begins maintenance of H"), (3, "admin evacuates H;30;operator begins maintenance of H;15;orderly reboot of H"),
        (2, "operator ends maintenance of H"), (1, "operator fences H"), (1, "operator says on H that the peer is dead"),
        (2, "power off a;25;operator says on b that the peer is dead"), (2, "power off b;25;operator says on a that the peer is dead"),
        (1, "admin stops V"), (2, "admin starts V"), (1, "admin reboots V"), (2, "admin migrates V to H"), (1, "admin evacuates H"),
        (2, "admin designates H"), (1, "admin restarts toolstack on H"), (1, "admin disables H"),
        (1, "admin suspends V"), (1, "admin resumes V"), (1, "admin checkpoints V"), (1, "V reboots itself"), (1, "V shuts itself down"),
        (1, "admin sets the order of V to 2"), (1, "admin sets the start delay of V to 5 s"),
        (1, "migrations take 20s;0;admin migrates V to H;8;power off H"), (1, "migrations take 20s;0;admin migrates V to H;8;pull cable of H"),
        (1, "migrations take 20s;0;admin migrates V to H;8;crash toolstack on H"), (1, "migrations take 20s;0;admin evacuates H;12;power off H"),
        (1, "back-ends of H drain 3s"), (1, "dom0 of H opens a shared disk"), (1, "garbage collector of H runs"), (1, "stop toolstack on H"),
        (1, "daemon of H never restarts;0;kill daemon on H"), (1, "boot of H takes 2min"), (1, "next start on H takes 90s"), (1, "H cannot reset itself"),
        (1, "operator begins maintenance of H for 2min"), (1, "native HA on"),
    ];

    /// <summary>Without a watchdog nothing ends a host whose daemon hangs: what hangs one is not drawn then (docs/safety.md).</summary>
    private static readonly string[] NeedsWatchdog = ["freeze", "never restarts", "watchdog", "cannot reset", "kill daemon", "disk of H", "clock of H"];

    private static readonly (int Weight, string Template)[] TwoLinks =
    [
        (4, "pull crossover"), (5, "plug crossover"), (2, "drop from H on mgmt"), (2, "pass from H on mgmt"), (2, "drop from H on crossover"),
        (2, "pass from H on crossover"), (1, "lose L on crossover"),
    ];

    private static readonly (int Weight, string Template)[] ThirdParty =
    [
        (4, "drop from H on mgmt"), (5, "pass from H on mgmt"), (2, "arbiter down"), (3, "arbiter up"), (1, "arbiter lags by 1s"),
        (2, "arbiter cut from H"), (2, "arbiter joined to H"), (1, "fence agent down"), (1, "fence agent up"),
        (1, "arbiter refuses H"), (1, "arbiter trusts H"), (1, "board of H is silent"), (1, "board of H answers"), (1, "fence agent takes 20s"),
    ];

    private static readonly (int Weight, string Template)[] Storage =
    [
        (4, "drop from H on mgmt"), (5, "pass from H on mgmt"), (2, "storage forgets reservations"), (1, "storage recalls the key of H"),
        (1, "lun 1 answers nobody"), (2, "lun 1 answers"), (1, "lun 2 answers nobody"), (2, "lun 2 answers"),
        (1, "storage lags by 200ms"), (1, "storage lags by 1s"), (2, "storage lags by 0s"),
    ];

    private static readonly string[] Isolations = ["pull cable of H", "pull cable of H", "power off H", "power off H", "freeze daemon on H for 2min", "switch off", "hide gateway from H"];
    private static readonly double[] Pauses = [0.1, 0.3, 1, 3, 8, 20, 45];
    private static readonly (string Key, string[] Values)[] Policies =
    [
        ("lone_start", ["hold"]), ("on_gateway_loss", ["stay"]), ("fence_action", ["reboot", "poweroff"]), ("on_host_shutdown", ["wait"]),
        ("failback", ["manual", "auto"]), ("fence_delay_seconds", ["0", "8"]), ("start_parallel", ["1"]), ("start_attempts", ["1"]),
        ("boot_guard_wait_seconds", ["60"]),
    ];

    /// <summary>The life of a seed; the same for ever.</summary>
    public static Scenario Of(int seed, FuzzClass safety)
    {
        var random = new Random(seed ^ 0x5EED);
        var watchdog = random.Next(16) > 0;
        var menu = Everywhere.Concat(safety switch { FuzzClass.B => TwoLinks, FuzzClass.A => ThirdParty, FuzzClass.S => Storage, _ => [] })
            .Where(item => watchdog || !NeedsWatchdog.Any(word => item.Template.Contains(word, StringComparison.Ordinal)));
        var life = new Life(random, [.. menu], [.. Isolations.Where(text => watchdog || !text.StartsWith("freeze", StringComparison.Ordinal))]);
        for (var rounds = random.Next(2, 4); rounds > 0; rounds--)
        {
            life.Round();
        }

        var policy = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, values) in Policies)
        {
            if (random.Next(8) == 0)
            {
                policy[key] = values[random.Next(values.Length)];
            }
        }

        if (random.Next(8) == 0)
        {
            (policy["storage.probe"], policy["storage.on_storage_loss"]) = ("/srv/sr", "fence");
        }

        return new Scenario
        {
            File = $"life {seed}",
            Name = string.Create(CultureInfo.InvariantCulture, $"lives/{char.ToLowerInvariant(safety.ToString()[0])}-{seed}"),
            Story = string.Create(CultureInfo.InvariantCulture, $"A life, class {safety}, seed {seed}."),
            LinkCounts = [safety == FuzzClass.B ? 2 : 1],
            Profile = random.Next(8) switch { < 2 => "fast", 2 => "patient", _ => "balanced" },
            ThirdParty = safety switch { FuzzClass.A => random.Next(3) == 0 ? "agent" : "lease", FuzzClass.S => "storage", _ => "none" },
            Policy = policy,
            Watchdog = watchdog ? "device" : "none",
            AssumeA1 = safety is not (FuzzClass.A or FuzzClass.S),
            LeavesOutReadings = true,
            Seed = seed,
            Settle = 8 + random.Next(8),
            Moves = life.Moves,
            Expected = [new Sentence("all VMs run", 0), new Sentence("both are paired", 0)],
            End = life.End,
        };
    }

    private sealed class Life(Random random, (int Weight, string Template)[] menu, string[] isolations)
    {
        private readonly int _total = menu.Sum(item => item.Weight);
        private readonly List<Move> _moves = [];
        private readonly HashSet<string> _undo = new(StringComparer.Ordinal);
        private bool _memoryLost;
        private double _now;

        public IReadOnlyList<Move> Moves => _moves;

        public TimeSpan End => At(_now);

        public void Round()
        {
            for (var left = random.Next(1, 8); left > 0; left--)
            {
                Draw();
                _now += Pauses[random.Next(Pauses.Length)];
            }

            Restore();
            var isolation = FuzzSchedule.Fill(random, isolations[random.Next(isolations.Length)]);
            Add(isolation, 0);
            _now += Isolated;
            Restore();
        }

        private void Draw()
        {
            var parts = FuzzSchedule.FillAll(random, FuzzSchedule.Pick(random, menu, _total)).Split(';');

            // One memory may be lost, not both: nobody would then know whether HA is on.
            var loses = parts[0].StartsWith("state of", StringComparison.Ordinal) && !parts[0].EndsWith("copied", StringComparison.Ordinal);
            if (loses && _memoryLost)
            {
                return;
            }

            _memoryLost |= loses;
            for (var i = 0; i < parts.Length; i += 2)
            {
                _now += i == 0 ? 0 : double.Parse(parts[i - 1], CultureInfo.InvariantCulture);
                Add(parts[i], 0);
                Remember(parts[i]);
            }
        }

        /// <summary>Whoever changed something changes it back later.</summary>
        private void Remember(string text)
        {
            var words = text.Split(' ');
            var undo = text switch
            {
                _ when text.StartsWith("admin stops", StringComparison.Ordinal) => $"admin starts {words[2]}",
                _ when text.StartsWith("admin reboots", StringComparison.Ordinal) => $"admin starts {words[2]}",
                _ when text.EndsWith("shuts itself down", StringComparison.Ordinal) => $"admin starts {words[0]}",
                _ when text.StartsWith("admin suspends", StringComparison.Ordinal) => $"admin resumes {words[2]}",
                _ when text.StartsWith("dom0 of", StringComparison.Ordinal) => $"dom0 of {words[2]} closes its disks",
                _ when text.StartsWith("garbage collector", StringComparison.Ordinal) => $"garbage collector of {words[3]} ends",
                _ when text.StartsWith("stop toolstack", StringComparison.Ordinal) => $"start toolstack on {words[3]}",
                "native HA on" => "native HA off",

                // The copy may be from a maintenance.
                _ when text.EndsWith("is restored", StringComparison.Ordinal) => $"operator ends maintenance of {words[2]}",
                _ when text.StartsWith("admin disables", StringComparison.Ordinal) => $"admin enables {words[2]}",
                _ when text.Contains("begins maintenance", StringComparison.Ordinal) => $"operator ends maintenance of {words[4]}",
                _ when text.StartsWith("configuration", StringComparison.Ordinal) || text.StartsWith("watchdog", StringComparison.Ordinal) => $"stop daemon on {words[2]}",
                _ => null,
            };
            if (undo is not null)
            {
                _undo.Add(undo);
            }

            // A copy of the database from before the suspension knows nothing of it: what cannot be resumed is started.
            if (text.StartsWith("admin suspends", StringComparison.Ordinal))
            {
                _undo.Add($"admin starts {words[2]}");
            }
        }

        private void Restore()
        {
            Add("repair", Pinned);

            // A host that a fence or its agent switched off: somebody presses the button.
            foreach (var after in (double[])[30, 90])
            {
                Add("power on a", Pinned, after);
                Add("power on b", Pinned, after);
            }

            _now += 120;
            foreach (var text in _undo.Order(StringComparer.Ordinal))
            {
                Add(text, Pinned);
                _now += 5;
            }

            _undo.Clear();

            // Refused while a toolstack is still coming up: the operator tries again.
            Add("operator enables HA on a", Pinned);
            Add("operator enables HA on b", Pinned, 60);
            Add("operator enables HA on a", Pinned, 120);
            _now += 120 + Quiet;
        }

        private void Add(string text, int line, double later = 0) => _moves.Add(new Move(At(_now + later), new Sentence(text, line)));

        private static TimeSpan At(double seconds) => TimeSpan.FromMilliseconds(Math.Round(seconds * 1000));
    }
}
