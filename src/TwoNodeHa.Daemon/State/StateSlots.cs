using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TwoNodeHa.Daemon.State;

/// <summary>A whole slot of the state file.</summary>
/// <param name="Slot">0 or 1.</param>
/// <param name="Sequence">Number of the write; the higher one is newer.</param>
/// <param name="Json">The state.</param>
internal readonly record struct StateSlot(int Slot, long Sequence, ReadOnlyMemory<byte> Json);

/// <summary>What was found in a state file.</summary>
/// <param name="Newest">The newest whole slot; null when there is none.</param>
/// <param name="Trouble">Why there is none; empty otherwise.</param>
internal readonly record struct StateSlotsFound(StateSlot? Newest, string Trouble);

/// <summary>
/// Layout of the state file: two slots of 1 MiB. A slot is a header line (format, number of the write, length of the JSON,
/// SHA-256 over number and JSON), then the JSON; what lies behind it is left from older writes. The format before this one
/// was a single header line and JSON; it is read once, and replaced by the next write.
/// </summary>
internal static class StateSlots
{
    /// <summary>Bytes of one slot: room for three thousand VMs.</summary>
    public const int SlotBytes = 1 << 20;

    /// <summary>Bytes of the file.</summary>
    public const int FileBytes = 2 * SlotBytes;

    /// <summary>Longest JSON, bytes.</summary>
    public const int JsonMax = SlotBytes - 256;

    private const string Format = "twonodeha-state 2";
    private const string SingleFormat = "twonodeha-state 1";
    private const int HeaderMax = 256;

    /// <summary>A slot's header and content.</summary>
    public static byte[] Encode(long sequence, ReadOnlySpan<byte> json)
    {
        var header = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{Format} {sequence} {json.Length} {Hash(sequence, json)}\n"));
        return [.. header, .. json];
    }

    /// <summary>Finds the newest whole slot; never throws, whatever the file holds.</summary>
    public static StateSlotsFound Parse(ReadOnlyMemory<byte> content)
    {
        if (content.Span.StartsWith(Encoding.ASCII.GetBytes(SingleFormat + " ")))
        {
            return Single(content);
        }

        StateSlot? newest = null;
        var troubles = new string[2];
        for (var slot = 0; slot < 2; slot++)
        {
            var start = Math.Min(slot * SlotBytes, content.Length);
            var bytes = content.Slice(start, Math.Min(SlotBytes, content.Length - start));
            troubles[slot] = Read(bytes, slot, out var found);
            if (found is { } whole && (newest is not { } other || whole.Sequence > other.Sequence))
            {
                newest = whole;
            }
        }

        return new StateSlotsFound(newest, newest is null ? $"slot 0: {troubles[0]}; slot 1: {troubles[1]}" : "");
    }

    private static string Read(ReadOnlyMemory<byte> slot, int index, out StateSlot? found)
    {
        found = null;
        var line = slot.Span[..Math.Min(slot.Length, HeaderMax)].IndexOf((byte)'\n');
        if (line < 0)
        {
            return "no header line: torn or not a state file";
        }

        var header = Encoding.ASCII.GetString(slot.Span[..line]);
        if (!header.StartsWith(Format + " ", StringComparison.Ordinal))
        {
            return $"unknown format '{header[..Math.Min(header.Length, 40)]}'";
        }

        var words = header[(Format.Length + 1)..].Split(' ');
        if (words.Length != 3 || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > slot.Length - line - 1)
        {
            return "the header makes no sense: torn or damaged";
        }

        var json = slot.Slice(line + 1, length);
        if (words[2] != Hash(sequence, json.Span))
        {
            return "the checksum does not match: torn or damaged";
        }

        found = new StateSlot(index, sequence, json);
        return "";
    }

    private static StateSlotsFound Single(ReadOnlyMemory<byte> content)
    {
        var line = content.Span.IndexOf((byte)'\n');
        if (line < 0)
        {
            return new StateSlotsFound(null, "no header line: torn or not a state file");
        }

        var json = content[(line + 1)..];
        return Encoding.ASCII.GetString(content.Span[(SingleFormat.Length + 1)..line]) == Convert.ToHexStringLower(SHA256.HashData(json.Span))
            ? new StateSlotsFound(new StateSlot(0, 0, json), "")
            : new StateSlotsFound(null, "the checksum does not match: torn or damaged");
    }

    private static string Hash(long sequence, ReadOnlySpan<byte> json)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(sequence.ToString(CultureInfo.InvariantCulture)));
        hash.AppendData(json);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
