using System.Globalization;

namespace TwoNodeHa.Core.Model;

/// <summary>
/// What XAPI's record of a host holds of the HA state that its daemon had (Host.other_config): it outlives the host's own disk. It is
/// written late and never spoken for, so it shows that there was a life before, and no more.
/// </summary>
/// <param name="Enabled">HA was enabled there.</param>
/// <param name="Generation">Generation of the HA switch, above 0; 0 when the entry cannot be read.</param>
public sealed record MirroredState(bool Enabled, long Generation)
{
    /// <summary>Its key in Host.other_config.</summary>
    public const string Key = "twonodeha-state";

    private const string Version = "1";

    /// <summary>An entry that is there and is not understood: somebody's HA state, and the careful reading of it is "enabled".</summary>
    public static readonly MirroredState Unreadable = new(true, 0);

    /// <summary>The entry as text, at most 40 characters.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Version} {(Enabled ? "enabled" : "disabled")} {Generation}");

    /// <summary>Reads an entry; null where there is none, <see cref="Unreadable"/> for what is none.</summary>
    public static MirroredState? Of(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return text.Split(' ') is [Version, ("enabled" or "disabled") and var position, var generation]
            && long.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var switched) && switched > 0
            ? new MirroredState(position == "enabled", switched) : Unreadable;
    }
}
