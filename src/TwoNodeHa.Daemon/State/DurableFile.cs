using System.Text.Json;
using System.Text.Json.Serialization;
using TwoNodeHa.Core.Config;
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
/// <param name="directory">The state directory; made when it is missing.</param>
/// <param name="mark">
/// File that says that HA was enabled here once, kept apart from the state; null for none. A state that is missing beside it was
/// lost: without it a host that lost its state would start as one that was never part of a pair.
/// </param>
/// <param name="sync">What brings the writes onto the disk; null for the disk's own.</param>
internal sealed class DurableFile(string directory, string? mark = null, DiskSync? sync = null)
{
    /// <summary>How often a read that failed is tried again: a path that comes back must not cost what the state holds.</summary>
    private const int ReadTries = 5;

    private static readonly TimeSpan ReadRetry = TimeSpan.FromMilliseconds(200);

    /// <summary>Slot and number of the newest write that is on disk; null before the first of this daemon, and when the file is gone.</summary>
    private (int Slot, long Sequence)? _written;

    /// <summary>Highest number that was tried: a write that failed may lie in its slot all the same.</summary>
    private long _tried;

    private bool _marked;

    private readonly DiskSync _sync = sync ?? new DiskSync();

    private string FilePath => Path.Combine(directory, "state");

    /// <summary>Reads the newest whole slot. A file that has none is kept beside it as evidence.</summary>
    public (DurableState? State, DurableOrigin Origin, string Trouble) Read()
    {
        try
        {
            var found = Look();
            if (found.State is null && !found.IsMissing)
            {
                KeepEvidence();
            }

            return found.IsMissing && File.Exists(mark) ? (null, DurableOrigin.Lost, $"{FilePath} is gone, {mark} says that HA was enabled here")
                : found.IsMissing ? (null, DurableOrigin.Missing, "")
                : found.State is { } state ? (state, DurableOrigin.Intact, "")
                : (null, DurableOrigin.Corrupt, $"{FilePath}: {found.Trouble}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, DurableOrigin.Corrupt, $"{FilePath}: {error.Message}");
        }
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

        if (state.Enabled)
        {
            Mark();
        }

        // What a failed sync left may be read back and not be on disk: the slot that is known to be stays until another one is.
        _written ??= Look().Place;
        if (_written is not { } newest || !File.Exists(FilePath))
        {
            Create(json);
            _written = (0, 1);
            return;
        }

        var (slot, sequence) = (1 - newest.Slot, Math.Max(newest.Sequence, _tried) + 1);
        _tried = sequence;
        using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Position = slot * StateSlots.SlotBytes;
        file.Write(StateSlots.Encode(sequence, json));
        _sync.File(file);
        _written = (slot, sequence);
    }

    /// <summary>Once and for all. A disk that does not take it costs the second proof and nothing else.</summary>
    private void Mark()
    {
        if (_marked || mark is null)
        {
            return;
        }

        _marked = true;
        try
        {
            if (!File.Exists(mark))
            {
                File.WriteAllText(mark, PathsConfig.EnabledMarkText);
                _sync.Folder(Path.GetDirectoryName(mark)!);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Tried again by the next daemon.
        }
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

    /// <summary>The one way in which the file is read, by who wants its state and by who wants to know where to write.</summary>
    private Found Look()
    {
        byte[] content;
        try
        {
            content = ReadPatiently();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Found(null, null, "", IsMissing: true);
        }

        var slots = StateSlots.Parse(content);
        if (slots.Newest is not { } newest)
        {
            return new Found(null, null, slots.Trouble, IsMissing: false);
        }

        var state = Deserialize(newest.Json, out var trouble);
        var inPlace = state is not null && content.Length == StateSlots.FileBytes;
        return new Found(state, inPlace ? (newest.Slot, newest.Sequence) : null, trouble, IsMissing: false);
    }

    /// <summary>Makes the file with all its blocks under another name, then renames it: the former one stays until then.</summary>
    private void Create(byte[] json)
    {
        Directory.CreateDirectory(directory, LeaseFile.OwnerOnly);
        var temporary = FilePath + ".new";
        var content = new byte[StateSlots.FileBytes];
        StateSlots.Encode(1, json).CopyTo(content, 0);
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            _sync.File(file);
        }

        File.Move(temporary, FilePath, overwrite: true);
        _sync.Folder(directory);
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
        TakenOver = state.TakenOver.IsDefault ? [] : state.TakenOver,
        Vms = state.Vms.IsDefault ? [] : state.Vms,
        Deleted = state.Deleted.IsDefault ? [] : state.Deleted,
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

    /// <summary>What a look at the file found.</summary>
    /// <param name="State">The newest whole state; null when there is none.</param>
    /// <param name="Place">Slot and number of it; null when the file has to be made: missing, of the former format, or damaged.</param>
    /// <param name="Trouble">Why there is no state.</param>
    /// <param name="IsMissing">There is no file.</param>
    private readonly record struct Found(DurableState? State, (int Slot, long Sequence)? Place, string Trouble, bool IsMissing);
}
