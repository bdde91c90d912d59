using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Ctl.Tests.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Mirroring;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Lab.Tests;

/// <summary>What outlives a wiped disk as the emulated XAPI keeps it, through the daemon's own client and the reader of its facts.</summary>
public sealed class MirrorTests : IDisposable
{
    private static readonly Guid s_self = Guid.Parse(PoolDefinition.UuidOf("host", "xcp1"));
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("tnha-mirror").FullName;

    public void Dispose() => System.IO.Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Copies_are_written_replaced_and_found_by_the_next_daemon()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        await using var station = new XapiMirrorStation(xapi.Socket, s_self);
        var before = Assert.IsType<Entries>(await station.ReadAsync(cancel));
        Assert.Equal((null, null), (before.Config, before.State));
        Assert.Null(await MirroredAsync(xapi));

        const string Text = "profile = fast\n\t# „ärger“ & <tags>\r\n";
        Assert.Equal(Delivery.Done, await station.WriteConfigAsync(ConfigMirror.Encode(before.Pool, "old")!, cancel));
        Assert.Equal(Delivery.Done, await station.WriteConfigAsync(ConfigMirror.Encode(before.Pool, Text)!, cancel));
        Assert.Equal(Delivery.Done, await station.WriteStateAsync(new MirroredState(true, 5).Text, cancel));

        await using var next = new XapiMirrorStation(xapi.Socket, s_self);
        var found = Assert.IsType<Entries>(await next.ReadAsync(cancel));
        Assert.Equal(Text, ConfigMirror.Decode(found.Pool, found.Config!, out _));
        Assert.Equal(new MirroredState(true, 5), await MirroredAsync(xapi));
    }

    [Fact]
    public async Task Without_a_toolstack_nothing_is_read_and_it_is_tried_later()
    {
        await using var station = new XapiMirrorStation(Path.Combine(_directory, "no-xapi"), s_self);
        Assert.Null(await station.ReadAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<MirroredState?> MirroredAsync(EmulatedXapi xapi)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var client = XenApiClient.ForUnixSocket(xapi.Socket);
        var session = await client.LoginLocalAsync(s_limit, cancel);
        return (await new DatabaseReader(s_self, new TableCache()).ReadAsync(session, master: true, s_limit, cancel)).Mirrored;
    }
}
