using System.Text.Json;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi;
using TwoNodeHa.XenApi.Tests.Support;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

/// <summary>A table is kept only while every change of it would be told, and never beyond its time.</summary>
public sealed class TableCacheTests
{
    private readonly ManualTime _time = new();
    private readonly TableCache _cache;
    private int _reads;

    public TableCacheTests() => _cache = new TableCache(_time);

    [Fact]
    public async Task Followed_tables_are_read_once()
    {
        _cache.Forget(isFollowed: true);
        Assert.Equal("1 1", $"{await ReadAsync()} {await ReadAsync()}");
    }

    [Fact]
    public async Task Without_events_each_look_reads()
    {
        Assert.Equal("1 2", $"{await ReadAsync()} {await ReadAsync()}");
        _cache.Forget(isFollowed: true);
        Assert.Equal("3 3", $"{await ReadAsync()} {await ReadAsync()}");
        _cache.Forget();
        Assert.Equal("4 5", $"{await ReadAsync()} {await ReadAsync()}");
    }

    [Theory]
    [InlineData("vm", "vm")]
    [InlineData("", "vm")]
    [InlineData("vbd", "vdi")]
    [InlineData("host", "host_metrics")]
    public async Task What_changed_is_read_anew(string changed, string table)
    {
        _cache.Forget(isFollowed: true);
        await ReadAsync(table);
        _cache.Changed("pif");
        Assert.Equal(1, changed.Length == 0 ? 1 : await ReadAsync(table));
        _cache.Changed(changed);
        Assert.Equal(2, await ReadAsync(table));
    }

    /// <summary>It may be from before the change.</summary>
    [Fact]
    public async Task What_was_read_while_something_changed_is_not_kept()
    {
        _cache.Forget(isFollowed: true);
        await _cache.GetAsync("vm", () =>
        {
            _cache.Changed("vm");
            return Task.FromResult((object)++_reads);
        });
        Assert.Equal(2, await ReadAsync());
    }

