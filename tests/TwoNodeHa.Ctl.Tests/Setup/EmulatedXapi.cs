using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Machine;
using TwoNodeHa.Sim.Pool;
using Xunit;

namespace TwoNodeHa.Ctl.Tests.Setup;

/// <summary>The master of an emulated pool on a unix socket, as init finds it: two networks, shared storage, no VMs.</summary>
internal sealed class EmulatedXapi : IAsyncDisposable
{
    private readonly EmulatedNode _node;

    private EmulatedXapi(EmulatedNode node) => _node = node;

    public string Socket => _node.Directory.XapiSocket;

    public string Inventory => _node.Directory.Inventory;

    public static PoolDefinition Pool(
        string second = "10.20.40.", Dictionary<string, string>? otherConfig = null, string gateway = "10.20.30.1") => PoolDefinition.Parse($$"""
        { "hosts": [ { "name": "xcp1", "address": "10.20.30.11", "port": {{FreePort()}}, "gateway": "{{gateway}}", "second_address": "{{Address(second, 11)}}" },
                     { "name": "xcp2", "address": "10.20.30.12", "port": {{FreePort()}}, "gateway": "{{gateway}}", "second_address": "{{Address(second, 12)}}" } ],
          "srs": [ { "name": "san", "shared": true } ] }
        """) with { OtherConfig = otherConfig ?? [] };

    public static async Task<EmulatedXapi> StartAsync(string directory, PoolDefinition pool)
    {
        var node = new EmulatedNode(new NodeOptions
        {
            Pool = pool, HostName = "xcp1", Directory = new HostDirectory(Path.Combine(directory, "xcp1"), Path.Combine(directory, "shared")), Seed = 1, Exit = _ => { },
        });
        await node.BootAsync();
        for (var wait = 0; wait < 600 && !File.Exists(Path.Combine(node.Directory.Root, "init-complete.cookie")); wait++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        return new EmulatedXapi(node);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.ShutdownAsync();
        await _node.DisposeAsync();
    }

    private static string Address(string prefix, int host) => prefix.Length == 0 ? "" : prefix + host;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
