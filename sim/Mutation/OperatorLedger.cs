using System.Globalization;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>
/// What noticed each mutant of the operators when it was hunted: the unit test or the variant of a scenario by name, "log NAME" where
/// nothing but the golden log differs, or empty for a survivor. A line "floor" tells for each part of Core which share must be noticed.
/// </summary>
internal sealed class OperatorLedger
{
    private readonly SortedDictionary<string, OperatorShare> _floors = new(StringComparer.Ordinal);

    /// <summary>By the mutant's id.</summary>
    public SortedDictionary<string, string> Killers { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>What must be noticed of a part of Core, at least; nothing for a part that was never hunted.</summary>
    public OperatorShare FloorOf(string part) => _floors.GetValueOrDefault(part);

    /// <exception cref="FormatException">A line that is neither.</exception>
    public static OperatorLedger Load(string path)
    {
        var ledger = new OperatorLedger();
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            switch (line.Split('\t'))
            {
                case ["floor", var part, var killed, var logged]:
                    ledger._floors[part] = new OperatorShare(Number(killed), Number(logged));
                    break;
                case [var id, var killer]:
                    ledger.Killers[id] = killer;
                    break;
                default:
                    throw new FormatException($"{path}: '{line}' is neither a floor nor a mutant and what noticed it");
            }
        }

        return ledger;
    }

    /// <summary>Writes it with these, without what is no longer in the sources. The floors only rise.</summary>
    public void Save(string path, IEnumerable<OperatorFate> fates, IReadOnlySet<string> known)
    {
        foreach (var fate in fates)
        {
            Killers[fate.Id] = fate.Killer;
        }

        Killers = new(Killers.Where(pair => known.Contains(pair.Key)).ToDictionary(), StringComparer.Ordinal);
        foreach (var part in Killers.Select(pair => new OperatorFate(pair.Key, 0, pair.Value, "", true)).GroupBy(fate => fate.Part))
        {
            var (share, floor) = (OperatorShare.Of([.. part]), FloorOf(part.Key));
            _floors[part.Key] = new OperatorShare(Math.Max(floor.Killed, share.Killed), Math.Max(floor.WithLogs, share.WithLogs));
        }

        File.WriteAllLines(path, _floors.Select(pair => string.Create(CultureInfo.InvariantCulture, $"floor\t{pair.Key}\t{pair.Value.Killed:F1}\t{pair.Value.WithLogs:F1}"))
            .Concat(Killers.Select(pair => $"{pair.Key}\t{pair.Value}")));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>How much is noticed, in percent with one digit, rounded down.</summary>
/// <param name="Killed">By tests, expectations and promises.</param>
/// <param name="WithLogs">By these or by a golden log.</param>
internal readonly record struct OperatorShare(double Killed, double WithLogs)
{
    public static OperatorShare Of(IReadOnlyList<OperatorFate> fates) => new(
        Percent(fates.Count(fate => fate.Killed), fates.Count), Percent(fates.Count(fate => fate.Killer.Length > 0), fates.Count));

    private static double Percent(int part, int all) => Math.Floor(1000.0 * part / Math.Max(1, all)) / 10;
}

/// <summary>What noticed one mutant.</summary>
/// <param name="Id">File, member, change and text.</param>
/// <param name="Line">Line in its file, from 1.</param>
/// <param name="Killer">As in the ledger; empty for a survivor.</param>
/// <param name="What">What was said; empty for a survivor.</param>
/// <param name="Reached">Some test or scenario comes there at all.</param>
internal sealed record OperatorFate(string Id, int Line, string Killer, string What, bool Reached)
{
    /// <summary>A test, an expectation or a promise noticed; a golden log that differs is not enough.</summary>
    public bool Killed => Killer.Length > 0 && !OnlyLogged;

    public bool OnlyLogged => Killer.StartsWith("log ", StringComparison.Ordinal);

    /// <summary>Folder of Core.</summary>
    public string Part => Id[..Id.IndexOf('/', StringComparison.Ordinal)];
}
