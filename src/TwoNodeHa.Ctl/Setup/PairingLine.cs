using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TwoNodeHa.Ctl.Setup;

/// <summary>What the second host needs of the first: one line, to be pasted or sent by ssh. It holds the key.</summary>
internal sealed record PairingLine
{
    /// <summary>A terminal takes no longer line.</summary>
    public const int CharactersMax = 4000;

    private const string Mark = "twonodeha1-";
    private const int TextMax = 512 * 1024;

    /// <summary>Text of the configuration.</summary>
    public required string Config { get; init; }

    /// <summary>Text of the key file.</summary>
    public required string Key { get; init; }

    /// <summary>The line, without spaces.</summary>
    public string Encode()
    {
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            JsonSerializer.Serialize(zip, this, PairingJson.Default.PairingLine);
        }

        return Mark + Convert.ToBase64String(packed.ToArray());
    }

    /// <summary>A line as it was pasted: white space is forgiven, anything else is not. Null for what is none.</summary>
    public static PairingLine? Decode(string text)
    {
        var line = string.Concat(text.Where(character => !char.IsWhiteSpace(character)));
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using var packed = new MemoryStream(Convert.FromBase64String(line[Mark.Length..]));
            using var zip = new ZLibStream(packed, CompressionMode.Decompress);
            var buffer = new byte[TextMax];
            var length = zip.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), PairingJson.Default.PairingLine);
        }
        catch (Exception failure) when (failure is FormatException or InvalidDataException or InvalidOperationException or JsonException or IOException or DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>Source-generated JSON of the line.</summary>
[JsonSerializable(typeof(PairingLine))]
internal sealed partial class PairingJson : JsonSerializerContext;
