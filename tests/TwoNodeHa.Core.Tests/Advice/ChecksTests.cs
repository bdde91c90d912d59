using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Tests.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Advice;

public class ChecksTests
{
    private static readonly HostFacts s_host = new()
    {
        KeyExists = true,
        KeyBytes = 65,
        KeyMode = 0b110_000_000,
        WatchdogExists = true,
        XapiAccepts = true,
        InstallationUuid = new Guid(ConfigText.FirstUuidOfASite),
    };

    private static readonly StatusReport s_status = new()
    {
        Host = "alpha",
        PeerHost = "beta",
        State = "Paired",
        StateAgeSeconds = 1,
        Why = "both bound",
        Enabled = true,
        Switch = "enabled",
        SwitchConfirmed = true,
        SafetyClass = "C",
        SafetySentence = "",
        Protected = true,
        Epoch = 1,
        Incarnation = 1,
        Role = "master",
        Toolstack = "ready",
        Rights = [],
        TakeoverRefusals = [],
        Watchdog = "",
        Gateway = "Healthy",
        Links = [new LinkStatus("mgmt", "a - b", 0.2)],
        Peer = new PeerStatus
        {
            State = "Paired",
            HeardAgeSeconds = 0.3,
            Bound = true,
            GatewayFresh = true,
            Fit = true,
            Role = "slave",
            Epoch = 1,
            RunningCount = 0,
            ConfigAgrees = true,
        },
        Vms = [],
    };

    [Fact]
    public void Run_EverythingInPlace_HasNoFindings()
    {
        var report = Run(s_host, s_status);

        Assert.False(report.HasFindings);
        Assert.Equal(report.Items.Length, report.Count(CheckGrade.Ok));
    }

    [Fact]
    public void Run_NoDaemon_SaysWhatIsUnknown()
    {
        var report = Run(s_host, null);

        Assert.Equal(2, report.Count(CheckGrade.Unknown));
        Assert.Equal("gone", Item(report, "daemon", CheckGrade.Problem).Sentence);
    }

    [Fact]
    public void Run_HostFacts_EachHasItsOwnProblem()
    {
        Problem(s_host with { KeyExists = false }, "key file", "keygen");
        Problem(s_host with { KeyBytes = 31 }, "key file", "At least 32");
        Problem(s_host with { KeyMode = 0b110_100_000 }, "key file", "chmod 600");
        Problem(s_host with { WatchdogExists = false }, "watchdog", "driver");
        Problem(s_host with { Watchdog = new WatchdogFacts(false, true, "held by systemd (pid 1)") }, "watchdog", "not arm");
        Problem(s_host with { Watchdog = new WatchdogFacts(true, false, "dog") { FixedTimeout = TimeSpan.FromMinutes(1) } }, "watchdog", "not arm");
        Problem(s_host with { XapiAccepts = false }, "toolstack", "systemctl status xapi");
        Problem(s_host with { InstallationUuid = null }, "this host", "inventory_file");
        Problem(s_host with { InstallationUuid = Guid.Empty }, "this host", "INSTALLATION_UUID");
    }

    [Fact]
    public void Run_Disk_IsJudgedByWhatIsThere()
    {
        var disk = new DiskFacts("/srv/ha", "") { Bytes = 8192, Owner = 0 };
        Item(Run(s_host with { Disks = [disk] }, s_status), "disk /srv/ha", CheckGrade.Ok);
        Item(Run(s_host with { Disks = [disk with { Owner = 65_534 }] }, s_status), "disk /srv/ha", CheckGrade.Ok);
        Item(Run(s_host with { Disks = [disk with { Owner = 1000 }] }, s_status), "disk /srv/ha", CheckGrade.Warning);
        Item(Run(s_host with { Disks = [disk with { OthersWrite = true }] }, s_status), "disk /srv/ha", CheckGrade.Warning);
        Problem(s_host with { Disks = [disk with { Trouble = "is not there" }] }, "disk /srv/ha", "truncate -s 8192 /srv/ha");
        Problem(s_host with { Disks = [disk with { Bytes = 4096 }] }, "disk /srv/ha", "truncate -s 8192");
        Problem(s_host with { Disks = [disk with { IsForeign = true }] }, "disk /srv/ha", "Name another file");
    }

