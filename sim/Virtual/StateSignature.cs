using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The state of a daemon as far as its future depends on it: instants relative to now, and all the same once they are
/// older than every window of the rules; running numbers left out. Two equal signatures act alike from then on.
/// </summary>
internal static class StateSignature
{
    /// <summary>Numbers that only ever grow, and texts that only explain.</summary>
    private static readonly HashSet<(Type Type, string Property)> LeftOut =
    [
        (typeof(HaState), nameof(HaState.Why)),
        (typeof(HaState), nameof(HaState.LastId)),
        (typeof(HaState), nameof(HaState.Sequence)),
        (typeof(HaState), nameof(HaState.WallUnixMs)),
        (typeof(HaState), nameof(HaState.LastRefusal)),
        (typeof(HaState), nameof(HaState.BeingWritten)),
        (typeof(HaState), nameof(HaState.LastBeat)),
        (typeof(Heartbeat), nameof(Heartbeat.Sequence)),
        (typeof(Schedule), nameof(Schedule.DomainsPending)),
        (typeof(Schedule), nameof(Schedule.ToolstackPending)),
    ];

    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Known = new();

    /// <summary>Appends the signature of a state.</summary>
    /// <param name="into">Where to.</param>
    /// <param name="state">The state.</param>
    /// <param name="now">Now, on the clock of the state.</param>
    /// <param name="peerNow">Now, on the clock of the peer: a heartbeat tells its send time by that.</param>
    /// <param name="old">Age from which on all instants are alike.</param>
    public static void Write(List<long> into, HaState state, Instant now, Instant peerNow, TimeSpan old)
    {
        into.Add(state.Schedule.DomainsPending == 0 ? 0 : 1);
        into.Add(state.Schedule.ToolstackPending == 0 ? 0 : 1);
        Write(into, state, now, peerNow, old.Ticks);
    }

    private static void Write(List<long> into, object? value, Instant now, Instant peerNow, long old)
    {
        switch (value)
        {
            case null:
                into.Add(-7);
                break;
            case Instant instant:
                into.Add(Math.Clamp(now.Ticks - instant.Ticks, -old, old));
                break;
            case bool flag:
                into.Add(flag ? 1 : 0);
                break;
            case string text:
                into.Add(text.GetHashCode(StringComparison.Ordinal));
                break;
            case TimeSpan span:
                into.Add(span.Ticks);
                break;
            case Guid guid:
                into.Add(guid.GetHashCode());
                break;
            case Enum or int or long or ulong or uint or byte or short:
                into.Add(value is ulong wide ? unchecked((long)wide) : Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case IEnumerable items:
                var count = into.Count;
                into.Add(0);
                foreach (var item in items)
                {
                    into[count]++;
                    Write(into, item, now, peerNow, old);
                }

                break;
            default:
                WriteProperties(into, value, now, peerNow, old);
                break;
        }
    }

    private static void WriteProperties(List<long> into, object value, Instant now, Instant peerNow, long old)
    {
        var type = value.GetType();
        var clock = value is Heartbeat ? peerNow : now;
        foreach (var property in Known.GetOrAdd(type, PropertiesOf))
        {
            // What a heartbeat acknowledges was sent by this host's clock.
            var own = value is Heartbeat && property.Name == nameof(Heartbeat.AckSentAt);
            Write(into, property.GetValue(value), own ? now : clock, peerNow, old);
        }
    }

    private static PropertyInfo[] PropertiesOf(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0 && property.Name != "EqualityContract"
                && !LeftOut.Contains((type, property.Name)))];
}
