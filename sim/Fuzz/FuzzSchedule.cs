using System.Globalization;
using System.Text;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>Safety class of a campaign: what the network may do, and what third party there is.</summary>
public enum FuzzClass
{
    /// <summary>One link and gateway pings: clean under assumption A1.</summary>
    C = 0,

    /// <summary>Two links: clean under A1, which then fails only when both do.</summary>
    B = 1,

    /// <summary>A lease store or a fence agent: every network failure is allowed.</summary>
    A = 2,

    /// <summary>Class A by reservations on the storage: every network failure is allowed, and what befalls reservations.</summary>
    S = 3,
}

/// <summary>Random fault schedules, each a scenario: faults, repair, and what must then hold (L1 to L3).</summary>
internal static class FuzzSchedule
{
    /// <summary>Simulated time of a schedule from second 0, repair and quiet end included.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(31);

    private static readonly (int Weight, string Template)[] Everywhere =
    [
        (6, "pull cable of H"), (8, "plug cable of H"), (3, "cut H outwards"), (3, "cut H inwards"), (4, "mend H outwards"), (4, "mend H inwards"),
        (4, "gateway off"), (6, "gateway on"), (2, "hide gateway from H"), (3, "show gateway to H"), (2, "switch off"), (4, "switch on"),
        (3, "lose L on mgmt"), (3, "lose 0% on mgmt"), (1, "delay mgmt by D"), (1, "jitter mgmt by D"), (1, "delay mgmt by 0ms"),
        (1, "duplicate 20% on mgmt"), (1, "reorder 10% on mgmt"),
        (6, "power off H"), (8, "power on H"), (3, "reset H"), (3, "orderly reboot of H"), (2, "orderly poweroff of H"), (3, "freeze H for F"), (3, "freeze daemon on H for F"),
        (4, "kill daemon on H"), (3, "stop daemon on H"), (1, "daemon of H restarts after 8s"), (1, "daemon of H restarts after 1s"),
        (3, "crash toolstack on H"), (2, "hang toolstack on H for F"), (1, "toolstack of H is slow by 700ms"), (1, "toolstack of H is slow by 0s"),
        (1, "toolstack of H refuses M 2 times"), (1, "toolstack of H loses the answer of M 1 times"), (1, "database copy of H is stale"),
        (1, "next start on H fails with SR_BACKEND_FAILURE_47"), (1, "list of H hangs"), (2, "list of H answers"),
        (2, "V crashes"), (1, "V cannot be destroyed"), (2, "V can be destroyed"), (1, "lock of V is left by H"),
        (1, "storage of H is lost"), (2, "storage of H is back"),
        (1, "disk of H is read-only"), (2, "disk of H is writable"), (1, "disk of H is slow by 1s"), (1, "disk of H is slow by 0s"),
        (1, "state of H is torn"), (1, "state of H is lost"),
        (1, "clock of H drifts P ppm"), (1, "wall clock of H jumps 2h"), 
        (1, "watchdog of H is missing"), (2, "watchdog of H is there"),
        (1, "configuration of H differs"), (2, "configuration of H is equal"),
        (2, "operator disables HA on H"), (4, "operator enables HA on H"), (1, "operator begins maintenance of H"),
        (2, "operator ends maintenance of H"), (1, "admin stops V"), (2, "admin starts V"),
    ];

    private static readonly (int Weight, string Template)[] TwoLinks =
    [
        (4, "pull crossover"), (6, "plug crossover"), (2, "drop from H on mgmt"), (3, "pass from H on mgmt"), (2, "drop from H on crossover"),
        (3, "pass from H on crossover"), (2, "lose L on crossover"), (2, "lose 0% on crossover"),
    ];

    private static readonly (int Weight, string Template)[] ThirdParty =
    [
        (5, "drop from H on mgmt"), (6, "pass from H on mgmt"), (2, "arbiter down"), (4, "arbiter up"), (1, "key of H is wrong"), (2, "key of H is right"), (1, "arbiter lags by 1s"), (1, "arbiter lags by 0s"),
        (2, "arbiter cut from H"), (3, "arbiter joined to H"), (1, "fence agent down"), (2, "fence agent up"),
    ];

    private static readonly (int Weight, string Template)[] Storage =
    [
        (5, "drop from H on mgmt"), (6, "pass from H on mgmt"), (2, "storage forgets reservations"), (1, "storage recalls the key of H"),
        (1, "lun 1 answers nobody"), (2, "lun 1 answers"), (1, "lun 2 answers nobody"), (2, "lun 2 answers"),
        (1, "storage lags by 200ms"), (1, "storage lags by 1s"), (2, "storage lags by 0s"),
    ];

    private static readonly double[] Pauses = [0.1, 0.3, 0.7, 1, 2, 3, 5, 8, 12, 20, 40];
    private static readonly string[] Freezes = ["500ms", "1s", "2s", "3s", "6s", "15s", "30s"];
    private static readonly string[] Methods =
        ["pool.emergency_transition_to_master", "VM.start_on", "VM.power_state_reset", "pool.sync_database", "pool.recover_slaves", "pool.get_all"];

