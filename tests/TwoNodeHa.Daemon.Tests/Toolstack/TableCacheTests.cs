using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi.Tests.Support;

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

    private async Task<int> ReadAsync(string table = "vm") => (int)await _cache.GetAsync(table, () => Task.FromResult((object)++_reads));
}
