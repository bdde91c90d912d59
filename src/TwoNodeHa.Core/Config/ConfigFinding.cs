using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>How bad a finding in the configuration is.</summary>
public enum ConfigSeverity
{
    /// <summary>The configuration is refused.</summary>
    Error,

    /// <summary>The configuration is accepted; the admin should know what it costs.</summary>
    Warning,
}

/// <summary>One thing wrong in a configuration file.</summary>
/// <param name="Severity">Error or warning.</param>
/// <param name="File">Name of the file, as the caller gave it.</param>
/// <param name="Line">Line, counted from 1; 0 when the finding is about the whole file.</param>
/// <param name="Key">Section and key, for example <c>timing.kill_bound_seconds</c>; empty when there is none.</param>
/// <param name="Message">What is wrong, and what to write instead.</param>
public sealed record ConfigFinding(ConfigSeverity Severity, string File, int Line, string Key, string Message)
{
    /// <summary><c>file:line: key: message</c>; a warning says so before its message.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? string.Create(null, $"{File}:{Line}: ") : File + ": ";
        var key = Key.Length > 0 ? Key + ": " : "";
        var severity = Severity == ConfigSeverity.Warning ? "warning: " : "";
        return place + key + severity + Message;
    }
}

/// <summary>What came out of a configuration text.</summary>
/// <param name="Config">The configuration; null when there is at least one error.</param>
/// <param name="Findings">All findings, ordered by line.</param>
public sealed record ConfigResult(HaConfig? Config, ImmutableArray<ConfigFinding> Findings);
