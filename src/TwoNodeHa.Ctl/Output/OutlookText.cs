using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Output;

/// <summary>What would happen if a host failed now.</summary>
internal static class OutlookText
{
    /// <summary>One line for each host: <c>If b fails: 12 VMs run on a within 41 s.</c></summary>
    public static IEnumerable<string> Lines(StatusReport status) =>
        (status.Outlooks.IsDefault ? [] : status.Outlooks).Select(outlook => Words.Printable(Line(outlook)));

    /// <summary>The whole plan: in which order, and what is missing.</summary>
    public static void Append(StringBuilder text, StatusReport status, Screen screen)
    {
        foreach (var outlook in status.Outlooks.IsDefault ? [] : status.Outlooks)
        {
            var table = new TextTable();
            table.AddPainted(outlook.Covered ? Paint.Head : Paint.Bad, $"If {outlook.Fails} fails", Line(outlook)[$"If {outlook.Fails} fails: ".Length..]);
            if (!outlook.Starts.IsEmpty)
            {
                table.Add("in this order", string.Join(", ", outlook.Starts));
            }

            foreach (var miss in outlook.Missing)
            {
                table.Add("not", $"{miss.Name}: {miss.Why}{(miss.BestEffort ? " (best-effort)" : "")}");
            }

            text.Append('\n');
            table.AppendTo(text, screen);
        }
    }

    private static string Line(FailureOutlook outlook)
    {
        var (missing, spare) = (outlook.Missing.Count(static miss => !miss.BestEffort), outlook.Missing.Count(static miss => miss.BestEffort));
        var line = $"If {outlook.Fails} fails: ";

        // First what is bad: a narrow screen cuts the end.
        line += missing > 0 ? $"{Words.Count(missing, "VM")} {(missing == 1 ? "does" : "do")} not come back, " : "";
        line += outlook.LastSeconds is { } last
            ? string.Create(CultureInfo.InvariantCulture, $"{Words.Count(outlook.Starts.Length, "VM")} {(outlook.Starts.Length == 1 ? "runs" : "run")} on {outlook.Survivor} within about {last:F0} s")
            : outlook.Missing.IsEmpty ? "nothing has to be started" : "nothing starts";
        line += spare > 0 ? $", {spare.ToString(CultureInfo.InvariantCulture)} best-effort left out" : "";
        return line + ".";
    }
}
