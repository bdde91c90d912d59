using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>Sentences for the mistakes that editors, habits and other products bring into a configuration file.</summary>
internal static class Slips
{
    private const string Quotes = "\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb`";

    /// <summary>
    /// What the settings of HA-Lizard became, by their names without <c>HA_</c>; an empty text: there is none, and none is needed.
    /// </summary>
    private static readonly Dictionary<string, string> s_lizard = new(StringComparer.OrdinalIgnoreCase)
    {
        ["MONITOR_DELAY"] = "[timing] heartbeat_interval_seconds, or simply profile",
        ["MONITOR_MAX_STARTS"] = "profile",
        ["MONITOR_KILLALL"] = "",
        ["MONITOR_SCANRATE"] = "",
        ["XAPI_COUNT"] = "profile",
        ["XAPI_DELAY"] = "profile",
        ["XC_FIELD_NAME"] = "",
        ["OP_MODE"] = "[policy] protect",
        ["GLOBAL_VM_HA"] = "[policy] protect",
        ["ENABLE_LOGGING"] = "",
        ["FENCE_ACTION"] = "[policy] fence_action",
        ["FENCE_ENABLED"] = "",
        ["FENCE_METHOD"] = "[watchdog] device; a host fences itself",
        ["FENCE_FILE_LOC"] = "",
        ["FENCE_HA_ONFAIL"] = "",
        ["FENCE_HEURISTICS_IPS"] = "[gateway] addresses",
        ["FENCE_HOST_FORGET"] = "",
        ["FENCE_IPADDRESS"] = "",
        ["FENCE_MIN_HOSTS"] = "",
        ["FENCE_PASSWD"] = "",
        ["FENCE_QUORUM_REQUIRED"] = "",
        ["FENCE_REBOOT_LONE_HOST"] = "[policy] on_gateway_loss",
        ["FENCE_USE_IP_HEURISTICS"] = "[gateway] addresses",
        ["HOST_SELECT_METHOD"] = "",
        ["DISABLED_VAPPS"] = "[policy] protect",
        ["PROMOTE_SLAVE"] = "",
        ["SLAVE_HA"] = "",
        ["SLAVE_VM_STAT"] = "",
        ["DISK_MONITOR"] = "[storage] probe",
        ["MGT_LINK_LOSS_TOLERANCE"] = "[timing] stagger_tolerance_seconds",
        ["MAIL_ON"] = "",
        ["MAIL_FROM"] = "",
        ["MAIL_TO"] = "",
        ["MAIL_SUBJECT"] = "",
        ["SMTP_SERVER"] = "",
        ["SMTP_PORT"] = "",
        ["SMTP_USER"] = "",
        ["SMTP_PASS"] = "",
        ["HEARTBEAT_DELAY"] = "[timing] heartbeat_interval_seconds",
    };

    /// <summary>A text that is no UTF-8: most of its characters are separated by NUL.</summary>
    public static string? Encoding(string text)
    {
        var isWide = text.Length > 0 && (text[0] == '\uFFFD' || text.AsSpan(0, Math.Min(text.Length, 64)).Contains('\0'));
        return isWide && text.AsSpan().Contains('\0')
            ? "the file is UTF-16, as some Windows editors write it: save it as UTF-8, for example with iconv -f UTF-16 -t UTF-8"
            : null;
    }

    /// <summary>A line without an equals sign.</summary>
    public static string? Line(string line)
    {
        if (line[0] == ';' || line.StartsWith("//", StringComparison.Ordinal))
        {
            return "a comment begins with #";
        }

        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && line[..colon].All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-')
            ? $"write {line[..colon]} = {line[(colon + 1)..].Trim()}"
            : null;
    }

    /// <summary>A value with characters that look right and are not.</summary>
    public static string? Value(string value)
    {
        if (value.Length >= 2 && Quotes.Contains(value[0], StringComparison.Ordinal) && Quotes.Contains(value[^1], StringComparison.Ordinal))
        {
            return $"{value} is in quotes: write {value[1..^1]} without them";
        }

        foreach (var character in value)
        {
            if (Dashes.Contains(character, StringComparison.Ordinal))
            {
                return $"{value} contains a dash (U+{(int)character:X4}) that an editor or a web page put there: type a plain hyphen, -";
            }

            if (Invisible.Contains(character, StringComparison.Ordinal))
            {
                return $"the value contains an invisible character (U+{(int)character:X4}) from a web page or a document: retype it";
            }
        }

        return null;
    }

    private const string Dashes = "\u2010\u2011\u2012\u2013\u2014\u2212";
    private const string Invisible = "\u00a0\u2007\u202f\u200b\u2060";

    /// <summary>Something else where one address belongs.</summary>
    public static string? Address(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && IPAddress.TryParse(text.AsSpan(0, slash), out _))
        {
            return $"\"{text}\" has a prefix length: write the address alone, {text[..slash]}";
        }

        if (text.Contains(';', StringComparison.Ordinal))
        {
            return $"\"{text}\" is a list with semicolons: separate addresses by commas, {text.Replace(";", ",", StringComparison.Ordinal)}";
        }

        return text.Contains(' ', StringComparison.Ordinal) && text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .All(word => IPAddress.TryParse(word, out _))
            ? $"\"{text}\" is a list with spaces: separate addresses by commas"
            : null;
    }

    /// <summary>A setting of HA-Lizard.</summary>
    public static string? HaLizardKey(string key)
    {
        var name = key.StartsWith("HA_", StringComparison.OrdinalIgnoreCase) ? key[3..] : key;
        return !s_lizard.TryGetValue(name, out var ours) ? null
            : ours.Length > 0 ? $"this is a setting of HA-Lizard; look at {ours} (docs/configuration.md)"
            : "this is a setting of HA-Lizard that has no counterpart here: remove it";
    }
}
