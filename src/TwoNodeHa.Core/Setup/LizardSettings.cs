using System.Collections.Immutable;
using System.Globalization;

namespace TwoNodeHa.Core.Setup;

/// <summary>
/// Settings of HA-Lizard 2.4: keys <c>HA_…</c> of the pool's other_config, overridden by a host's file. A value that is wrong
/// itself is named, and the installer's default counts, as it did there.
/// </summary>
public sealed record LizardSettings
{
    /// <summary>Prefix of its keys in the pool's other_config.</summary>
    public const string Prefix = "HA_";

    /// <summary>The custom field of the pool and of each VM, where its name was not changed.</summary>
    public const string Field = "ha-lizard-enabled";

    private const string FieldPrefix = "XenCenter.CustomFields.";

    /// <summary>Numbers of its installer.</summary>
    private static readonly ImmutableSortedDictionary<string, long> s_numbers = ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal,
        new Dictionary<string, long>
        {
            ["MONITOR_DELAY"] = 15, ["XAPI_COUNT"] = 2, ["XAPI_DELAY"] = 10, ["MGT_LINK_LOSS_TOLERANCE"] = 5, ["FENCE_ENABLED"] = 1,
            ["FENCE_QUORUM_REQUIRED"] = 1, ["FENCE_USE_IP_HEURISTICS"] = 1, ["FENCE_HA_ONFAIL"] = 0, ["FENCE_REBOOT_LONE_HOST"] = 0,
            ["FENCE_HOST_FORGET"] = 0, ["PROMOTE_SLAVE"] = 1, ["SLAVE_HA"] = 1, ["SLAVE_VM_STAT"] = 0, ["OP_MODE"] = 2, ["GLOBAL_VM_HA"] = 1,
        });

    private LizardSettings(ImmutableSortedDictionary<string, string> values) => Values = values;

    /// <summary>What is written, by its names without prefix.</summary>
    public ImmutableSortedDictionary<string, string> Values { get; }

    /// <summary>What is wrong with them.</summary>
    public ImmutableArray<string> Findings { get; private init; } = [];

    /// <summary>There are none: HA-Lizard was never here.</summary>
    public bool IsEmpty => Values.IsEmpty;

    /// <summary>Its switch in the pool is on.</summary>
    public static bool IsEnabled(ImmutableSortedDictionary<string, string> otherConfig)
    {
        var name = otherConfig.GetValueOrDefault(Prefix + "XC_FIELD_NAME") is { Length: > 0 } renamed ? renamed : Field;
        return otherConfig.TryGetValue(FieldPrefix + name, out var value) && value.Trim().Equals("true", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads the settings; never throws on any text.</summary>
    /// <param name="otherConfig">pool.other_config.</param>
    /// <param name="file">Text of ha-lizard.conf of a host, which overrides; empty for none.</param>
    public static LizardSettings Read(ImmutableSortedDictionary<string, string> otherConfig, string file)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var findings = ImmutableArray.CreateBuilder<string>();
        foreach (var (key, value) in otherConfig.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            values[key[Prefix.Length..]] = value.Trim();
        }

        var number = 0;
        foreach (var line in file.Split('\n').Select(line => line.Trim()))
        {
            number++;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (equals <= 0 || !line[..equals].All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
            {
                findings.Add($"ha-lizard.conf, line {number.ToString(CultureInfo.InvariantCulture)}: not understood, left out");
                continue;
            }

            values[line[..equals]] = Unquoted(line[(equals + 1)..]);
        }

        foreach (var (name, standard) in s_numbers)
        {
            if (values.TryGetValue(name, out var text) && Parsed(text) is null)
            {
                findings.Add($"{name} = '{text}' is no number: HA-Lizard took what its shell made of it; counted as {standard.ToString(CultureInfo.InvariantCulture)} here");
                values.Remove(name);
            }
        }

        return new LizardSettings(values.ToImmutable()) { Findings = findings.ToImmutable() };
    }

    /// <summary>A number, or its installer's default.</summary>
    public long Number(string name) => Values.TryGetValue(name, out var text) && Parsed(text) is { } value ? value : s_numbers[name];

    /// <summary>A text; empty when it is not written.</summary>
    public string Text(string name) => Values.GetValueOrDefault(name, "");

    /// <summary>Addresses that were pinged before a fence; the installer's default is a public resolver.</summary>
    public ImmutableArray<string> PingedAddresses => [.. (Values.TryGetValue("FENCE_HEURISTICS_IPS", out var text) ? text : "8.8.8.8")
        .Split([':', ' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static long? Parsed(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= 1_000_000 ? value : null;

    private static string Unquoted(string text)
    {
        // A comment of the shell begins behind a space.
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        return (comment >= 0 ? text[..comment] : text).Trim().Trim('"', '\'').Trim();
    }
}
