using System.Collections.Immutable;

namespace TwoNodeHa.Ctl.Incidents;

/// <summary>What of a configuration decides: without comments, secrets, files, and what is of one host alone. Decisions do not depend on what is left out.</summary>
internal static class ConfigMask
{
    /// <summary>Of one host, and nothing to the rules.</summary>
    private static readonly string[] s_sections = ["paths", "tools", "alerts"];

    /// <summary>Names and files of credentials; that there are some must stay.</summary>
    private static readonly string[] s_secrets = ["user", "password_file", "ca_file", "certificate_file", "key_file"];

    /// <summary>May hold anything, and need not be there.</summary>
    private static readonly string[] s_dropped = ["parameters", "prefix", "hook", "hook_from", "metrics_file"];

    /// <summary>Its lines.</summary>
    /// <param name="text">The file.</param>
    /// <param name="mask">What stands in for an address.</param>
    public static ImmutableArray<string> Lines(string text, Func<string, string> mask)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var keep = true;
        foreach (var raw in text.Split('\n'))
        {
            var line = WithoutComment(raw).Trim();
            if (line.StartsWith('['))
            {
                keep = !s_sections.Contains(line.Trim('[', ']').Split(' ')[0].Trim());
            }

            if (line.Length > 0 && keep && Kept(line) is { } kept)
            {
                lines.Add(mask(kept));
            }
        }

        return lines.ToImmutable();
    }

    private static string? Kept(string line)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        var key = equals < 0 ? "" : line[..equals].Trim();
        return s_dropped.Contains(key) ? null
            : !s_secrets.Contains(key) ? line
            : key == "user" ? "user = redacted" : $"{key} = /redacted";
    }

    /// <summary>As the reader of the configuration takes it: a # at the beginning, or behind a space.</summary>
    private static string WithoutComment(string line)
    {
        for (var at = 0; at < line.Length; at++)
        {
            if (line[at] == '#' && (at == 0 || char.IsWhiteSpace(line[at - 1])))
            {
                return line[..at];
            }
        }

        return line;
    }
}
