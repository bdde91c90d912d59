using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public class VmVerbTests
{
    private static readonly VmDetail s_sql = new(new Guid("aaaaaaaa-0000-4000-8000-000000000001"), "sql")
    {
        Protected = true,
        ProtectedWhy = "ha_restart_priority is restart",
        Class = "restart",
        Order = 2,
        StartDelaySeconds = 30,
        Wanted = true,
        On = "beta",
        NeedBytes = 16L << 30,
        DynamicMinBytes = 16L << 30,
        DynamicMaxBytes = 32L << 30,
        Places = [new VmPlace("alpha", false, ["needs 16.0 GiB, 7.0 GiB free", "blocked_operations has pool_migrate"]), new VmPlace("beta", true, [])],
        IfItsHostFails = "does not come back: needs 16.0 GiB, 7.0 GiB free",
        Remarks = ["order is -1"],
    };

    private static readonly VmDetail s_web = new(new Guid("aaaaaaaa-0000-4000-8000-000000000002"), "web")
    {
        Protected = true,
        ProtectedWhy = "protect = all",
        Class = "ordinary",
        Wanted = true,
        On = "alpha",
        NeedBytes = 1L << 30,
        Places = [new VmPlace("alpha", true, []), new VmPlace("beta", true, [])],
        IfItsHostFails = "runs on beta after about 62 s",
        ComesBack = true,
        DownOnMasterSeconds = 62,
        DownOnSlaveSeconds = 12,
    };

    private static readonly VmReport s_report = new() { FactsAgeSeconds = 3, Vms = [s_sql, s_web, s_web with { Uuid = Guid.Empty, Name = "scratch", Protected = false, On = "" }] };

    [Fact]
    public void List_ShowsWhatWouldNotComeBackFirst()
    {
        var lines = Run(s_report, "vm", "list").Out.Split('\n');
        Assert.Equal("VM       CLASS     ORDER  NEEDS     ON     IF ITS HOST FAILS", lines[0]);
        Assert.Equal("sql      restart   2      16.0 GiB  beta   does not come back: needs 16.0 GiB, 7.0 GiB free", lines[1]);
        Assert.Equal("web      ordinary  0      1.0 GiB   alpha  runs on beta after about 62 s", lines[2]);
        Assert.StartsWith("scratch  -", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Show_SaysWhereAndWhyNot()
    {
        var run = Run(s_report, "vm", "show", "sql");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("On alpha       no: needs 16.0 GiB, 7.0 GiB free\n               blocked_operations has pool_migrate\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("class restart, order 2, then a pause of 30 s", run.Out, StringComparison.Ordinal);
        Assert.Contains("its range is 16.0 GiB to 32.0 GiB", run.Out, StringComparison.Ordinal);
        Assert.Contains("order is -1", run.Out, StringComparison.Ordinal);
        Assert.Contains("on the master about 62 s, on the slave 12 s", Run(s_report, "vm", "show", "web").Out, StringComparison.Ordinal);
        Assert.Equal(0, Run(s_report, "vm", "show", s_sql.Uuid.ToString().ToUpperInvariant()).ExitCode);
    }

    [Fact]
    public void Show_UnknownName_NamesTheNearest()
    {
        var run = Run(s_report, "vm", "show", "SQK");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no VM SQK; the nearest are sql, web", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_TwoOfOneName_AsksForTheUuid()
    {
        var run = Run(s_report with { Vms = [s_sql, s_web with { Name = "sql" }] }, "vm", "show", "sql");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"2 VMs are called sql; say which by its uuid: {s_sql.Uuid}", run.Error.Replace("\n", " ", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void OldRecords_AreSaid() => Assert.Contains(
        "The pool's records are 5 min 0 s old.", Run(s_report with { FactsAgeSeconds = 300 }, "vm", "list").Out, StringComparison.Ordinal);

    private static CtlRun Run(VmReport report, params string[] args)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Vms = report });
        return CtlRun.Of([.. args, "--socket", daemon.SocketPath]);
    }
}
