namespace TwoNodeHa.XenApi.Wire;

/// <summary>
/// Makes JSON of what XAPI can write and a strict parser refuses: a float that is no number is written bare (<c>inf</c>,
/// <c>-nan</c>, <c>Infinity</c>), and names can hold control characters. Bare words become <c>null</c>, control characters a
/// space, backslashes that escape nothing a question mark; so a damaged field costs its own record at most.
/// </summary>
internal static class OddJson
{
    /// <summary>A mended copy of the same length or shorter meaning; structure outside of strings is untouched.</summary>
    public static byte[] Mend(ReadOnlySpan<byte> text)
    {
        var mended = new List<byte>(text.Length + 16);
        var at = 0;
        while (at < text.Length)
        {
            var length = text[at] == (byte)'"' ? MendString(text[at..], mended)
                : IsWordPart(text[at]) ? MendWord(text[at..], mended)
                : Copy(text[at], mended);
            at += length;
        }

        return [.. mended];
    }

    private static int Copy(byte value, List<byte> mended)
    {
        mended.Add(value);
        return 1;
    }

    private static int MendString(ReadOnlySpan<byte> text, List<byte> mended)
    {
        mended.Add((byte)'"');
        var at = 1;
        while (at < text.Length && text[at] != (byte)'"')
        {
            if (text[at] == (byte)'\\')
            {
                at += MendEscape(text[at..], mended);
            }
            else
            {
                mended.Add(text[at] < 0x20 ? (byte)' ' : text[at]);
                at++;
            }
        }

        if (at < text.Length)
        {
            mended.Add((byte)'"');
        }

        return Math.Min(at + 1, text.Length);
    }

    private static int MendEscape(ReadOnlySpan<byte> text, List<byte> mended)
    {
        var length = EscapeLength(text);
        if (length == 0)
        {
            mended.Add((byte)'?');
            return 1;
        }

        mended.AddRange(text[..length]);
        return length;
    }

    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        if (text[1] != (byte)'u')
        {
            return "\"\\/bfnrt"u8.Contains(text[1]) ? 2 : 0;
        }

        return text.Length >= 6 && text[2..6].IndexOfAnyExcept("0123456789abcdefABCDEF"u8) < 0 ? 6 : 0;
    }

    private static int MendWord(ReadOnlySpan<byte> text, List<byte> mended)
    {
        var length = 1;
        while (length < text.Length && IsWordPart(text[length]))
        {
            length++;
        }

        var word = text[..length];
        mended.AddRange(word.SequenceEqual("true"u8) || word.SequenceEqual("false"u8) || IsNumber(word) ? word : "null"u8);
        return length;
    }

    private static bool IsNumber(ReadOnlySpan<byte> word)
    {
        var reader = new System.Text.Json.Utf8JsonReader(word);
        try
        {
            return reader.Read() && reader.TokenType == System.Text.Json.JsonTokenType.Number;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }

    private static bool IsWordPart(byte value) =>
        char.IsAsciiLetterOrDigit((char)value) || value is (byte)'+' or (byte)'-' or (byte)'.' or (byte)'_' || value >= 0x80;
}
