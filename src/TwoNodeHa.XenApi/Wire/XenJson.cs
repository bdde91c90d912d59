using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace TwoNodeHa.XenApi.Wire;

/// <summary>
/// A value of an answer together with its path, so that every complaint names the field. Unneeded members are ignored;
/// needed ones must be present and of the type of xapi.md 1.2.
/// </summary>
internal readonly record struct XenJson(string Path, JsonElement Value)
{
    /// <summary>A member that must be there.</summary>
    public XenJson Member(string name) => OptionalMember(name)
        ?? throw new XenApiProtocolException($"{Path}.{name}: missing", $"{Path}.{name}");

    /// <summary>A member that older releases do not have.</summary>
    public XenJson? OptionalMember(string name)
    {
        Expect(JsonValueKind.Object);
        return Value.TryGetProperty(name, out JsonElement member) ? new XenJson($"{Path}.{name}", member) : null;
    }

    /// <summary>A string.</summary>
    public string AsString()
    {
        Expect(JsonValueKind.String);
        return Value.GetString()!;
    }

    /// <summary>A boolean; a string such as "true" is an error.</summary>
    public bool AsBool() => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("a boolean"),
    };

    /// <summary>A 64-bit integer. Decimal strings pass too: that is how the XML-RPC side of XAPI writes them.</summary>
    public long AsInt()
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetInt64(out long number))
        {
            return number;
        }

        bool isText = Value.ValueKind == JsonValueKind.String;
        return isText && long.TryParse(
            Value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed)
            ? parsed
            : throw Wrong("a 64-bit integer");
    }

    /// <summary>A duration written as whole seconds.</summary>
    public TimeSpan AsSeconds()
    {
        long seconds = AsInt();
        return seconds is >= 0 and <= int.MaxValue
            ? TimeSpan.FromSeconds(seconds)
            : throw new XenApiProtocolException($"{Path}: {seconds} is no sane number of seconds", Path);
    }

    /// <summary>A number.</summary>
    public double AsFloat() => Value.ValueKind == JsonValueKind.Number ? Value.GetDouble() : throw Wrong("a number");

    /// <summary>A reference.</summary>
    public XenRef<T> AsRef<T>() => new(AsString());

    /// <summary>A set of references.</summary>
    public ImmutableArray<XenRef<T>> AsRefs<T>() => [.. Elements().Select(element => element.AsRef<T>())];

    /// <summary>A set of strings.</summary>
    public ImmutableArray<string> AsStrings() => [.. Elements().Select(element => element.AsString())];

    /// <summary>A map from string to string, sorted by key so that printing it is deterministic.</summary>
    public ImmutableSortedDictionary<string, string> AsStringMap() => Members()
        .ToImmutableSortedDictionary(member => member.Name, member => member.Json.AsString(), StringComparer.Ordinal);

    /// <summary>A map from reference to record.</summary>
    public IReadOnlyDictionary<XenRef<T>, TRecord> AsRecords<T, TRecord>(Func<XenJson, TRecord> parse)
    {
        var records = new Dictionary<XenRef<T>, TRecord>();
        foreach ((string name, XenJson json) in Members())
        {
            records[new XenRef<T>(name)] = parse(json);
        }

        return records;
    }

    /// <summary>An enumeration; a value this client does not know becomes its zero, <c>Unknown</c>.</summary>
    public T AsEnum<T>(params ReadOnlySpan<(string Text, T Value)> known)
        where T : struct, Enum
    {
        string text = AsString();
        foreach ((string name, T value) in known)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return default;
    }

    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Name, XenJson Json)> Members()
    {
        Expect(JsonValueKind.Object);
        string path = Path;
        return Value.EnumerateObject().Select(
            member => (member.Name, new XenJson($"{path}.{member.Name}", member.Value)));
    }

    /// <summary>The elements of an array.</summary>
    public IEnumerable<XenJson> Elements()
    {
        Expect(JsonValueKind.Array);
        string path = Path;
        return Value.EnumerateArray().Select(element => new XenJson($"{path}[]", element));
    }

    private void Expect(JsonValueKind kind)
    {
        if (Value.ValueKind != kind)
        {
            throw Wrong($"a JSON {kind}");
        }
    }

    private XenApiProtocolException Wrong(string expected) =>
        new($"{Path}: {expected} expected, JSON {Value.ValueKind} found", Path);
}
