using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using TwoNodeHa.Ctl.Fleet;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>fleet</c>: many pools at a glance, one line each, worst first.</summary>
internal static class FleetVerb
{
    /// <summary>Pools asked at the same time: each costs an ssh.</summary>
    private const int AtOnce = 16;

    /// <param name="context">The run.</param>
    /// <param name="options">Global options; the configuration is not read.</param>
    /// <param name="file">List of pools.</param>
    /// <param name="limit">Bound of each pool.</param>
    public static int Run(CtlContext context, GlobalOptions options, string file, TimeSpan limit)
    {
        if (LocalConfigFile.Read(file, out var trouble) is not { } text)
        {
            return Printer.Print(context, options.Json, new CtlReport { Verb = "fleet", ExitCode = ExitCode.LocalFailure, Text = $"{file}: {trouble}" });
        }

        var pools = FleetFile.Read(text, out var wrong);
        if (pools.IsEmpty)
        {
            return Printer.Print(context, options.Json, new CtlReport
            {
                Verb = "fleet", ExitCode = ExitCode.LocalFailure,
                Text = $"{file}: no pools: write NAME TARGET [TARGET] a line{(wrong.IsEmpty ? "" : "; " + wrong[0])}",
            });
        }

        // Nobody can type a password into many at once.
        var batch = context with { Screen = Screen.None };
        var rows = new FleetRow[pools.Length];
        var next = -1;
        void Work()
        {
            for (var index = Interlocked.Increment(ref next); index < pools.Length; index = Interlocked.Increment(ref next))
            {
                rows[index] = FleetRow.Of(pools[index], batch, limit);
            }
        }

        var workers = Enumerable.Range(0, Math.Min(AtOnce, pools.Length)).Select(_ => new Thread(Work)).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        ImmutableArray<FleetRow> sorted = [.. rows.OrderBy(row => row.Grade).ThenByDescending(row => row.Down).ThenBy(row => row.Pool, StringComparer.Ordinal)];
        var covered = sorted.Count(row => row.Grade >= FleetGrade.Warned);
        var all = string.Create(CultureInfo.InvariantCulture, $"{covered} of {Words.Count(sorted.Length, "pool")} covered");
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "fleet",
            ExitCode = covered == sorted.Length && wrong.IsEmpty ? ExitCode.Ok : ExitCode.Findings,
            Text = string.Join('\n', wrong.Select(line => $"{file}, {line}").Append(all)),
            Pools = [.. sorted.Select(row => new PoolJson(row.Pool, Word(row.Grade), row.Host, row.State, row.Down, row.Why, row.Advice))],
            Human = options.Json ? "" : Render(sorted, context.Screen),
        });
    }

    private static string Render(ImmutableArray<FleetRow> rows, Screen screen)
    {
        // One line each: what does not fit is cut, --json has it all.
        string[][] cells = [["", "POOL", "STATE", "WHY"], .. rows.Select(row => (string[])[Word(row.Grade), row.Pool, row.State, row.Why])];
        if (screen.Width is > 0 and < 70)
        {
            cells = [.. cells.Select(row => (string[])[row[0], row[1], row[3]])];
        }

        var before = Enumerable.Range(0, cells[0].Length - 1).Sum(column => cells.Max(row => row[column].Length) + 2);
        var room = screen.Width == 0 ? int.MaxValue : Math.Max(10, screen.Width - before);
        var table = new TextTable();
        foreach (var (index, row) in cells.Index())
        {
            var paint = index == 0 ? Paint.Head : rows[index - 1].Grade switch
            {
                FleetGrade.Down or FleetGrade.NotCovered or FleetGrade.Silent => Paint.Bad,
                FleetGrade.Warned => Paint.Warning,
                _ => Paint.Good,
            };
            table.AddPainted(paint, [.. row[..^1], row[^1].Length <= room ? row[^1] : row[^1][..(room - 1)] + "…"]);
        }

        var text = new StringBuilder();
        table.AppendTo(text, screen with { Width = 0 });
        return screen.Shown(text.ToString());
    }

    private static string Word(FleetGrade grade) => grade switch
    {
        FleetGrade.Down => "VMS DOWN",
        FleetGrade.NotCovered => "NOT COVERED",
        FleetGrade.Silent => "NO ANSWER",
        FleetGrade.Warned => "covered, look",
        _ => "covered",
    };
}
