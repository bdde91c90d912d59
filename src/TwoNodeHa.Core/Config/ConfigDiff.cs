using System.Collections.Immutable;
using System.Text;

namespace TwoNodeHa.Core.Config;

/// <summary>One key that two configuration files do not have in common.</summary>
/// <param name="Path">Section and key, for example <c>timing.kill_bound_seconds</c>.</param>
/// <param name="Left">Value in the first file; null where it stands at its default.</param>
/// <param name="LeftLine">Its line, from 1; 0 without one.</param>
/// <param name="Right">Value in the second file.</param>
/// <param name="RightLine">Its line.</param>
/// <param name="MustAgree">HA does not arm while it differs; else each host may have its own.</param>
public sealed record ConfigDifference(string Path, string? Left, int LeftLine, string? Right, int RightLine, bool MustAgree);

/// <summary>What two configuration files do not have in common, key by key.</summary>
public static class ConfigDiff
{
    /// <summary>
    /// The keys that differ, in the order of the first file, then those of the second alone. Whether a key must agree is not
    /// looked up: its other value is put in, and the fingerprint compared. What cannot be tried counts as one that must.
    /// </summary>
    public static ImmutableArray<ConfigDifference> Of(string left, string right)
    {
        var (first, second) = (Entries(left), Entries(right));
        var own = Fingerprint(first);
        var differing = ImmutableArray.CreateBuilder<ConfigDifference>();
        foreach (var (place, entry) in first)
        {
            var other = second.GetValueOrDefault(place);
            if (other?.Value != entry.Value)
            {
                differing.Add(Difference(first, own, place, entry, other));
            }
        }

        foreach (var (place, entry) in second.Where(pair => !first.ContainsKey(pair.Key)))
        {
            differing.Add(Difference(first, own, place, null, entry));
        }

        return differing.ToImmutable();
    }

    private static ConfigDifference Difference(
        OrderedDictionary<(string Section, string Key), IniEntry> all, ulong? own, (string Section, string Key) place, IniEntry? left, IniEntry? right)
    {
        var changed = new OrderedDictionary<(string Section, string Key), IniEntry>(all);
        if (right is null)
        {
            changed.Remove(place);
        }
        else
        {
            changed[place] = right;
        }

        var path = place.Section.Length == 0 ? place.Key : $"{place.Section}.{place.Key}";
        var tried = Fingerprint(changed);
        return new ConfigDifference(path, left?.Value, left?.Line ?? 0, right?.Value, right?.Line ?? 0,
            own is null || tried is null || tried != own);
    }

    private static OrderedDictionary<(string Section, string Key), IniEntry> Entries(string text)
    {
        var entries = new OrderedDictionary<(string Section, string Key), IniEntry>();
        foreach (var section in IniDocument.Read(text, new FindingList("")).Sections)
        {
            foreach (var entry in section.Entries)
            {
                entries[(section.Title, entry.Key)] = entry;
            }
        }

        return entries;
    }

    private static ulong? Fingerprint(OrderedDictionary<(string Section, string Key), IniEntry> entries)
    {
        var text = new StringBuilder();
        // The top of the file has no header of its own, so it must come first.
        foreach (var group in entries.GroupBy(pair => pair.Key.Section).OrderBy(group => group.Key.Length == 0 ? 0 : 1))
        {
            text.Append(group.Key.Length == 0 ? "" : $"[{group.Key}]\n");
            foreach (var (_, entry) in group)
            {
                text.Append(entry.Key).Append(" = ").Append(entry.Value).Append('\n');
            }
        }

        return ConfigParser.Parse("", text.ToString()).Config is { } config ? ConfigFingerprint.Of(config) : null;
    }
}
