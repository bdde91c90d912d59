using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Incidents;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Simulation;
using TwoNodeHa.Sim.Scenarios;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>A story is played, its journals are exported, and the bundle is played again: both decide alike.</summary>
public sealed class IncidentTests : IDisposable
{
    /// <summary>The clock of beta is that far ahead.</summary>
    private const long AheadMs = 10_800_000;

    private const string Secret = "hunter2";

    private static readonly long s_zero = CtlRun.Now.AddHours(-1).ToUnixTimeMilliseconds();

    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;

    private string Bundle => Path.Combine(_directory, "incident.json");

    private string ConfigFile => Path.Combine(_directory, "ha.conf");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1, "power off beta")]
    [InlineData(1, "power off alpha")]
    [InlineData(1, "power off beta", "at 3min: power on beta")]
    [InlineData(2, "power off alpha", "at 2min: power on alpha")]
    [InlineData(1, "pull cable of alpha")]
    [InlineData(1, "pull cable of beta", "at 2min: plug cable of beta")]
    [InlineData(2, "pull cable of alpha", "at 2min: plug cable of alpha")]
    [InlineData(1, "gateway off", "at 1min: gateway on")]
    [InlineData(1, "gateway off")]
    [InlineData(1, "hide gateway from alpha", "at 2min: show gateway to alpha")]
    [InlineData(1, "switch off", "at 1min: switch on")]
    [InlineData(1, "operator disables HA on alpha", "at 20s: power off beta")]
    [InlineData(1, "operator disables HA on beta", "at 20s: pull cable of alpha", "at 1min: plug cable of alpha")]
    [InlineData(1, "operator fences beta")]
    [InlineData(1, "kill daemon on alpha")]
    [InlineData(1, "hang toolstack on alpha for 40s")]
    public void Replay_decides_as_it_was(int links, params string[] story)
    {
        var (run, original) = Exported(links, story);
        Assert.True(run.ExitCode == 0, run.Error);

        var replay = CtlRun.Of("simulate", "--incident", Bundle, "--json");
        var told = File.ReadAllText(Bundle) + replay.Out + replay.Error;
        var pairs = replay.Json.GetProperty("replay").EnumerateArray().ToList();
        Assert.Equal(Sorted(IncidentDecision.Of(original)), Sorted([.. pairs.Where(pair => pair.TryGetProperty("now", out _)).Select(Decision)]));
        Assert.All(pairs, pair => Assert.True(pair.TryGetProperty("then", out _) && pair.TryGetProperty("now", out _), told));
        Assert.True(replay.ExitCode == 0, told);

        // A cause is known to the beat of what was lost.
        Assert.All(pairs, pair => Assert.InRange(pair.GetProperty("now").GetDouble() - pair.GetProperty("then").GetDouble(), -1.0, 1.0));

        // The simulator takes the same file for a scenario, whose expectations are those decisions.
        var scenario = Scenario.Load(Bundle, _directory);
        var again = new ScenarioRun(scenario, scenario.Variants().Single()).Run();
        Assert.True(again.Passed, string.Join('\n', again.Failures));
    }

    [Fact]
    public void Master_and_places_are_those_of_the_beginning()
    {
        var (run, _) = Exported(1, "power off alpha");

        Assert.Equal(0, run.ExitCode);
        var bundle = IncidentBundle.Parse(Bundle, File.ReadAllText(Bundle));
        Assert.Equal("alpha", bundle.Master);
        Assert.Equal(["web alpha", "data base beta"], bundle.Vms.Select(vm => $"{vm.Name} {vm.On}"));
    }

    [Fact]
    public void Secrets_and_addresses_stay_at_home()
    {
        Exported(1, "power off beta");
        var text = File.ReadAllText(Bundle);

        Assert.DoesNotContain("10.20.", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain("/root/", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Bundle));

        Exported(1, ["power off beta"], "--keep-addresses");
        Assert.Contains("10.20.30.11", File.ReadAllText(Bundle), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_without_an_event_are_named()
    {
        var (run, _) = Exported(Screen.None with { Width = 80 }, 1, ["power off beta"], new EventLine(s_zero + 1_000, 64, "warning", "the loop was 812 ms late, limit 250 ms: seen from 10.20.30.7"));

        Assert.Contains("1 line not mapped", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"alpha +E64 +the loop was 812 ms late", run.Out);
        Assert.Contains("power off beta", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"alpha +takeover +T2", run.Out);
        Assert.All(run.Out.Split('\n').Where(line => !line.Contains(_directory, StringComparison.Ordinal)), line => Assert.True(line.Length <= 80, line));
        var replay = CtlRun.On(Screen.None with { Width = 80 }, 1, "simulate", "--incident", Bundle);
        Assert.StartsWith("As it was: the replay decides the same.", replay.Out, StringComparison.Ordinal);
        Assert.Contains("1 line of the journals could not be mapped", replay.Out, StringComparison.Ordinal);
        Assert.Contains("docs/protocol.md#t2", replay.Out, StringComparison.Ordinal);
        Assert.All(replay.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    /// <summary>The bundle may be edited: what then comes out otherwise is shown.</summary>
    [Fact]
    public void Another_event_decides_otherwise_and_that_is_said()
    {
        Exported(1, "power off beta");
        File.WriteAllText(Bundle, File.ReadAllText(Bundle).Replace("\"power off beta\"", "\"gateway off\"", StringComparison.Ordinal));

        var replay = CtlRun.Of("simulate", "--incident", Bundle);
        Assert.Equal(ExitCode.Findings, replay.ExitCode);
        Assert.StartsWith("NOT as it was", replay.Out, StringComparison.Ordinal);
        Assert.Matches(@"\d+\.\d s +- +alpha +takeover +T2", replay.Out);
    }

    [Fact]
    public void Without_the_other_journal_a_silence_is_a_loss_of_power_and_that_is_said()
    {
        var (run, _) = Exported(1, ["pull cable of beta"], "--alone");

        Assert.Contains("power off beta", run.Out, StringComparison.Ordinal);
        Assert.Contains("the journal of beta is not at hand", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_cut_off_is_refused_with_the_line_and_the_remedy()
    {
        Exported(1, "power off beta");
        var whole = File.ReadAllText(Bundle);
        foreach (var length in (int[])[whole.Length / 5, whole.Length / 2, whole.Length - 4])
        {
            File.WriteAllText(Bundle, whole[..length]);
            var run = CtlRun.Of("simulate", "--incident", Bundle);
            Assert.Equal(ExitCode.Refused, run.ExitCode);
            Assert.Contains($"incident.json:{whole[..length].TrimEnd().Count(character => character == '\n') + 1}: the file ends in the middle: export it again", run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("story: a scenario of the simulator\nevents: []\n", ":1: this is no incident")]
    [InlineData("", ":1: this is no incident")]
    [InlineData("{\"verb\":\"events\"}", ":1: this is no incident")]
    [InlineData("{\n  \"twonodeha_incident\": 2, \"written_by\": \"9.1.0\"\n}", ":2: this is an incident of format 2, and this version reads 1: play it with the version that wrote it (9.1.0)")]
    [InlineData("{\n  \"twonodeha_incident\": 1\n}", ":1: 'hosts' is missing or empty")]
    [InlineData("{\n  \"twonodeha_incident\": 1,\n  \"hosts\": 7\n}", ":3: this cannot be read ($.hosts)")]
    public void What_is_foreign_is_refused_with_the_line_and_the_remedy(string text, string says)
    {
        File.WriteAllText(Bundle, text);
        var run = CtlRun.Of("simulate", "--incident", Bundle);

        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("incident.json" + says, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"power off beta\"", "\"power of beta\"", "not understood: 'power of beta'; the nearest is 'power off {host}'")]
    [InlineData("\"power off beta\"", "\"power off gamma\"", "no host 'gamma'")]
    [InlineData("\"at 0s\"", "\"soon\"", "'soon' is no time")]
    [InlineData("profile = balanced", "profile = blanced", "the configuration in it is refused")]
    [InlineData("\"memory_mib\"", "\"memory_mob\"", "this cannot be read")]
    public void What_was_edited_badly_is_refused_with_its_line(string what, string with, string says)
    {
        Exported(1, "power off beta");
        var text = File.ReadAllText(Bundle);
        Assert.Contains(what, text, StringComparison.Ordinal);
        File.WriteAllText(Bundle, text.Replace(what, with, StringComparison.Ordinal));
        var run = CtlRun.Of("simulate", "--incident", Bundle);

        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Matches(@"incident\.json:[1-9]\d*: ", run.Error);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_line_that_was_taken_out_shows()
    {
        Exported(1, "power off beta");
        var bundle = IncidentBundle.Parse(Bundle, File.ReadAllText(Bundle));
        File.WriteAllText(Bundle, (bundle with { Journal = bundle.Journal.RemoveAt(3) }).ToText());

        Assert.Contains("something was cut out", CtlRun.Of("simulate", "--incident", Bundle).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing in that stretch tells of an event outside", "--since", "2026-09-21T13:11:00Z", "--until", "2026-09-21T13:12:30Z")]
    [InlineData("no line of the journals lies in that stretch", "--until", "2020-01-01")]
    [InlineData("'soon' is no time", "--since", "soon")]
    [InlineData("--since must lie before --until", "--since", "1h", "--until", "2h")]
    [InlineData("not both", "E20", "--since", "2h")]
    [InlineData("no event with the id 99", "E99")]
    public void A_stretch_that_holds_nothing_is_said(string says, params string[] options)
    {
        var (run, _) = Exported(1, ["power off beta"], options);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Bundle));
    }

    [Fact]
    public void A_stretch_by_its_times_is_the_same_incident()
    {
        Exported(1, ["power off beta"], "--since", "13:13", "--until", "2026-09-21T13:20:00Z");

        Assert.Equal(0, CtlRun.Of("simulate", "--incident", Bundle).ExitCode);
    }

    [Fact]
    public void Story_and_incident_exclude_each_other()
    {
        Assert.Equal(ExitCode.Usage, CtlRun.Of("simulate").ExitCode);
        Assert.Equal(ExitCode.Usage, CtlRun.Of("simulate", "power off beta", "--incident", Bundle).ExitCode);
        Assert.Contains("cannot be read", CtlRun.Of("simulate", "--incident", Bundle).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.20.30.11:7757 - 10.20.30.12:7757.", "192.0.2.1:7757 - 192.0.2.2:7757.")]
    [InlineData("10.20.30.11, 10.9.9.1, 10.20.30.11", "192.0.2.1, 198.51.100.1, 192.0.2.1")]
    [InlineData("[fd00:1::5]:7757 and FD00:1::5", "[2001:db8::1]:7757 and 2001:db8::1")]
    [InlineData("by root (ssh from 10.20.30.9)", "by root (ssh from 192.0.2.1)")]
    [InlineData("127.0.0.1, ::1, 0.0.0.0", "127.0.0.1, ::1, 0.0.0.0")]
    [InlineData("52:54:00:ab:cd:ef", "00:00:5e:00:53:01")]
    [InlineData("beta was dead at 09:12:33.5: added 1.2.3", "beta was dead at 09:12:33.5: added 1.2.3")]
    [InlineData("https://10.20.30.7:2379/v3", "https://192.0.2.1:2379/v3")]
    public void Addresses_are_replaced_alike_everywhere(string text, string masked) => Assert.Equal(masked, new AddressMask().Of(text));

    private static List<string> Sorted(IEnumerable<IncidentDecision> decisions) => [.. decisions.Select(one => $"{one.Host} {one.What} {one.Rule}").Order(StringComparer.Ordinal)];

    private static IncidentDecision Decision(System.Text.Json.JsonElement pair) =>
        new(0, pair.GetProperty("host").GetString()!, pair.GetProperty("what").GetString()!, pair.GetProperty("rule").GetString()!);

    private static VmDetail Vm(string name, string on) => new(new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)), name)
    {
        Protected = true, ProtectedWhy = "ha_restart_priority is restart", Class = "restart", Wanted = true, On = on, NeedBytes = 1L << 30,
        Places = [new VmPlace("alpha", true, []), new VmPlace("beta", true, [])],
    };

    private (CtlRun Run, ScenarioResult Original) Exported(int links, params string[] story) => Exported(links, story, []);

    private (CtlRun Run, ScenarioResult Original) Exported(int links, string[] story, params string[] options) => Exported(Screen.None, links, story, null, options);

    /// <summary>Plays a story on the real site, and exports it as its two daemons tell it afterwards.</summary>
    private (CtlRun Run, ScenarioResult Original) Exported(Screen screen, int links, string[] story, EventLine? more, params string[] options)
    {
        File.WriteAllText(ConfigFile, Config(links));
        var config = ConfigParser.Parse(ConfigFile, Config(links)).Config!;
        var before = SampleStatus.Good with { Outlooks = [new FailureOutlook("alpha", "beta") { Covered = true, Starts = [], FreeBytes = 8L << 30 }, new FailureOutlook("beta", "alpha") { Covered = true, Starts = [], FreeBytes = 8L << 30 }] };
        VmDetail[] vms = [Vm("web", "alpha"), Vm("data base", "beta")];
        var moves = StoryReader.Read(story, out var trouble) ?? throw new InvalidOperationException(trouble);
        var original = new ScenarioRun(new Scenario
        {
            File = "story", Name = "story", Story = "", Moves = moves, Expected = [], End = moves[^1].At + TimeSpan.FromMinutes(5),
            Site = SiteReader.Of(config, new VmReport { FactsAgeSeconds = 1, Vms = [.. vms] }, before, []), LinkCounts = [links],
        }, new Variant(0, links)).Run();

        var outcome = Outcome.Of(original).Vms.ToDictionary(vm => vm.Name, vm => vm.On);
        var now = new VmReport { FactsAgeSeconds = 1, Vms = [.. vms.Select(vm => vm with { On = outcome[vm.Name] })] };
        var mastered = original.Trace.LastOrDefault(entry => entry.Text.Contains("role of this host is now master", StringComparison.Ordinal))?.Who ?? "alpha";
        var status = before with { Role = mastered == "alpha" ? "master" : "slave", Enabled = !Array.Exists(story, said => said.Contains("disables", StringComparison.Ordinal)) };
        EventLine[] own = [.. Journal(original, "alpha", 0), .. more is null ? Array.Empty<EventLine>() : [more]];
        using var daemon = FakeDaemon.Answering(request => request switch
        {
            ControlRequest.Status => new ControlAnswer { Ok = true, Status = status },
            ControlRequest.Vms => new ControlAnswer { Ok = true, Vms = now },
            _ => new ControlAnswer { Ok = true, Events = [.. own.OrderBy(line => line.UnixMs)] },
        });
        var clock = CtlRun.Now.ToUnixTimeMilliseconds() + AheadMs;
        var other = System.Text.Json.JsonSerializer.Serialize(new CtlReport { Verb = "events", ExitCode = 0, Text = "", Events = [.. Journal(original, "beta", AheadMs)] }, CtlJson.Default.CtlReport);
        var programs = new FakePrograms(_ => FakePrograms.Done($"{clock}\n{other}\n{clock}\n"));
        return (CtlRun.On(context => context with { Programs = programs, Screen = screen },
            ["incident", "export", .. options, "--out", Bundle, "--ssh", "beta", "--config", ConfigFile, "--socket", daemon.SocketPath]), original);
    }

    /// <summary>What a daemon wrote, from its start long before.</summary>
    private static IEnumerable<EventLine> Journal(ScenarioResult run, string host, long ahead)
    {
        var zero = s_zero + ahead;
        yield return new EventLine(zero - 400_000, 1, "notice", $"daemon of {host} started (epoch 1, HA enabled); watchdog: none");
        yield return new EventLine(zero - 390_000, 2, "notice", "Joining -> Paired: both hosts hear each other");
        yield return new EventLine(zero - 60_000, 70, "notice", "all protected VMs would come back after the failure of either host");
        foreach (var entry in run.Trace.Where(entry => entry.Who == host))
        {
            if (IncidentDecision.Event(entry.Text) is var (id, sentence))
            {
                yield return new EventLine(zero + (long)(entry.Time * 1000), id, "notice", sentence);
            }
        }
    }

    private static string Config(int links) => string.Create(CultureInfo.InvariantCulture, $"""
        profile = balanced      # the password of the board is {Secret}
        [host alpha]
        uuid = 11111111-1111-4111-8111-111111111111
        address = 10.20.30.11
        [host beta]
        uuid = 22222222-2222-4222-8222-222222222222
        address = 10.20.30.12
        [link mgmt]
        alpha = 10.20.30.11
        beta = 10.20.30.12:7757
        {(links > 1 ? "[link crossover]\nalpha = 10.20.40.11\nbeta = 10.20.40.12" : "")}
        [gateway]
        addresses = 10.20.30.1
        [watchdog]
        device = none
        [paths]
        key_file = /root/key-{Secret}

        """);
}
