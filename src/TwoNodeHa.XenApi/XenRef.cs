namespace TwoNodeHa.XenApi;

/// <summary>
/// A reference to an object of one database. It stays valid across restarts and promotion as long as the database does
/// (xapi.md 1.2); over longer times keep the uuid instead.
/// </summary>
/// <typeparam name="T">The class of the object, e.g. <see cref="VM"/>; a marker only.</typeparam>
public readonly record struct XenRef<T>
{
    private const string NullText = "OpaqueRef:NULL";

    private readonly string? _value;

    /// <summary>Makes a reference from its text; an empty text is the null reference.</summary>
    public XenRef(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value.Length == 0 || string.Equals(value, NullText, StringComparison.Ordinal) ? null : value;
    }

    /// <summary>The reference to nothing.</summary>
    public static XenRef<T> Null => default;

    /// <summary>Whether this refers to nothing.</summary>
    public bool IsNull => _value is null;

    /// <summary>The text as XAPI writes it, <c>OpaqueRef:NULL</c> for the null reference.</summary>
    public string Value => _value ?? NullText;

    /// <inheritdoc/>
    public override string ToString() => Value;
}
