using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.State;

public sealed class DurableFileTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void No_file_is_a_first_start()
    {
        Assert.Equal((null, DurableOrigin.Missing, ""), new DurableFile(_scratch.Directory).Read());
        Assert.Equal(DurableOrigin.Missing, new DurableFile(_scratch["not-there"]).Read().Origin);
    }

    [Fact]
    public void Every_field_comes_back()
    {
        var file = new DurableFile(_scratch["new-directory"]);
        var state = Full();
        file.Write(state);
        var (read, origin, trouble) = file.Read();
        Assert.Equal((DurableOrigin.Intact, ""), (origin, trouble));
        Assert.Equivalent(state, read, strict: true);
        Assert.Equal(state.Takeover!.PeerHeld.AsEnumerable(), read!.Takeover!.PeerHeld.AsEnumerable());
        Assert.Equal(state.Vms.AsEnumerable(), read.Vms.AsEnumerable());
    }

    [Fact]
    public void The_sample_sets_every_field_to_something_else_than_its_default()
    {
        // Guards the round trip above: a field added later must be added to the sample.
        AssertNoDefaults(Full(), new DurableState());
        AssertNoDefaults(Full().Takeover!, null);
        AssertNoDefaults(Full().Vms[0], null);
    }

    [Fact]
    public void A_first_write_torn_at_any_length_is_damaged_and_kept_as_evidence()
    {
        var file = Written(out var content);
        var whole = Slot(content, 0).Length;
        for (var length = 0; length < whole; length += length < 140 ? 1 : 37)
        {
            File.WriteAllBytes(_scratch["state"], [.. content[..length], .. new byte[content.Length - length]]);
            var (state, origin, trouble) = file.Read();
            Assert.True(state is null && origin == DurableOrigin.Corrupt && trouble.Length > 0, $"torn at {length}: {origin}");
        }

        Assert.True(File.Exists(_scratch["state.damaged"]));
    }

    [Fact]
    public void A_later_write_torn_at_any_length_leaves_the_state_before_it()
    {
        var file = Written(out var before);
        file.Write(Full() with { Version = 42 });
        var after = File.ReadAllBytes(_scratch["state"]);
        var written = Slot(after, 1);
        Assert.Equal(42, file.Read().State!.Version);
        for (var length = 0; length < written.Length; length += length < 140 ? 1 : 37)
        {
            File.WriteAllBytes(_scratch["state"], [.. before[..StateSlots.SlotBytes], .. written[..length], .. before[(StateSlots.SlotBytes + length)..]]);
            var (state, origin, _) = file.Read();
            Assert.True(state?.Version == 41 && origin == DurableOrigin.Intact, $"torn at {length}: {origin}");
        }
    }

    [Fact]
    public void One_changed_byte_is_found_wherever_it_is()
    {
        var file = Written(out var content);
        var whole = Slot(content, 0).Length;
        for (var at = 0; at < whole; at += at < 140 ? 1 : 37)
        {
            var changed = (byte[])content.Clone();
            changed[at] ^= 0x20;
            File.WriteAllBytes(_scratch["state"], changed);
            Assert.True(file.Read().Origin == DurableOrigin.Corrupt, $"byte {at}");
        }
    }

    [Fact]
    public void Each_write_goes_into_the_older_slot_and_the_file_never_changes_its_size()
    {
        var file = Written(out _);
        for (var version = 42; version < 50; version++)
        {
            file.Write(Full() with { Version = version });
            Assert.Equal(StateSlots.FileBytes, new FileInfo(_scratch["state"]).Length);
            Assert.Equal(version, file.Read().State!.Version);
            Assert.Equal((version - 41) % 2, StateSlots.Parse(File.ReadAllBytes(_scratch["state"])).Newest!.Value.Slot);
        }
    }

    [Fact]
    public void A_state_that_is_missing_where_HA_was_enabled_once_is_lost()
    {
        var mark = _scratch["enabled-here"];
        var file = new DurableFile(_scratch["lib"], mark);
        file.Write(Full() with { Enabled = false });
        Assert.False(File.Exists(mark));
        Directory.Delete(_scratch["lib"], recursive: true);
        Assert.Equal(DurableOrigin.Missing, new DurableFile(_scratch["lib"], mark).Read().Origin);

        new DurableFile(_scratch["lib"], mark).Write(Full() with { Enabled = true });
        Assert.Equal(DurableOrigin.Intact, new DurableFile(_scratch["lib"], mark).Read().Origin);
        Directory.Delete(_scratch["lib"], recursive: true);
        Assert.Equal(DurableOrigin.Lost, new DurableFile(_scratch["lib"], mark).Read().Origin);
    }

    [Fact]
    public void A_state_larger_than_a_slot_is_refused_and_the_former_one_stays()
    {
        var file = Written(out _);
        var error = Assert.Throws<IOException>(() => file.Write(Full() with { DisabledReason = new string('x', StateSlots.SlotBytes) }));
        Assert.Contains("a slot holds", error.Message, StringComparison.Ordinal);
        Assert.Equal(41, file.Read().State!.Version);
    }

    [Fact]
    public void Three_thousand_VMs_fit_a_slot()
    {
        var vms = Enumerable.Range(0, 3000).Select(number => Full().Vms[0] with { Uuid = Guid.NewGuid(), Name = $"a virtual machine {number}" });
        var file = Written(out _);
        file.Write(Full() with { Vms = [.. vms] });
        Assert.Equal(3000, file.Read().State!.Vms.Length);
    }

    [Fact]
    public void The_single_record_of_an_older_daemon_is_read_and_replaced()
    {
        WriteSingle("{\"Version\":40,\"Epoch\":9}");
        var file = new DurableFile(_scratch.Directory);
        Assert.Equal(9, file.Read().State!.Epoch);
        file.Write(Full());
        Assert.Equal(41, file.Read().State!.Version);
        Assert.Equal(StateSlots.FileBytes, new FileInfo(_scratch["state"]).Length);
    }

    [Fact]
    public void Another_format_is_named()
    {
        var file = Written(out var content);
        var text = System.Text.Encoding.Latin1.GetString(content).Replace("twonodeha-state 2", "twonodeha-state 3", StringComparison.Ordinal);
        File.WriteAllBytes(_scratch["state"], System.Text.Encoding.Latin1.GetBytes(text));
        var (state, origin, trouble) = file.Read();
        Assert.Null(state);
        Assert.Equal(DurableOrigin.Corrupt, origin);
        Assert.Contains("unknown format 'twonodeha-state 3", trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void A_right_checksum_over_something_else_is_damaged()
    {
        var file = Written(out _);
        foreach (var json in (string[])["", "null", "[]", "{", "{\"Version\":\"x\"}", "{\"Takeover\":{}}"])
        {
            WriteSingle(json);
            Assert.True(file.Read().Origin == DurableOrigin.Corrupt, json);
        }
    }

    [Fact]
    public void Fields_that_an_older_daemon_did_not_write_are_empty_and_never_null()
    {
        WriteSingle("{}");
        var state = new DurableFile(_scratch.Directory).Read().State!;
        Assert.Equal(("", ""), (state.DisabledReason, state.FenceReason));
        Assert.False(state.Vms.IsDefault);
        Assert.False(state.Deleted.IsDefault);
    }

    [Fact]
    public void A_state_that_cannot_be_read_is_never_taken_for_a_first_start()
    {
        Directory.CreateDirectory(_scratch["state"]);
        var (state, origin, trouble) = new DurableFile(_scratch.Directory).Read();
        Assert.Null(state);
        Assert.Equal(DurableOrigin.Corrupt, origin);
        Assert.NotEqual("", trouble);
    }

    [Fact]
    public void A_file_that_cannot_be_made_is_an_error_and_no_half_state_is_left()
    {
        // Stands for a disk that refuses: the temporary file cannot be made, not even by root.
        Directory.CreateDirectory(_scratch["state.new"]);
        var error = Record.Exception(() => new DurableFile(_scratch.Directory).Write(Full()));
        Assert.True(error is IOException or UnauthorizedAccessException, error?.ToString());
        Assert.Equal(DurableOrigin.Missing, new DurableFile(_scratch.Directory).Read().Origin);
    }

    [Fact]
    public void A_write_in_place_needs_nothing_but_the_file()
    {
        var file = Written(out _);
        Directory.CreateDirectory(_scratch["state.new"]);
        file.Write(Full() with { Version = 99 });
        Assert.Equal(99, file.Read().State!.Version);
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_an_IOException()
    {
        File.WriteAllText(_scratch["file"], "");
        Assert.ThrowsAny<IOException>(() => new DurableFile(Path.Combine(_scratch["file"], "below")).Write(Full()));
    }

    [Fact]
    public void What_a_crash_left_beside_the_file_is_harmless()
    {
        var file = Written(out _);
        File.WriteAllText(_scratch["state.new"], "half a sta");
        Assert.Equal(41, file.Read().State!.Version);
        file.Write(Full() with { Version = 42 });
        Assert.Equal(42, file.Read().State!.Version);
    }

    /// <summary>What was written of a slot: its header line and as many bytes as that says.</summary>
    private static byte[] Slot(byte[] content, int slot)
    {
        var bytes = content.AsSpan(slot * StateSlots.SlotBytes, StateSlots.SlotBytes);
        var line = bytes.IndexOf((byte)'\n');
        var length = int.Parse(System.Text.Encoding.ASCII.GetString(bytes[..line]).Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture);
        return bytes[..(line + 1 + length)].ToArray();
    }

    private void WriteSingle(string json)
    {
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json)));
        File.WriteAllText(_scratch["state"], $"twonodeha-state 1 {hash}\n{json}");
    }

    private static void AssertNoDefaults(object sample, object? byDefault)
    {
        foreach (var property in sample.GetType().GetProperties().Where(property => property.CanWrite))
        {
            var value = property.GetValue(sample);
            var zero = byDefault is not null ? property.GetValue(byDefault)
                : property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null;
            Assert.False(Equals(value, zero), $"{sample.GetType().Name}.{property.Name} is not set in the sample");
        }
    }

    private DurableFile Written(out byte[] content)
    {
        var file = new DurableFile(_scratch.Directory);
        file.Write(Full());
        content = File.ReadAllBytes(_scratch["state"]);
        return file;
    }

    private static DurableState Full() => new()
    {
        Version = 41,
        Incarnation = 2,
        StateLost = true,
        RecordYoung = true,
        Departing = true,
        Epoch = 3,
        Master = new Guid(4, 0, 0, new byte[8]),
        Attestation = 5,
        Committed = true,
        Declined = 6,
        SwitchGeneration = 7,
        Enabled = true,
        DisabledReason = "Wartung \"Strom\"\nzwei Zeilen ☃",
        ReenableAtUnixMs = 1_700_000_000_000,
        PeerSwitchGeneration = 8,
        PeerEnabled = true,
        Promise = 9,
        PromiseStands = true,
        WantsReadmission = true,
        PeerPromise = 10,
        Readmitted = 11,
        Disarm = 12,
        LastPause = 14,
        DisarmAcknowledged = true,
        PeerDisarm = 13,
        PeerDisarmAck = 14,
        PeerIncarnation = long.MaxValue,
        PeerUuid = new Guid(24, 0, 0, new byte[8]),
        PeerBound = true,
        PeerReturns = true,
        KeepsMastership = true,
        PeerAttestation = 25,
        DisabledFrom = 26,
        FencePending = true,
        ToolstackOwed = true,
        FenceReason = "no gateway",
        Takeover = new TakeoverJournal
        {
            Epoch = 15,
            Rule = TakeoverRule.Operator,
            Step = TakeoverStep.ReleaseLocks,
            WasMaster = true,
            PeerHeld = [new Guid(16, 0, 0, new byte[8]), new Guid(17, 0, 0, new byte[8])],
        },
        TakenOver = [new Guid(29, 0, 0, new byte[8]), new Guid(30, 0, 0, new byte[8])],
        Maintenance = new MaintenanceJournal
        {
            Reason = "BIOS",
            UntilUnixMs = 1_700_000_000_001,
            Returning = true,
            KeepsMastership = true,
            ByToolstack = true,
            Vms = [new Guid(27, 0, 0, new byte[8]), new Guid(28, 0, 0, new byte[8])],
        },
        Vms =
        [
            new VmRecord
            {
                Uuid = new Guid(18, 0, 0, new byte[8]),
                Name = "db",
                Protected = true,
                Wanted = true,
                StopSeen = true,
                LastOn = new Guid(19, 0, 0, new byte[8]),
                Priority = RestartPriority.BestEffort,
                Order = 20,
                StartDelay = TimeSpan.FromSeconds(21.5),
                MemoryBytes = 22L << 30,
                Class = VmClass.Restart,
                Appliance = Guid.Parse("33333333-3333-4333-8333-333333333333"),
                PeerHas = true,
            },
            new VmRecord { Uuid = new Guid(23, 0, 0, new byte[8]), Name = "", Protected = false, Wanted = false },
        ],
        Deleted = [new DeletedVm(new Guid(31, 0, 0, new byte[8]), 1_700_000_000_002)],
        Yields = new YieldJournal(32, 1_700_000_000_003),
    };
}
