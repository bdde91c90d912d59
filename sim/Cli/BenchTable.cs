using System.Globalization;
using Spectre.Console;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli;

/// <summary>Tables of <c>sim bench</c>.</summary>
internal static class BenchTable
{
    public static Table Of(FailoverCase failure, IReadOnlyList<FailoverPhases> runs)
    {
        Table table = WithSpread(new Table().Title(Title(failure)), "seconds");
        Row(table, "detect and wait", runs.Select(run => (TimeSpan?)run.Wait));
        Row(table, "  fence verified after", runs.Select(run => run.Fence));
        Row(table, "promote", runs.Select(run => (TimeSpan?)run.Promote));
        Row(table, "toolstack (emulated)", runs.Select(run => (TimeSpan?)run.Toolstack));
        Row(table, "reset and release", runs.Select(run => (TimeSpan?)run.Storage));
        Row(table, "first order", runs.Select(run => (TimeSpan?)run.Order));
        table.AddEmptyRow();
        Row(table, "failure to first start order", runs.Select(run => (TimeSpan?)run.FirstOrder));
        Row(table, "  without toolstack", runs.Select(run => (TimeSpan?)run.Own));
        Row(table, "  since the suspicion", runs.Select(run => run.SinceSuspicion));
        Row(table, "permit to first start order, without toolstack", runs.Select(run => (TimeSpan?)run.BehindPermit));
        Row(table, "failure to first VM running", runs.Select(run => (TimeSpan?)run.FirstVm));
        Row(table, "failure to all VMs running", runs.Select(run => (TimeSpan?)run.AllVms));
        Row(table, "XAPI calls of the taker per VM started", runs.Select(run => run.CallsPerVm), "0.0");
        foreach (string method in runs.SelectMany(run => run.CallsByMethod).Where(call => call.Value > 0)
            .GroupBy(call => call.Key).OrderByDescending(calls => calls.Max(call => call.Value)).Select(calls => calls.Key))
        {
            Row(table, $"  {method}", runs.Select(run => run.CallsByMethod.GetValueOrDefault(method)), "0.00");
        }

        return table;
    }

    public static Table Of(Footprint[] daemons, double[] statusMilliseconds, TimeSpan over)
    {
        Table table = WithSpread(new Table().Title($"paired, nothing happens, {over.TotalSeconds:0} s"), "");
        foreach (Footprint daemon in daemons)
        {
            Row(table, $"daemon on {daemon.Host}: resident MiB", [daemon.ResidentMib], "0.0");
            Row(table, $"daemon on {daemon.Host}: CPU % of one core", [daemon.CpuPercent], "0.00");
        }

        Row(table, "ha-ctl status, wall ms", statusMilliseconds, "0");
        return table;
    }

    public static Table OfLateness(TimeSpan duration)
    {
        Table table = new Table()
            .Title($"lateness of due turns, both daemons, {duration.TotalSeconds:0} s each, {Environment.ProcessorCount} processors, ms")
            .Border(TableBorder.Ascii).AddColumn("pressure");
        foreach (string column in new[] { "turns", "p50", "p99", "p99.9", "max", "stayed paired" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    public static void Add(Table table, PressureKind kind, LatenessFigures figures)
    {
        string Show(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
        table.AddRow(
            kind.ToString().ToLowerInvariant(), figures.Turns.ToString(CultureInfo.InvariantCulture), Show(figures.P50),
            Show(figures.P99), Show(figures.P999), Show(figures.Max), figures.StayedPaired ? "yes" : "no");
    }

    private static string Title(FailoverCase failure) => failure switch
    {
        FailoverCase.Master => "power loss of the master",
        FailoverCase.Slave => "power loss of the slave",
        FailoverCase.Cut => "management cable of the master pulled, crossover there",
        _ => throw new ArgumentOutOfRangeException(nameof(failure)),
    };

    private static Table WithSpread(Table table, string unit)
    {
        table.Border(TableBorder.Ascii).AddColumn(unit);
        foreach (string column in new[] { "min", "median", "p95", "max" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static void Row(Table table, string name, IEnumerable<TimeSpan?> values) =>
        Row(table, name, values.OfType<TimeSpan>().Select(value => value.TotalSeconds), "0.00");

    private static void Row(Table table, string name, IEnumerable<double> values, string format)
    {
        if (Spread.Of(values) is { } spread)
        {
            string Show(double value) => value.ToString(format, CultureInfo.InvariantCulture);
            table.AddRow(name, Show(spread.Min), Show(spread.Median), Show(spread.P95), Show(spread.Max));
        }
    }
}