    /// <summary>The schedule of a seed; the same for ever.</summary>
    public static Scenario Of(int seed, FuzzClass safety)
    {
        var random = new Random(seed);
        var moves = new List<(double At, string Text)>();
        var menu = Everywhere.Concat(safety switch
        {
            FuzzClass.B => TwoLinks,
            FuzzClass.A => ThirdParty,
            FuzzClass.S => Storage,
            _ => [],
        }).ToList();
        var total = menu.Sum(item => item.Weight);
        var now = 0.0;
        var faults = random.Next(3, 16);
        for (var i = 0; i < faults; i++)
        {
            var text = Fill(random, Pick(random, menu, total));

            // One memory may be lost, not both: nobody would then know whether HA is on.
            if (!text.StartsWith("state of", StringComparison.Ordinal) || !moves.Exists(move => move.Text.StartsWith("state of", StringComparison.Ordinal)))
            {
                moves.Add((now, text));
            }

            now += Pauses[random.Next(Pauses.Length)];
        }

        var expected = Repair(random, moves, ref now);
        return new Scenario
        {
            File = $"seed {seed}",
            Name = string.Create(CultureInfo.InvariantCulture, $"fuzz/{char.ToLowerInvariant(safety.ToString()[0])}-{seed}"),
            Story = string.Create(CultureInfo.InvariantCulture, $"Random faults, class {safety}, seed {seed}."),
            LinkCounts = [safety == FuzzClass.B ? 2 : 1],
            Profile = random.Next(4) == 0 ? "fast" : "balanced",
            ThirdParty = safety switch { FuzzClass.A => random.Next(3) == 0 ? "agent" : "lease", FuzzClass.S => "storage", _ => "none" },
            AssumeA1 = safety is not (FuzzClass.A or FuzzClass.S),
            LeavesOutReadings = safety == FuzzClass.S,
            Seed = seed,
            Settle = 8 + random.Next(8),
            Moves = [.. moves.Select(move => new Move(TimeSpan.FromMilliseconds(Math.Round(move.At * 1000)), new Sentence(move.Text, 0)))],
            Expected = [.. expected.Select(text => new Sentence(text, 0))],
            End = Length,
        };
    }

    /// <summary>The schedule as a file that replays it.</summary>
    public static string ToYaml(Scenario scenario)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"story: {scenario.Story}\nlinks: {scenario.LinkCounts[0]}\nprofile: {scenario.Profile}\n");
        if (scenario.Policy.Count > 0)
        {
            text.Append("policy:\n").AppendJoin("", scenario.Policy.Select(pair => $"  {pair.Key}: {pair.Value}\n"));
        }

        text.Append(CultureInfo.InvariantCulture, $"third_party: {scenario.ThirdParty}\nwatchdog: {scenario.Watchdog}\nassume: {(scenario.AssumeA1 ? "A1" : "nothing")}\nquiet: {(scenario.LeavesOutReadings ? "readings" : "cycles")}\nseed: {scenario.Seed}\nsettle: {scenario.Settle}\nevents:\n");
        foreach (var move in scenario.Moves)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - at {Times.Text(move.At)}: {move.What.Text}\n");
        }

        text.Append("expect:\n");
        foreach (var said in scenario.Expected)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {said.Text}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"end: {Times.Text(scenario.End)}\n").ToString();
    }

    /// <summary>Everything is repaired; HA is on again; sometimes a host then dies, and the other must carry all (L1).</summary>
    private static List<string> Repair(Random random, List<(double At, string Text)> moves, ref double now)
    {
        moves.Add((now, "heal"));

        // A fence agent may have switched a host off again in the last moment: somebody presses the button.
        moves.Add((now + 20, "power on a"));
        moves.Add((now + 20, "power on b"));
        moves.Add((now + 45, "admin names a master if there is none"));
        now += 75;
        foreach (var text in (string[])["operator ends maintenance of a", "operator ends maintenance of b", "operator enables HA on a"])
        {
            moves.Add((now += 0.5, text));
        }

        // Refused while a toolstack is still coming up: the operator tries again.
        moves.Add((now += 30, "operator enables HA on a"));
        now += 5;
        foreach (var vm in moves.Select(move => move.Text).Where(text => text.StartsWith("admin stops", StringComparison.Ordinal)).Distinct().ToList())
        {
            moves.Add((now += 1, vm.Replace("stops", "starts", StringComparison.Ordinal)));
        }

        List<string> expected = ["all VMs run", "both are paired"];
        if (random.Next(4) == 0)
        {
            var host = random.Next(2) == 0 ? "a" : "b";
            moves.Add((now += 60, $"power off {host}"));
            expected.Add(string.Create(CultureInfo.InvariantCulture, $"all VMs run at {Math.Round(now + 60)}s"));
            moves.Add((now += 70, $"power on {host}"));
        }

        return expected;
    }

    public static string Pick(Random random, IReadOnlyList<(int Weight, string Template)> menu, int total)
    {
        var drawn = random.Next(total);
        foreach (var (weight, template) in menu)
        {
            drawn -= weight;
            if (drawn < 0)
            {
                return template;
            }
        }

        return menu[^1].Template;
    }

    /// <summary>A template with more than one move: its hosts are the same throughout.</summary>
    public static string FillAll(Random random, string template)
    {
        var host = random.Next(2) == 0 ? "a" : "b";
        return string.Join(';', template.Split(';').Select(part => Fill(random, string.Join(' ', part.Split(' ').Select(word => word == "H" ? host : word)))));
    }

    public static string Fill(Random random, string template)
    {
        var words = template.Split(' ');
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = words[i] switch
            {
                "H" => random.Next(2) == 0 ? "a" : "b",
                "V" => ((string[])["web", "mail", "db", "files"])[random.Next(4)],
                "L" => ((string[])["5%", "10%", "30%", "60%"])[random.Next(4)],
                "D" => ((string[])["20ms", "200ms", "900ms"])[random.Next(3)],
                "F" => Freezes[random.Next(Freezes.Length)],
                "P" => random.Next(-240, 241).ToString(CultureInfo.InvariantCulture),
                "S" => ((string[])["300ms", "1s", "2500ms"])[random.Next(3)],
                "M" => Methods[random.Next(Methods.Length)],
                _ => words[i],
            };
        }

        return string.Join(' ', words);
    }
}