    [Fact]
    public void Run_StatusFacts_EachHasItsOwnFinding()
    {
        Assert.Contains("enable", Item(Run(s_host, s_status with { Enabled = false, Switch = "disabled" }), "switch", CheckGrade.Note).Advice, StringComparison.Ordinal);
        Item(Run(s_host, s_status with { SwitchConfirmed = false }), "switch", CheckGrade.Warning);
        Item(Run(s_host, s_status with { Peer = null }), "peer", CheckGrade.Problem);
        Item(Run(s_host, s_status with { Peer = s_status.Peer! with { HeardAgeSeconds = 100 } }), "peer", CheckGrade.Problem);
        Item(Run(s_host, s_status with { Links = [new LinkStatus("x", "a - b", 190)] }), "link x", CheckGrade.Problem);
        Item(Run(s_host, s_status with { Peer = s_status.Peer! with { ConfigAgrees = false } }), "peer", CheckGrade.Problem);
        Item(Run(s_host, s_status with { Peer = s_status.Peer! with { Fit = false } }), "peer", CheckGrade.Warning);
        Item(Run(s_host, s_status with { Role = "unknown" }), "pool", CheckGrade.Unknown);
        Item(Run(s_host, s_status with { Protected = false }), "protection", CheckGrade.Problem);
        Item(Run(s_host, s_status with { Links = [new LinkStatus("mgmt", "a - b", null)] }), "link mgmt", CheckGrade.Warning);
        Item(Run(s_host, s_status with { Links = [new LinkStatus("disk", "", 0.2) { Trouble = "writing hangs for 9 s" }] }), "link disk", CheckGrade.Warning);
        var found = Run(s_host, s_status with { Findings = ["native HA is on"] });
        Assert.Equal("native HA is on", Item(found, "daemon's finding", CheckGrade.Warning).Sentence);
    }

    /// <summary>The documented way to switch HA on: <c>ha-ctl check &amp;&amp; ha-ctl enable</c>.</summary>
    [Fact]
    public void Run_DisabledAndOtherwiseInPlace_HasNoFindings()
    {
        var report = Run(s_host, s_status with
        {
            Enabled = false,
            State = "Disabled",
            Switch = "disabled",
            Protected = false,
            Findings = ["HA is disabled"],
            Peer = s_status.Peer! with { State = "Disabled", Bound = false, Fit = false },
        });

        Assert.False(report.HasFindings, string.Join('\n', report.Items));
        Assert.Equal(2, report.Count(CheckGrade.Note));
    }

    [Fact]
    public void Run_BeforeTheDaemon_IsNotAskedAndNoFinding()
    {
        var report = Checks.Run(ConfigText.Parse(ConfigText.OfASite), s_host, null, null);

        Assert.False(report.HasFindings, string.Join('\n', report.Items));
    }

    [Fact]
    public void Run_BadConfiguration_ShowsEveryFindingAndStillAsksTheDaemon()
    {
        var report = Checks.Run(ConfigText.Parse("nonsense"), null, s_status, "");

        Assert.True(report.Count(CheckGrade.Problem) >= 4);
        Item(report, "daemon", CheckGrade.Ok);
    }

    private static CheckReport Run(HostFacts host, StatusReport? status) =>
        Checks.Run(ConfigText.Parse(ConfigText.OfASite), host, status, "gone");

    private static void Problem(HostFacts host, string name, string advice) =>
        Assert.Contains(advice, Item(Run(host, s_status), name, CheckGrade.Problem).Advice, StringComparison.Ordinal);

    private static CheckItem Item(CheckReport report, string name, CheckGrade grade) =>
        Assert.Single(report.Items, item => item.Name == name && item.Grade == grade);
}
