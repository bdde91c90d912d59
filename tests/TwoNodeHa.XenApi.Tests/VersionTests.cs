using TwoNodeHa.XenApi.Tests.Support;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>JSON-RPC 2.0 where possible, 1.0 where needed.</summary>
public sealed class VersionTests
{
    private const string V1Login = """{"result":"OpaqueRef:s1","error":null,"id":1}""";

    [Fact]
    public async Task Server_Of2_0_IsSpokenToIn2_0()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"));

        await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.All(dialogue.Server.Requests, request => Assert.True(request.IsV2));
        Assert.Equal(RpcVersion.V2, dialogue.Client.Version);
    }

    [Fact]
    public async Task Server_IgnoringTheVersion_IsUnderstoodAtOnceAndSpokenToIn1_0Afterwards()
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(_ => Reply.Json(V1Login));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        Session session = await client.LoginAsync(Dialogue.Deadline, Dialogue.Token);
        await session.LogoutAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.Equal([true, false], server.Requests.Select(request => request.IsV2));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(200)]
    public async Task Server_Rejecting2_0_IsAskedAgainIn1_0(int status)
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(
            request => request.IsV2 ? Reply.Http(status, "text/html", "<html></html>") : Reply.Json(V1Login));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        Session session = await client.LoginAsync(Dialogue.Deadline, Dialogue.Token);
        await session.LogoutAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.Equal([true, false, false], server.Requests.Select(request => request.IsV2));
        Assert.Equal(RpcVersion.V1, client.Version);
    }

    [Fact]
    public async Task Refusal_InEmergencyMode_SettlesNothing()
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(
            _ => Reply.Json("""{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}"""));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        await Assert.ThrowsAsync<XenApiFailure>(() => client.LoginAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(RpcVersion.Unknown, client.Version);
    }

    [Fact]
    public async Task Write_Http500AfterVersionIsSettled_IsNotTriedIn1_0()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Http(500, "text/html", ""));

        await Assert.ThrowsAsync<XenApiTransportException>(
            () => dialogue.Session.Pool.SyncDatabaseAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(1, dialogue.Server.Count("pool.sync_database"));
    }
}
