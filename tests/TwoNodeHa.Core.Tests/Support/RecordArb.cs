using System.Collections.Immutable;
using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Support;

/// <summary>
/// Any value of a record: every property that can be set is drawn, also one that is added tomorrow. A value that breaks a rule
/// shrinks towards a plain one, property by property, so that what is left is what matters.
/// </summary>
internal static class RecordArb
{
    /// <param name="plain">What values shrink to.</param>
    /// <param name="special">Generators of properties whose values are not free, by name.</param>
    public static Arbitrary<T> Of<T>(T plain, params (string Property, Gen<object?> Values)[] special)
        where T : class
    {
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite).ToArray();
        var drawn = properties.Select(property =>
            special.FirstOrDefault(entry => entry.Property == property.Name).Values ?? OfType(property.PropertyType)).ToArray();
        var generator = Gen.CollectToArray(drawn, gen => gen).Select(values =>
        {
            var copy = Copy(plain);
            for (var index = 0; index < values.Length; index++)
            {
                properties[index].SetValue(copy, values[index]);
            }

            return copy;
        });
        return Arb.From(generator, value => Simpler(value, plain, properties));
    }

    /// <summary>Any value of a type, as an object.</summary>
    public static Gen<object?> Boxed<T>(Gen<T> generator) => generator.Select(value => (object?)value);

    /// <summary>Non-negative, over the whole range.</summary>
    public static Gen<long> Count() => ArbMap.Default.GeneratorFor<ulong>().Select(value => (long)(value >> 1));

    /// <summary>Eight bytes over the whole range.</summary>
    public static Gen<ulong> Bits() => Gen.Choose(0, ushort.MaxValue).ArrayOf(4).Select(parts =>
        parts.Aggregate(0UL, (sum, part) => (sum << 16) | (uint)part));

    private static Gen<object?> OfType(Type type) => type switch
    {
        _ when type == typeof(bool) => Boxed(Gen.Elements(true, false)),
        _ when type == typeof(int) => Boxed(Gen.Choose(0, int.MaxValue)),
        _ when type == typeof(long) => Boxed(Count()),
        _ when type == typeof(ulong) => Boxed(Bits()),
        _ when type == typeof(string) => Boxed(ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get)),
        _ when type == typeof(Guid) => Boxed(ArbMap.Default.GeneratorFor<Guid>()),
        _ when type == typeof(TimeSpan) => Boxed(Gen.Choose(0, int.MaxValue).Select(ms => TimeSpan.FromMilliseconds(ms))),
        _ when type == typeof(Instant) => Boxed(Count().Select(ticks => new Instant(ticks))),
        _ when type == typeof(Incarnation) => Boxed(Count().SelectMany(_ => Bits(), (counter, nonce) => new Incarnation(counter, nonce))),
        _ when type == typeof(ImmutableArray<ulong>) => Boxed(Bits().ListOf().Select(list => list.ToImmutableArray())),
        _ when type == typeof(ImmutableArray<Guid>) => Boxed(ArbMap.Default.GeneratorFor<Guid>().ListOf().Select(list => list.ToImmutableArray())),
        _ when type.IsEnum => Gen.Elements(Enum.GetValues(type).Cast<object?>().ToArray()),
        _ => throw new NotSupportedException($"say how a value of {type} is drawn"),
    };

    private static IEnumerable<T> Simpler<T>(T value, T plain, PropertyInfo[] properties)
        where T : class
    {
        foreach (var property in properties)
        {
            var (now, wanted) = (property.GetValue(value), property.GetValue(plain));
            if (now is ImmutableArray<ulong> { Length: > 1 } list)
            {
                yield return With(value, property, list[..(list.Length / 2)]);
                yield return With(value, property, list[(list.Length / 2)..]);
            }
            else if (!Equals(now, wanted) && !(now is ImmutableArray<ulong> { IsEmpty: true }))
            {
                yield return With(value, property, wanted);
            }
        }
    }

    private static T With<T>(T value, PropertyInfo property, object? wanted)
        where T : class
    {
        var copy = Copy(value);
        property.SetValue(copy, wanted);
        return copy;
    }

    // What 'with' calls; every record class has it.
    private static T Copy<T>(T value)
        where T : class => (T)typeof(T).GetMethod("<Clone>$")!.Invoke(value, null)!;
}
