using System.Globalization;

namespace TwoNodeHa.Core.Model;

/// <summary>
/// A point on this host's monotonic clock (CLOCK_BOOTTIME: it counts through suspend, and a new boot starts it again).
/// Resolution 100 ns. Instants of different hosts must never be compared: only differences travel, and those drift.
/// </summary>
/// <param name="Ticks">Ticks of 100 ns since the clock's origin.</param>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>The origin of the clock.</summary>
    public static readonly Instant Zero = new(0);

    /// <summary>Seconds since the origin; for printing only.</summary>
    public double Seconds => Ticks / (double)TimeSpan.TicksPerSecond;

    /// <summary>The instant <paramref name="seconds"/> after the origin.</summary>
    public static Instant FromSeconds(double seconds) => new((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <summary>The later of two instants.</summary>
    public static Instant Max(Instant left, Instant right) => left.Ticks >= right.Ticks ? left : right;

    /// <summary>The earlier of two instants.</summary>
    public static Instant Min(Instant left, Instant right) => left.Ticks <= right.Ticks ? left : right;

    /// <summary>Moves an instant by a duration.</summary>
    public static Instant operator +(Instant instant, TimeSpan duration) => new(instant.Ticks + duration.Ticks);

    /// <summary>Moves an instant back by a duration.</summary>
    public static Instant operator -(Instant instant, TimeSpan duration) => new(instant.Ticks - duration.Ticks);

    /// <summary>The time between two instants of the same clock.</summary>
    public static TimeSpan operator -(Instant left, Instant right) => new(left.Ticks - right.Ticks);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>Later than.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>Earlier than or equal.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>Later than or equal.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <summary>Seconds with three decimals, as the golden logs print it.</summary>
    public override string ToString() => Seconds.ToString("F3", CultureInfo.InvariantCulture) + "s";
}
