using System.Text.Json;
using System.Text.Json.Serialization;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.State;

/// <summary>Source-generated JSON of the state file.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(DurableState))]
internal sealed partial class DurableJson : JsonSerializerContext;

/// <summary>
/// The durable state on disk: two slots in one file of fixed size, made once with all its blocks and then written in place,
/// in turn, each write synced. A full disk therefore never stops a daemon from speaking, and a write that is torn by a power
/// loss leaves the other slot, which is the newest state that anybody was told of.
/// </summary>
internal sealed class DurableFile(string directory)
{
    /// <summary>How often a read that failed is tried again: a path that comes back must not cost what the state holds.</summary>
    private const int ReadTries = 5;

    private static readonly TimeSpan ReadRetry = TimeSpan.FromMilliseconds(200);

    /// <summary>Slot and number of the newest write of this daemon; null before the first, and after one that failed.</summary>
    private (int Slot, long Sequence)? _written;

    private string FilePath => Path.Combine(directory, "state");

    /// <summary>Reads the newest whole slot. A file that has none is kept beside it as evidence.</summary>
    public (DurableState? State, DurableOrigin Origin, string Trouble) Read()
    {
        byte[] content;
        try
        {
            content = ReadPatiently();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, DurableOrigin.Missing, "");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, DurableOrigin.Corrupt, $"{FilePath}: {error.Message}");
        }

        var slots = StateSlots.Parse(content);
        var trouble = slots.Trouble;
        if (slots.Newest is { } newest && Deserialize(newest.Json, out trouble) is { } state)
        {
            return (state, DurableOrigin.Intact, "");
        }

        KeepEvidence();
        return (null, DurableOrigin.Corrupt, $"{FilePath}: {trouble}");
    }

    /// <summary>Writes the state into the older slot; returns only when it is on disk.</summary>
    /// <exception cref="IOException">
    /// The disk is gone or read-only, the file cannot be made, or the state is larger than a slot; the former state is intact.
    /// </exception>
    public void Write(DurableState state)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(state, DurableJson.Default.DurableState);
        if (json.Length > StateSlots.JsonMax)
        {
            throw new IOException($"{FilePath}: the state takes {json.Length} bytes, a slot holds {StateSlots.JsonMax}");
        }

        var before = _written ?? Newest();
        _written = null;
        if (before is not { } newest)
        {
            Create(json);
            _written = (0, 1);
            return;
        }

        var (slot, sequence) = (1 - newest.Slot, newest.Sequence + 1);
        using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Position = slot * StateSlots.SlotBytes;
        file.Write(StateSlots.Encode(sequence, json));
        file.Flush(flushToDisk: true);
        _written = (slot, sequence);
    }

    private byte[] ReadPatiently()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return File.ReadAllBytes(FilePath);
            }
            catch (Exception error) when (tries < ReadTries && error is IOException or UnauthorizedAccessException
                && error is not (FileNotFoundException or DirectoryNotFoundException))
            {
                Thread.Sleep(ReadRetry);
            }
        }
    }

    /// <summary>The newest whole slot; null when the file has to be made: it is missing, of the former format, or damaged.</summary>
    private (int Slot, long Sequence)? Newest()
    {
        try
        {
            var content = File.ReadAllBytes(FilePath);
            return content.Length == StateSlots.FileBytes && StateSlots.Parse(content).Newest is { } found ? (found.Slot, found.Sequence) : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Makes the file with all its blocks under another name, then renames it: the former one stays until then.</summary>
    private void Create(byte[] json)
    {
        Directory.CreateDirectory(directory);
        var temporary = FilePath + ".new";
        var content = new byte[StateSlots.FileBytes];
        StateSlots.Encode(1, json).CopyTo(content, 0);
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, FilePath, overwrite: true);
        PosixFile.SyncDirectory(directory);
    }

    private static DurableState? Deserialize(ReadOnlyMemory<byte> json, out string trouble)
    {
        trouble = "empty";
        try
        {
            return JsonSerializer.Deserialize(json.Span, DurableJson.Default.DurableState) is { } state ? Complete(state) : null;
        }
        catch (JsonException error)
        {
            trouble = error.Message;
            return null;
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