    [Fact]
    public async Task An_old_table_is_read_anew_although_nothing_was_told()
    {
        _cache.Forget(isFollowed: true);
        await ReadAsync();
        _time.Advance(TableCache.BelievedFor - TimeSpan.FromSeconds(1));
        Assert.Equal(1, await ReadAsync());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await ReadAsync());
    }

    /// <summary>A change of one class loses nothing that is read of another.</summary>
    [Fact]
    public async Task What_was_read_while_something_else_changed_is_kept()
    {
        _cache.Forget(isFollowed: true);
        await _cache.GetAsync("sr", () =>
        {
            _cache.Changed("vm");
            return Task.FromResult((object)++_reads);
        });
        Assert.Equal(1, await ReadAsync("sr"));
    }

    [Fact]
    public async Task What_the_events_bring_is_put_into_the_table()
    {
        var vms = await TableAsync();
        Assert.Equal("Halted", vms["OpaqueRef:1"].PowerState.ToString());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_cache.Note(Batch(2, Change("1", "Running"), Change("2", "Paused")), _time.GetTimestamp(), isNew: true));
        vms = await TableAsync();
        Assert.Equal("Running Paused", $"{vms["OpaqueRef:1"].PowerState} {vms["OpaqueRef:2"].PowerState}");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_cache.Note(Batch(1, Change("2", null)), _time.GetTimestamp(), isNew: true));
        Assert.Equal(["OpaqueRef:1"], (await TableAsync()).Keys);
        Assert.Equal(1, _reads);
    }

    /// <summary>A call that waited, a table that was read meanwhile, a record that is missing or cannot be read: XAPI is asked.</summary>
    [Theory]
    [InlineData("waited")]
    [InlineData("read meanwhile")]
    [InlineData("one is missing")]
    [InlineData("unreadable")]
    [InlineData("begins anew")]
    public async Task What_the_events_bring_is_not_trusted_blindly(string doubt)
    {
        await TableAsync();
        var sent = _time.GetTimestamp();
        if (doubt != "read meanwhile")
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            sent = _time.GetTimestamp();
        }

        var batch = Batch(doubt == "one is missing" ? 2 : 1, Change("1", doubt == "unreadable" ? "" : "Running"));
        Assert.False(doubt == "begins anew" ? Begins() : _cache.Note(batch, sent, isNew: doubt != "waited"));
        Assert.Equal("Halted", (await TableAsync())["OpaqueRef:1"].PowerState.ToString());
        Assert.Equal(2, _reads);

        bool Begins()
        {
            _cache.Forget(isFollowed: true);
            return _cache.Note(batch, sent, isNew: true);
        }
    }

    [Fact]
    public async Task Drives_keep_their_images_unless_one_is_new()
    {
        _cache.Forget(isFollowed: true);
        await DrivesAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        _cache.Note(Drive("OpaqueRef:i"), _time.GetTimestamp(), isNew: false);
        Assert.True((await DrivesAsync())["OpaqueRef:d"].CurrentlyAttached);
        Assert.Equal(2, _reads);
        _cache.Note(Drive("OpaqueRef:j"), _time.GetTimestamp(), isNew: false);
        await DrivesAsync();
        Assert.Equal(4, _reads);
    }

    private async Task<Dictionary<string, VBDRecord>> DrivesAsync()
    {
        await _cache.GetAsync("vdi", () => Task.FromResult(Table<VDI, VDIRecord>(
            """{"OpaqueRef:i":{"uuid":"i","name_label":"i","SR":"OpaqueRef:s","virtual_size":"1"}}""", VDIRecord.Parse)));
        var drives = await _cache.GetAsync("vbd", () => Task.FromResult(Table<VBD, VBDRecord>($$"""{"OpaqueRef:d":{{DriveJson("OpaqueRef:i", false)}}}""", VBDRecord.Parse)));
        return drives.ToDictionary(pair => pair.Key.Value, pair => pair.Value);
    }

    private static string DriveJson(string image, bool attached) =>
        $$"""{"uuid":"d","VM":"OpaqueRef:1","VDI":"{{image}}","type":"Disk","mode":"RW","empty":false,"currently_attached":{{(attached ? "true" : "false")}}}""";

    private static EventBatch Drive(string image) => Batch(-1, $$"""{"class":"vbd","operation":"mod","ref":"OpaqueRef:d","snapshot":{{DriveJson(image, true)}}}""");

    private async Task<Dictionary<string, VMRecord>> TableAsync()
    {
        if (_reads == 0)
        {
            _cache.Forget(isFollowed: true);
        }

        var table = await _cache.GetAsync("vm", () => Task.FromResult(Table<VM, VMRecord>($$"""{"OpaqueRef:1":{{VmJson("1", "Halted")}}}""", VMRecord.Parse)));
        return table.ToDictionary(pair => pair.Key.Value, pair => pair.Value);
    }

    private RecordTable<T, TRecord> Table<T, TRecord>(string json, Func<XenJson, TRecord> parse)
    {
        _reads++;
        return new XenJson("table", JsonDocument.Parse(json).RootElement).AsRecords<T, TRecord>(parse);
    }

    private static string Change(string vm, string? state) => state is null
        ? $$"""{"class":"vm","operation":"del","ref":"OpaqueRef:{{vm}}"}"""
        : $$"""{"class":"vm","operation":"mod","ref":"OpaqueRef:{{vm}}","snapshot":{{(state.Length == 0 ? "{}" : VmJson(vm, state))}}}""";

    private static string VmJson(string vm, string state) =>
        $$$"""
        {"uuid":"{{{vm}}}","name_label":"x","power_state":"{{{state}}}","resident_on":"OpaqueRef:NULL","is_a_template":false,"is_a_snapshot":false,
         "is_control_domain":false,"memory_static_max":1,"memory_overhead":3,"ha_restart_priority":"restart","order":1,"start_delay":30,
         "other_config":{},"blocked_operations":{},"current_operations":{}}
        """;

    private static EventBatch Batch(int vms, params string[] events)
    {
        var counts = vms < 0 ? "" : $"\"vm\":{vms}";
        var json = $"{{\"events\":[{string.Join(',', events)}],\"valid_ref_counts\":{{{counts}}},\"token\":\"1\"}}";
        return EventBatch.Parse(new XenJson("event.from", JsonDocument.Parse(json).RootElement), isComplete: false);
    }

    private async Task<int> ReadAsync(string table = "vm") => (int)await _cache.GetAsync(table, () => Task.FromResult((object)++_reads));
}
