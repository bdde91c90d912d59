using TwoNodeHa.Core.Operator;
using TwoNodeHa.Ctl.Tests.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Lab.Tests;

/// <summary>Custom fields as the emulated XAPI keeps them, through the daemon's own client.</summary>
public sealed class FieldTests : IDisposable
{
    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("tnha-field").FullName;

    public void Dispose() => System.IO.Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_field_of_the_pool_and_of_a_VM_is_written_replaced_and_removed()
    {
        var cancel = TestContext.Current.CancellationToken;
        var pool = EmulatedXapi.Pool() with { Vms = [new VmDefinition { Name = "sql", Uuid = "5f3c2b8e-0d7a-4a6e-9a41-2f1f0f6b7c11", Sr = "san" }] };
        await using var xapi = await EmulatedXapi.StartAsync(_directory, pool);
        await using var station = new XapiFieldStation(xapi.Socket);
        Assert.Empty(Assert.IsType<Dictionary<Guid, string>>(await station.ReadAsync(cancel)));

        await using var client = XenApiClient.ForUnixSocket(xapi.Socket);
        var session = await client.LoginLocalAsync(TimeSpan.FromSeconds(10), cancel);
        var vms = await session.VM.GetAllRecordsAsync(TimeSpan.FromSeconds(10), cancel);
        var sql = Guid.Parse(vms.Values.Single(vm => vm.NameLabel == "sql").Uuid);

        Assert.Equal(Delivery.Done, await station.WriteAsync(Guid.Empty, "covered", cancel));
        Assert.Equal(Delivery.Done, await station.WriteAsync(sql, "protected", cancel));
        Assert.Equal(Delivery.Done, await station.WriteAsync(sql, "DOWN: „no memory“", cancel));
        Assert.Equal(Delivery.Refused, await station.WriteAsync(Guid.NewGuid(), "created since", cancel));
        await using var other = new XapiFieldStation(xapi.Socket);
        var found = await other.ReadAsync(cancel);
        Assert.Equal(new Dictionary<Guid, string> { [Guid.Empty] = "covered", [sql] = "DOWN: „no memory“" }, found);

        var record = (await session.VM.GetAllRecordsAsync(TimeSpan.FromSeconds(10), cancel)).Values.Single(vm => vm.NameLabel == "sql");
        Assert.Equal("DOWN: „no memory“", record.OtherConfig[FieldText.Key]);

        Assert.Equal(Delivery.Done, await station.WriteAsync(sql, null, cancel));
        Assert.Equal([Guid.Empty], (await other.ReadAsync(cancel))!.Keys);
    }

    [Fact]
    public async Task Without_a_toolstack_nothing_is_read_and_it_is_tried_later()
    {
        await using var station = new XapiFieldStation(Path.Combine(_directory, "no-xapi"));
        Assert.Null(await station.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Delivery.Later, await station.WriteAsync(Guid.Empty, "covered", TestContext.Current.CancellationToken));
    }
}
