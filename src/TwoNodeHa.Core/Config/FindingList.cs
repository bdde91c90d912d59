using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>Collects findings, so that an admin sees all errors of a file at once.</summary>
internal sealed class FindingList(string file)
{
    // A binary file given by mistake must not produce a finding for each of its lines.
    private const int FindingsMax = 100;

    private readonly List<ConfigFinding> _findings = [];

    /// <summary>Errors so far; relations between values are checked only where reading them added none.</summary>
    public int Errors { get; private set; }

    public void Error(int line, string key, string message)
    {
        Errors++;
        Add(ConfigSeverity.Error, line, key, message);
    }

    public void Warning(int line, string key, string message) => Add(ConfigSeverity.Warning, line, key, message);

    /// <summary>Findings by line; those of one line in the order in which they were found.</summary>
    public ImmutableArray<ConfigFinding> ByLine()
    {
        var ordered = new List<(ConfigFinding Finding, int Index)>(_findings.Count);
        foreach (var finding in _findings)
        {
            ordered.Add((finding, ordered.Count));
        }

        ordered.Sort(static (left, right) => left.Finding.Line != right.Finding.Line
            ? left.Finding.Line.CompareTo(right.Finding.Line)
            : left.Index.CompareTo(right.Index));
        var result = ImmutableArray.CreateBuilder<ConfigFinding>(ordered.Count);
        foreach (var (finding, _) in ordered)
        {
            result.Add(finding);
        }

        return result.MoveToImmutable();
    }

    private void Add(ConfigSeverity severity, int line, string key, string message)
    {
        if (_findings.Count < FindingsMax)
        {
            _findings.Add(new ConfigFinding(severity, file, line, key, message));
        }
    }
}
