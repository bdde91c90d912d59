namespace TwoNodeHa.Core.Config;

/// <summary>Names of sections and keys that the file must not contain, each with what was probably meant.</summary>
internal static class SchemaCheck
{
    private static readonly string[] s_sections =
        ["host", "link", "gateway", "timing", "policy", "storage", "watchdog", "alerts", "fence", "arbiter", "paths", "tools"];

    public static void Run(IniDocument document, FindingList findings)
    {
        foreach (var section in document.Sections)
        {
            if (section.Kind is "host" or "link" or "fence" || section is { Kind: "arbiter", Name.Length: 0 })
            {
                // Their keys are checked where their names are known.
                continue;
            }

            if (ConfigKeys.OfPlain(section.Kind) is not { } keys)
            {
                UnknownSection(section, findings);
            }
            else if (section.Name.Length > 0)
            {
                findings.Error(section.Line, section.Title, $"this section has no name: write [{section.Kind}]");
            }
            else
            {
                Keys(section, keys, findings);
            }
        }
    }

    /// <summary>Reports every key of a section that is not among the known ones.</summary>
    public static void Keys(IniSection section, IReadOnlyCollection<string> known, FindingList findings)
    {
        foreach (var entry in section.Entries)
        {
            if (!Contains(known, entry.Key))
            {
                findings.Error(entry.Line, section.Path(entry.Key), "unknown key: " + Advice(entry.Key, known));
            }
        }
    }

    private static bool Contains(IEnumerable<string> known, string key)
    {
        foreach (var candidate in known)
        {
            if (candidate == key)
            {
                return true;
            }
        }

        return false;
    }

    private static string Advice(string key, IReadOnlyCollection<string> known)
    {
        if (Slips.HaLizardKey(key) is { } lizard)
        {
            return lizard;
        }

        if (ConfigKeys.SectionOf(key) is { } home)
        {
            return $"it belongs into {home}";
        }

        return NearestWord.Of(key, known) is { } nearest
            ? $"did you mean {nearest}?"
            : $"write one of {string.Join(", ", known)}";
    }

    private static void UnknownSection(IniSection section, FindingList findings)
    {
        var nearest = NearestWord.Of(section.Kind, s_sections);
        var written = nearest is "host" or "link" or "fence" && section.Name.Length > 0 ? $"{nearest} {section.Name}" : nearest;
        findings.Error(
            section.Line,
            section.Title,
            nearest is null
                ? $"unknown section: write one of {string.Join(", ", s_sections)}"
                : $"unknown section: did you mean [{written}]?");
    }
}
