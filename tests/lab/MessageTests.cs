using TwoNodeHa.Core.Operator;
using TwoNodeHa.Ctl.Tests.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Lab.Tests;

/// <summary>Messages as the emulated XAPI keeps them, through the daemon's own client.</summary>
public sealed class MessageTests : IDisposable
{
    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("tnha-msg").FullName;

    public void Dispose() => System.IO.Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_message_is_found_at_its_object_with_name_priority_and_body()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var xapi = await EmulatedXapi.StartAsync(_directory, EmulatedXapi.Pool());
        await using var station = new XapiStation(xapi.Socket);
        await using var client = XenApiClient.ForUnixSocket(xapi.Socket);
        var session = await client.LoginLocalAsync(TimeSpan.FromSeconds(10), cancel);
        var hosts = await session.Host.GetAllRecordsAsync(TimeSpan.FromSeconds(10), cancel);
        var host = Guid.Parse(hosts.Values.First().Uuid);

        Assert.Equal(Delivery.Done, await station.WriteAsync(new XapiMessage("HA_HOST_FAILED", 3, MessageObject.Host, host, "„beta“ is silent"), cancel));
        Assert.Equal(Delivery.Done, await station.WriteAsync(new XapiMessage("TWONODEHA_NOT_COVERED", 3, MessageObject.Pool, Guid.Empty, "db does not fit"), cancel));
        Assert.Equal(Delivery.Refused, await station.WriteAsync(new XapiMessage("HA_PROTECTED_VM_RESTART_FAILED", 2, MessageObject.Vm, Guid.NewGuid(), "gone"), cancel));

        var all = await session.Message.GetAllAsync(TimeSpan.FromSeconds(10), cancel);
        Assert.Equal(2, all.Length);
        var first = await session.Message.GetRecordAsync(all[0], TimeSpan.FromSeconds(10), cancel);
        var second = await session.Message.GetRecordAsync(all[1], TimeSpan.FromSeconds(10), cancel);
        var failed = first.Name == "HA_HOST_FAILED" ? first : second;
        Assert.Equal(new MessageRecord("HA_HOST_FAILED", 3, "Host", host.ToString(), "„beta“ is silent"), failed);
        Assert.Equal("Pool", (first.Name == "HA_HOST_FAILED" ? second : first).Class);
    }

    [Fact]
    public async Task Without_a_toolstack_nothing_is_written_and_it_is_tried_later()
    {
        await using var station = new XapiStation(Path.Combine(_directory, "no-xapi"));
        Assert.Equal(Delivery.Later, await station.WriteAsync(new XapiMessage("TWONODEHA_HOLDING", 2, MessageObject.Pool, Guid.Empty, "holding"), TestContext.Current.CancellationToken));
    }
}
