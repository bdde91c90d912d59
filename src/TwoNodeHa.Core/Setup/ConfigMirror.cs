using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TwoNodeHa.Core.Setup;

/// <summary>
/// The configuration as XAPI's database keeps it (Pool.other_config): version, uuid of the pool, checksum, and the text in base64, since
/// that database keeps no text byte for byte. It holds no key and no password: the configuration names files for those.
/// </summary>
public static class ConfigMirror
{
    /// <summary>Its key in Pool.other_config.</summary>
    public const string Key = "twonodeha-config";

    /// <summary>Longest configuration that is kept, bytes: everybody who reads the pool's record reads it too.</summary>
    public const int BytesMax = 32 * 1024;

    private const int Version = 1;
    private const int SumLength = 16;

    /// <summary>The entry; null for a configuration that is longer than <see cref="BytesMax"/>.</summary>
    /// <param name="pool">Pool.uuid.</param>
    /// <param name="config">Text of the configuration.</param>
    public static string? Encode(string pool, string config)
    {
        var bytes = Encoding.UTF8.GetBytes(config);
        return bytes.Length > BytesMax ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Version} {pool} {Sum(bytes)} {Convert.ToBase64String(bytes)}");
    }

    /// <summary>The configuration in an entry; null, with the reason, for one that cannot be used.</summary>
    /// <param name="pool">Pool.uuid of the pool in which it was found.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="trouble">Why there is nothing, to be read after "the entry".</param>
    public static string? Decode(string pool, string entry, out string trouble)
    {
        var parts = entry.Split(' ');
        trouble = "is not whole, or was changed by hand";
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return null;
        }

        if (version != Version)
        {
            trouble = $"is of version {version}, and this one reads version {Version}: install the package that the other host has";
            return null;
        }

        var buffer = new byte[BytesMax];
        if (parts.Length != 4 || !Convert.TryFromBase64String(parts[3], buffer, out var length) || Sum(buffer.AsSpan(0, length)) != parts[2])
        {
            return null;
        }

        if (parts[1] != pool)
        {
            trouble = $"is that of another pool ({parts[1]}, this is {pool}): it came with a database that was brought here";
            return null;
        }

        trouble = "";
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static string Sum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..SumLength];
}
