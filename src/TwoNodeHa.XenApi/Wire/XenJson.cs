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
        try
        {
            return Value.TryGetProperty(name, out JsonElement member) ? new XenJson($"{Path}.{name}", member) : null;
        }
        catch (InvalidOperationException error)
        {
            // The name of another member cannot be read.
            throw NotText(error);
        }
    }

    /// <summary>A member that only explains: absent, or odd, it costs nothing but itself.</summary>
    public T Or<T>(string name, Func<XenJson, T> read, T otherwise)
    {
        try
        {
            return OptionalMember(name) is { } member ? read(member) : otherwise;
        }
        catch (XenApiProtocolException)
        {
            return otherwise;
        }
    }

    /// <summary>A string.</summary>
    public string AsString()
    {
        Expect(JsonValueKind.String);
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw NotText(error);
        }
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
            AsString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed)
            ? parsed
            : throw Wrong("a 64-bit integer");
    }

    /// <summary>
    /// A duration written as whole seconds. XAPI's setters refuse negatives only (xapi_vm.ml), so all that 64 bits hold is
    /// legal: a negative one counts as none, what exceeds 2³¹−1 s as that.
    /// </summary>
    public TimeSpan AsSeconds() => TimeSpan.FromSeconds(Math.Clamp(AsInt(), 0, int.MaxValue));

    /// <summary>A number.</summary>
    public double AsFloat() => Value.ValueKind == JsonValueKind.Number ? Value.GetDouble() : throw Wrong("a number");

    /// <summary>A reference.</summary>
    public XenRef<T> AsRef<T>() => new(AsString());

    /// <summary>A set of references.</summary>
    public ImmutableArray<XenRef<T>> AsRefs<T>() => [.. Elements().Select(element => element.AsRef<T>())];

    /// <summary>A set of strings.</summary>
    public ImmutableArray<string> AsStrings() => [.. Elements().Select(element => element.AsString())];

    /// <summary>A map from string to string, sorted by key so that printing it is deterministic; of equal keys the last counts.</summary>
    public ImmutableSortedDictionary<string, string> AsStringMap()
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach ((string name, XenJson json) in Members())
        {
            map[name] = json.AsString();
        }

        return map.ToImmutable();
    }

    /// <summary>As <see cref="AsStringMap"/>, without the entries that are no readable text: other tools write there.</summary>
    public ImmutableSortedDictionary<string, string> AsReadableStringMap()
    {
        Expect(JsonValueKind.Object);
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty member in Value.EnumerateObject())
        {
            try
            {
                map[NameOf(member)] = new XenJson($"{Path}[]", member.Value).AsString();
            }
            catch (XenApiProtocolException)
            {
                // Not ours.
            }
        }

        return map.ToImmutable();
    }

    /// <summary>A map from reference to record; one that cannot be read costs itself only, and is named.</summary>
    public RecordTable<T, TRecord> AsRecords<T, TRecord>(Func<XenJson, TRecord> parse)
    {
        Expect(JsonValueKind.Object);
        var records = new Dictionary<XenRef<T>, TRecord>();
        var unreadable = ImmutableArray.CreateBuilder<UnreadableRecord<T>>();
        foreach (JsonProperty member in Value.EnumerateObject())
        {
            var json = new XenJson($"{Path}[]", member.Value);
            XenRef<T> reference = default;
            try
            {
                reference = new XenRef<T>(NameOf(member));
                json = new XenJson($"{Path}.{reference.Value}", member.Value);
                records[reference] = parse(json);
            }
            catch (XenApiProtocolException error)
            {
                unreadable.Add(new UnreadableRecord<T>(
                    reference, json.TextOrEmpty("uuid"), json.TextOrEmpty("name_label"), error.Message));
            }
        }

        return new RecordTable<T, TRecord>(records, unreadable.ToImmutable());
    }

    /// <summary>A text that nothing depends on; empty when it is not there, or no text.</summary>
    public string TextOrEmpty(string name) => Or(name, static member => member.AsString(), "");

    private string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException error)
        {
            throw NotText(error);
        }
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
        XenJson self = this;
        return Value.EnumerateObject().Select(member =>
        {
            string name = self.NameOf(member);
            return (name, new XenJson($"{self.Path}.{name}", member.Value));
        });
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

    /// <summary>A lone surrogate or broken UTF-8.</summary>
    private XenApiProtocolException NotText(InvalidOperationException error) =>
        new($"{Path}: the text cannot be read: {error.Message}", Path, inner: error);

    private XenApiProtocolException Wrong(string expected) =>
        new($"{Path}: {expected} expected, JSON {Value.ValueKind} found", Path);
}
