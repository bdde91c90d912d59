using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using System.Text.Json;
using System.Text;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.State;

/// <summary>Source-generated JSON of the state file.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(DurableState))]
internal sealed partial class DurableJson : JsonSerializerContext;

/// <summary>
/// The durable state on disk: a header line with format and SHA-256, then JSON. Written to a temporary file, synced,
/// renamed, and the directory synced (rename(2), fsync(2)): a reader sees the old content or the new one, or a bad
/// checksum, never a mixture that looks whole.
/// </summary>
internal sealed class DurableFile(string directory)
{
    private const string Format = "twonodeha-state 1";

    private string FilePath => Path.Combine(directory, "state");

    /// <summary>Reads the file. A damaged one is kept beside it as evidence.</summary>
    public (DurableState? State, DurableOrigin Origin, string Trouble) Read()
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(FilePath);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, DurableOrigin.Missing, "");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, DurableOrigin.Corrupt, $"{FilePath}: {error.Message}");
        }

        var (state, trouble) = Parse(content);
        if (state is not null)
        {
            return (state, DurableOrigin.Intact, "");
        }

        KeepEvidence();
        return (null, DurableOrigin.Corrupt, $"{FilePath}: {trouble}");
    }

    /// <summary>Writes the state; returns only when it is on disk.</summary>
    /// <exception cref="IOException">The disk is full, gone or read-only; the former content is intact.</exception>
    public void Write(DurableState state)
    {
        Directory.CreateDirectory(directory);
        var json = JsonSerializer.SerializeToUtf8Bytes(state, DurableJson.Default.DurableState);
        var header = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{Format} {Convert.ToHexStringLower(SHA256.HashData(json))}\n"));
        var temporary = FilePath + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 4096))
        {
            file.Write(header);
            file.Write(json);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, FilePath, overwrite: true);
        PosixFile.SyncDirectory(directory);
    }

    private static (DurableState? State, string Trouble) Parse(byte[] content)
    {
        var end = Array.IndexOf(content, (byte)'\n');
        if (end < 0)
        {
            return (null, "no header line: torn or not a state file");
        }

        var header = Encoding.ASCII.GetString(content, 0, end);
        if (!header.StartsWith(Format + " ", StringComparison.Ordinal))
        {
            return (null, $"unknown format '{header[..Math.Min(header.Length, 40)]}'");
        }

        var json = content.AsSpan(end + 1);
        if (!header.AsSpan(Format.Length + 1).SequenceEqual(Convert.ToHexStringLower(SHA256.HashData(json))))
        {
            return (null, "the checksum does not match: torn or damaged");
        }

        try
        {
            return JsonSerializer.Deserialize(json, DurableJson.Default.DurableState) is { } state
                ? (Complete(state), "")
                : (null, "empty");
        }
        catch (JsonException error)
        {
            return (null, error.Message);
        }
    }

    /// <summary>
    /// A field that an older daemon did not write yet: the generated reader sets every init property, and so leaves null
    /// where the type says "empty".
    /// </summary>
    private static DurableState Complete(DurableState state) => state with
    {
        DisabledReason = state.DisabledReason ?? "",
        FenceReason = state.FenceReason ?? "",
        Vms = state.Vms.IsDefault ? [] : state.Vms,
    };

    private void KeepEvidence()
    {
        try
        {
            File.Copy(FilePath, FilePath + ".damaged", overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The evidence is a courtesy; the verdict stands without it.
        }
    }
}
