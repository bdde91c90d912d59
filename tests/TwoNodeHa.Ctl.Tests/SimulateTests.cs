using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>Stories on a site that only the daemon's answers describe.</summary>
public sealed class SimulateTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public SimulateTests() => File.WriteAllText(_file, """
        profile = balanced
        [host alpha]
        uuid = 11111111-1111-4111-8111-111111111111
        address = 192.0.2.11
        [host beta]
        uuid = 22222222-2222-4222-8222-222222222222
        address = 192.0.2.12
        [link mgmt]
        alpha = 192.0.2.11
        beta = 192.0.2.12
        [gateway]
        addresses = 192.0.2.1
        [watchdog]
        device = none

        """);

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void PowerOff_of_the_slave_tells_how_long_which_VM_is_down()
    {
        var run = Run(Screen.None, [Vm("web", "alpha"), Vm("data base", "beta")], "power off beta");

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Matches(@"^1 VM of 2 down for 1\d s, then back\.", run.Out);
        Assert.Matches(@"data base +beta +1\d\.\d s +alpha", run.Out);
        Assert.DoesNotContain("web ", run.Out, StringComparison.Ordinal);
        Assert.Contains("you    power off beta", run.Out, StringComparison.Ordinal);
    }

    /// <summary>The second host of the file may be the master: the other one is promoted when it dies, and that takes XAPI's time.</summary>
    [Fact]
    public void The_master_is_the_one_that_the_daemon_names()
    {
        var run = Run(Screen.None, [Vm("web", "beta")], SampleStatus.Good with { Role = "slave", Outlooks = Free }, "power off master");

        Assert.Matches(@"web +beta +[5-9]\d\.\d s +alpha", run.Out);
    }

    [Fact]
    public void What_runs_on_one_host_only_and_what_does_not_fit_stays_down()
    {
        VmDetail[] vms =
        [
            Vm("local", "beta") with { Places = [new VmPlace("alpha", false, ["disk on local storage of beta"]), new VmPlace("beta", true, [])] },
            Vm("big", "beta") with { NeedBytes = 9L << 30 }, Vm("small", "beta"), Vm("own", "beta") with { Protected = false, Class = "" },
        ];
        var run = Run(Screen.None, vms, "power off beta");

        Assert.StartsWith("1 VM of 4 down", run.Out, StringComparison.Ordinal);
        Assert.Contains("3 VMs still down at the end", run.Out, StringComparison.Ordinal);
        Assert.All((string[])["local", "big", "own"], name => Assert.Matches(name + @" +beta +\d+\.\d s +no host", run.Out));
        Assert.Matches(@"small +beta +1\d\.\d s +alpha", run.Out);
    }

    [Fact]
    public void Times_in_front_of_sentences_order_the_story()
    {
        var run = Run(Screen.None, [Vm("web", "alpha")], "at 2min: power on beta", "at 10s: power off beta", "--until", "5m", "--json");

        var happened = run.Json.GetProperty("simulation").GetProperty("happened").EnumerateArray()
            .Where(one => one.GetProperty("who").GetString() == "story").Select(one => one.GetProperty("seconds").GetDouble());
        Assert.Equal([10.0, 120.0], happened);
        Assert.Equal("No VM stops.", run.Json.GetProperty("text").GetString());
    }

    [Fact]
    public void Every_line_fits_a_terminal_of_80_columns()
    {
        var run = Run(Screen.None with { Width = 80 }, [.. Enumerable.Range(1, 60).Select(one => Vm("vm" + one.ToString(CultureInfo.InvariantCulture), "beta") with { NeedBytes = 64L << 20 })],
            "power off beta", "at 3min: power on beta");

        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("… and 45 more VMs: --json or --html has all", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("power of beta", "the nearest is 'power off {host}'")]
    [InlineData("power off gamma", "no host 'gamma': alpha, beta")]
    [InlineData("power off betta", "meant 'beta'?")]
    [InlineData("admin stops wep", "no VM 'wep' here: web; meant 'web'?")]
    [InlineData(" ", "a sentence is empty")]
    [InlineData("at soon: power off beta", "is written 'at 60s: power on beta'")]
    public void What_is_not_understood_is_said_and_nothing_is_played(string sentence, string says)
    {
        var run = Run(Screen.None, [Vm("web", "alpha")], sentence);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public void A_mistake_in_a_later_sentence_is_found_before_anything_is_played_and_names_it()
    {
        var run = Run(Screen.None, [.. Enumerable.Range(1, 30).Select(one => Vm("vm" + one.ToString(CultureInfo.InvariantCulture), "beta"))], "power off beta", "at 1h: admin stops vm31");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("sentence 2: no VM 'vm31' here: vm1, ", run.Error, StringComparison.Ordinal);
        Assert.Contains(" and 18 more", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_without_VMs_is_not_played_and_said()
    {
        var run = Run(Screen.None, [], "power off beta");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the pool has no VMs", run.Error, StringComparison.Ordinal);
    }

    /// <summary>What a takeover may take grows with what it starts: no promise is called broken because a pool is large.</summary>
    [Fact]
    public void A_large_pool_takes_longer_and_breaks_no_promise()
    {
        VmDetail[] vms = [.. Enumerable.Range(1, 240).Select(one => Vm("vm" + one.ToString(CultureInfo.InvariantCulture), "beta") with { NeedBytes = 16L << 20 })];
        var run = Run(Screen.None, vms, "power off beta", "--until", "10m");

        Assert.True(run.ExitCode == 0, run.Out[..Math.Min(500, run.Out.Length)]);
        Assert.Matches("^240 VMs of 240 down for 1[0-9] to 1[0-9][0-9] s, then back", run.Out);
    }

    [Fact]
    public void VM_list_that_was_never_read_is_not_guessed()
    {
        using var daemon = FakeDaemon.Answering(request => request is ControlRequest.Vms
            ? new ControlAnswer { Ok = true, Vms = new VmReport { FactsAgeSeconds = null, Vms = [] } }
            : new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var run = CtlRun.Of("simulate", "power off beta", "--config", _file, "--socket", daemon.SocketPath);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the VMs are not known", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_daemon_nothing_is_guessed()
    {
        var run = CtlRun.Of("simulate", "power off beta", "--config", _file, "--socket", _file + ".sock");

        Assert.Equal(3, run.ExitCode);
    }

    [Fact]
    public void Page_holds_the_picture_and_spells_out_what_names_could_smuggle_in()
    {
        var page = _file + ".html";
        try
        {
            Run(Screen.None, [Vm("<b>web</b>", "beta")], "power off beta", "--html", page);
            var text = File.ReadAllText(page);
            Assert.Contains("<svg", text, StringComparison.Ordinal);
            Assert.Contains("&lt;b&gt;web", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>web", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(page);
        }
    }

    private static System.Collections.Immutable.ImmutableArray<FailureOutlook> Free { get; } =
    [
        new FailureOutlook("alpha", "beta") { Covered = true, Starts = [], FreeBytes = 8L << 30 },
        new FailureOutlook("beta", "alpha") { Covered = true, Starts = [], FreeBytes = 8L << 30 },
    ];

    private static VmDetail Vm(string name, string on) => new(new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)), name)
    {
        Protected = true, ProtectedWhy = "ha_restart_priority is restart", Class = "restart", Wanted = true, On = on, NeedBytes = 1L << 30,
        Places = [new VmPlace("alpha", true, []), new VmPlace("beta", true, [])],
    };

    private CtlRun Run(Screen screen, VmDetail[] vms, params string[] args) => Run(screen, vms, SampleStatus.Good with { Outlooks = Free }, args);

    private CtlRun Run(Screen screen, VmDetail[] vms, StatusReport status, params string[] args)
    {
        using var daemon = FakeDaemon.Answering(request => request is ControlRequest.Vms
            ? new ControlAnswer { Ok = true, Vms = new VmReport { FactsAgeSeconds = 1, Vms = [.. vms] } }
            : new ControlAnswer { Ok = true, Status = status });
        return CtlRun.On(screen, 1, ["simulate", .. args, "--config", _file, "--socket", daemon.SocketPath]);
    }
}
