using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Reservations;

/// <summary>
/// What <c>sg_persist</c> (sg3_utils 1.37 to 1.46) prints. Anything that does not look as it should is null: a target that was not understood
/// said nothing.
/// </summary>
internal static class PersistOutput
{
    private const string Generation = "PR generation=0x";

    /// <summary>The registered keys of <c>--in --read-keys</c>, one for each path that is registered.</summary>
    public static ImmutableArray<ulong>? Keys(string output)
    {
        var lines = Lines(output);
        var head = Array.FindIndex(lines, line => line.StartsWith(Generation, StringComparison.Ordinal));
        if (head < 0)
        {
            return null;
        }

        if (lines[head].EndsWith("there are NO registered reservation keys", StringComparison.Ordinal))
        {
            return [];
        }

        if (Announced(lines[head]) is not { } announced)
        {
            return null;
        }

        var keys = ImmutableArray.CreateBuilder<ulong>();
        foreach (var line in lines.Skip(head + 1).TakeWhile(line => line.StartsWith("0x", StringComparison.Ordinal)))
        {
            if (!ulong.TryParse(line.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var key))
            {
                return null;
            }

            keys.Add(key);
        }

        return keys.Count == announced ? keys.ToImmutable() : null;
    }

    /// <summary>The reservation of <c>--in --read-reservation</c>.</summary>
    public static LunReservation? Reservation(string output)
    {
        var lines = Lines(output);
        var head = Array.Find(lines, line => line.StartsWith(Generation, StringComparison.Ordinal));
        if (head is null)
        {
            return null;
        }

        if (head.EndsWith("there is NO reservation held", StringComparison.Ordinal))
        {
            return LunReservation.None;
        }

        var type = Array.Find(lines, line => line.StartsWith("scope:", StringComparison.Ordinal) && line.Contains("type:", StringComparison.Ordinal));
        return !head.EndsWith("Reservation follows:", StringComparison.Ordinal) || type is null ? null
            : type.StartsWith("scope: LU_SCOPE", StringComparison.Ordinal) && type.EndsWith("type: Write Exclusive, registrants only", StringComparison.Ordinal)
                ? LunReservation.WriteExclusiveRegistrants : LunReservation.Other;
    }

    /// <summary>Whether registrations outlive a loss of power of the target, from <c>--in --report-capabilities</c>; null when it does not say.</summary>
    public static bool? KeepsThroughPowerLoss(string output)
    {
        const string Active = "(PTPL_A):";
        var line = Array.Find(Lines(output), line => line.Contains(Active, StringComparison.Ordinal));
        return line is null ? null : line.EndsWith(" 1", StringComparison.Ordinal);
    }

    private static int? Announced(string head)
    {
        var comma = head.IndexOf(',', StringComparison.Ordinal);
        var words = comma < 0 ? [] : head[(comma + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [var count, "registered", "reservation", "key" or "keys", "follows:" or "follow:"]
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
