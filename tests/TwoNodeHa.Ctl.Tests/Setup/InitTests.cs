using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;
using TwoNodeHa.Sim.Pool;
using Xunit;

namespace TwoNodeHa.Ctl.Tests.Setup;

/// <summary>Both hosts, from the emulated toolstack to "ready": the second host is another directory that ssh ends in.</summary>
public sealed class InitTests : IDisposable
{
    private static readonly string[] s_units = ["systemctl enable twonodeha-guard twonodeha-shutdown twonodeha", "systemctl restart twonodeha-shutdown twonodeha"];

    private readonly string _directory = Directory.CreateTempSubdirectory("ha-init-").FullName;
    private string _there = "";
    private bool _reachable = true;
    private string _broken = "";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task TwoHosts_AreSetUpFromOne_AndASecondRunChangesNothing()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        using var daemon = FakeDaemon.Answering(Answer(SampleStatus.Good with { Enabled = false }));
        var programs = Programs();
        var run = Init(xapi, programs, daemon);

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Contains("Ready: ha-ctl check && ha-ctl enable", run.Out, StringComparison.Ordinal);
        var (here, there) = (Path.Combine(_directory, "etc"), Path.Combine(_there, "etc"));
        Assert.Equal(File.ReadAllText(Path.Combine(here, "ha.conf")), File.ReadAllText(Path.Combine(there, "ha.conf")));
        Assert.Equal(File.ReadAllText(Path.Combine(here, "key")), File.ReadAllText(Path.Combine(there, "key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(there, "key")));
        var parsed = ConfigParser.Parse("ha.conf", File.ReadAllText(Path.Combine(here, "ha.conf")));
        Assert.Empty(parsed.Findings);
        Assert.Equal(["mgmt 10.20.30.11", "eth1 10.20.40.11"], parsed.Config!.Links.Select(link => $"{link.Name} {link.First.Address}"));
        Assert.Equal("10.20.30.1", Assert.Single(parsed.Config.Gateway.Addresses).ToString());
        Assert.Contains("san", File.ReadAllText(Path.Combine(here, "ha.conf")), StringComparison.Ordinal);
        Assert.All(s_units, line => Assert.Equal(2, programs.Lines.Count(known => known == line)));

        // No argument is a secret: any user of a host may read them.
        Assert.All(programs.Lines, line => Assert.DoesNotContain(File.ReadAllText(Path.Combine(here, "key")).Trim(), line, StringComparison.Ordinal));

        var before = File.GetLastWriteTimeUtc(Path.Combine(here, "key"));
        var again = Init(xapi, Programs(), daemon);
        Assert.True(again.ExitCode == 0, again.Out + again.Error);
        Assert.Contains("kept as it is", again.Out, StringComparison.Ordinal);
        Assert.Equal(before, File.GetLastWriteTimeUtc(Path.Combine(here, "key")));
        Assert.False(File.Exists(Path.Combine(here, "ha.conf.old")));
    }

    [Fact]
    public async Task PeerUnreachable_NothingIsChanged_AndTheNextRunFinishes()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        using var daemon = FakeDaemon.Answering(Answer(SampleStatus.Good with { Enabled = false }));
        _reachable = false;
        var run = Init(xapi, Programs(), daemon);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("Nothing was changed here", run.Error, StringComparison.Ordinal);
        Assert.Contains("init --paste", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory, "etc")));
        _reachable = true;
        Assert.Equal(0, Init(xapi, Programs(), daemon).ExitCode);
    }

    [Fact]
    public async Task DaemonDoesNotStart_IsSaid_AndTheNextRunFinishes()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        using var daemon = FakeDaemon.Answering(Answer(SampleStatus.Good with { Enabled = false }));
        _broken = "systemctl restart";
        var run = Init(xapi, Programs(), daemon);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("Job failed", run.Out + run.Error, StringComparison.Ordinal);
        _broken = "";
        Assert.Equal(0, Init(xapi, Programs(), daemon).ExitCode);
    }

    [Fact]
    public async Task Paste_PrintsALineThatSetsTheOtherHostUp()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        var programs = Programs();
        var run = Init(xapi, programs, null, "--paste");

        Assert.Equal(ExitCode.Pending, run.ExitCode);
        Assert.DoesNotContain(programs.Lines, line => line.StartsWith("ssh", StringComparison.Ordinal));
        var line = run.Out.Split('\n').Single(text => text.StartsWith(" echo twonodeha1-", StringComparison.Ordinal));
        Assert.True(line.Length < 4096, "a terminal takes 4095 characters");
        Assert.Equal(0, Join(line.Split(' ')[2]).ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(_directory, "etc", "key")), File.ReadAllText(Path.Combine(_there, "etc", "key")));
    }

    [Fact]
    public async Task OneNetworkOnly_IsSaid_WithTheWayToTheSecond()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool(second: ""));
        var run = Init(xapi, Programs(), null, "--paste");

        Assert.Contains("A cable from NIC to NIC", run.Out, StringComparison.Ordinal);
        Assert.Contains("#[link crossover]", File.ReadAllText(Path.Combine(_directory, "etc", "ha.conf")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HaLizardIsEnabledInThePool_IsRefused()
    {
        await using var xapi = await EmulatedXapi.StartAsync(
            _directory, EmulatedXapi.Pool(otherConfig: new Dictionary<string, string> { ["XenCenter.CustomFields.ha-lizard-enabled"] = "true" }));
        Refused(Init(xapi, Programs(), null), "ha-cfg ha-disable");
    }

    [Fact]
    public async Task HaLizardsSettings_AreTranslatedAndTakenOver()
    {
        var pool = EmulatedXapi.Pool(otherConfig: new Dictionary<string, string>
        {
            ["HA_MONITOR_DELAY"] = "15", ["HA_GLOBAL_VM_HA"] = "0", ["HA_FENCE_HEURISTICS_IPS"] = "10.20.30.1:10.20.30.2", ["HA_XAPI_COUNT"] = "many",
            ["XenCenter.CustomFields.ha-lizard-enabled"] = "false",
        });
        await using var xapi = await EmulatedXapi.StartAsync(_directory, pool);
        var file = Path.Combine(_directory, "etc", "ha.conf");
        Func<CtlContext, CtlContext> host = context => context with { Paths = Paths(_directory) with { XapiSocket = xapi.Socket, Inventory = xapi.Inventory } };
        var told = CtlRun.On(host, "import-ha-lizard", "--config", file);
        Assert.Equal(0, told.ExitCode);
        Assert.Contains("dead slave: first VM on the master after 36 to 87 s, typically 50 s", told.Out, StringComparison.Ordinal);
        Assert.Contains("XAPI_COUNT = 'many' is no number", told.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(file));

        Assert.Equal(ExitCode.Pending, Init(xapi, Programs(), null, "--paste").ExitCode);
        var config = ConfigParser.Parse("ha.conf", File.ReadAllText(file)).Config!;
        Assert.Equal((2, 2, ProtectMode.Marked), (config.Gateway.Addresses.Length, config.Gateway.Require, config.Policy.Protect));
        Assert.Equal(ExitCode.Refused, CtlRun.On(host, "import-ha-lizard", "--write", "--config", file).ExitCode);
    }

    [Fact]
    public async Task HaLizardRunsHere_IsRefused()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        var process = Directory.CreateDirectory(Path.Combine(_directory, "proc", "4711")).FullName;
        File.WriteAllText(Path.Combine(process, "cmdline"), "/bin/bash\0/etc/ha-lizard/ha-lizard.mon\0");
        var editor = Directory.CreateDirectory(Path.Combine(_directory, "proc", "4712")).FullName;
        File.WriteAllText(Path.Combine(editor, "cmdline"), "/usr/bin/vi\0-R\0/etc/ha-lizard/ha-lizard.sh\0");
        Refused(Init(xapi, Programs(), null), "ha-lizard.mon runs on this host");
    }

    [Fact]
    public async Task HaIsEnabled_IsRefused()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        using var daemon = FakeDaemon.Answering(Answer(SampleStatus.Good));
        Refused(Init(xapi, Programs(), daemon), "ha-ctl disable first");
    }

    [Fact]
    public async Task FileOfAnotherPool_IsReplacedOnDemandOnly()
    {
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        Directory.CreateDirectory(Path.Combine(_directory, "etc"));
        var file = Path.Combine(_directory, "etc", "ha.conf");
        File.Copy(CtlRun.RepositoryFile("../ha.conf.example"), file);
        var run = Init(xapi, Programs(), null, "--paste");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("another pool", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Pending, Init(xapi, Programs(), null, "--paste", "--force").ExitCode);
        Assert.True(File.Exists(file + ".old"));
    }

    [Fact]
    public void NoDom0_IsRefused()
    {
        var run = CtlRun.On(context => context with { Paths = Paths(_directory) with { Inventory = "/nonexistent" } }, "init");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("no dom0", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ToolstackDoesNotAnswer_IsSaidInTime()
    {
        File.WriteAllText(Path.Combine(_directory, "inventory"), $"INSTALLATION_UUID='{Guid.NewGuid()}'\n");
        var run = CtlRun.On(
            context => context with { Paths = Paths(_directory) with { Inventory = Path.Combine(_directory, "inventory"), XapiSocket = Path.Combine(_directory, "none") } },
            "init", "--timeout", "1");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("systemctl status xapi", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("twonodeha1-AAAA")]
    [InlineData("twonodeha1-%%%")]
    public void Join_WithSomethingElse_ChangesNothing(string line)
    {
        var run = Join(line);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.False(Directory.Exists(Path.Combine(_there, "etc")));
    }

    [Fact]
    public void Join_OnAHostOfAnotherPool_ChangesNothing()
    {
        var run = Join(new PairingLine { Config = File.ReadAllText(CtlRun.RepositoryFile("../ha.conf.example")), Key = new string('a', 64) }.Encode());
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("for another pool", run.Error, StringComparison.Ordinal);
    }

    private void Refused(CtlRun run, string advice)
    {
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains(advice, run.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was changed", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory, "etc")));
    }

    private static ControlAnswer Answer(StatusReport status) => new() { Ok = true, Status = status };

    private CtlRun Init(EmulatedXapi xapi, FakePrograms programs, FakeDaemon? daemon, params string[] more) => CtlRun.On(
        context => context with { Programs = programs, Paths = Paths(_directory) with { XapiSocket = xapi.Socket, Inventory = xapi.Inventory } },
        ["init", "--config", Path.Combine(_directory, "etc", "ha.conf"), "--socket", daemon?.SocketPath ?? Path.Combine(_directory, "no-daemon"), "--timeout", "10", .. more]);

    /// <summary>The second host's half, with its own root directory.</summary>
    private CtlRun Join(string line)
    {
        _there = Directory.CreateDirectory(Path.Combine(_directory, "xcp2")).FullName;
        File.WriteAllText(Path.Combine(_there, "inventory"), $"INSTALLATION_UUID='{PoolDefinition.UuidOf("host", "xcp2")}'\n");
        return CtlRun.On(
            context => context with
            {
                In = new StringReader(line), Programs = Programs(), Paths = Paths(_there) with { Inventory = Path.Combine(_there, "inventory") },
            },
            "init", "--join", "--config", Path.Combine(_there, "etc", "ha.conf"), "--socket", Path.Combine(_there, "no-daemon"));
    }

    private FakePrograms Programs()
    {
        FakePrograms? programs = null;
        return programs = new FakePrograms(line =>
        {
            if (line.StartsWith("ssh", StringComparison.Ordinal))
            {
                if (!_reachable)
                {
                    return FakePrograms.Failed(255, "ssh: connect to host 10.20.30.12 port 22: Connection timed out");
                }

                Assert.EndsWith("-- root@10.20.30.12 ha-ctl init --join", line, StringComparison.Ordinal);
                var input = programs!.Inputs[^1];
                var run = Join(input);
                programs.Lines.AddRange(run.ExitCode == 0 ? s_units : []);
                return new ProgramResult(run.ExitCode, run.Out, run.Error);
            }

            return _broken.Length > 0 && line.StartsWith(_broken, StringComparison.Ordinal) ? FakePrograms.Failed(1, "Job failed") : FakePrograms.Done();
        });
    }

    private static HostPaths Paths(string root)
    {
        var watchdog = Path.Combine(root, "watchdog");
        File.WriteAllText(watchdog, "");
        return new HostPaths
        {
            KeyFile = Path.Combine(root, "etc", "key"), Proc = Path.Combine(root, "proc"), Watchdog = watchdog,
            Firewall = "firewall", LizardFile = Path.Combine(root, "ha-lizard.conf"),
        };
    }
}
