using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Login, renewal, and what is repeated afterwards.</summary>
public sealed class SessionTests
{
    private static readonly XenRef<VM> AnyVM = new("OpaqueRef:v1");

    [Fact]
    public async Task Login_Pool_GivesTheUniqueOriginator()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"));

        ReceivedRequest login = dialogue.Server.Requests[0];
        Assert.Equal("session.login_with_password", login.Method);
        Assert.Equal("twonodeha", login.Parameters[3].GetString());
        Assert.False(dialogue.Session.IsLocal);
        Assert.Equal("OpaqueRef:s1", dialogue.Session.Reference);
    }

    [Fact]
    public async Task Login_PoolSecret_IsSentAlone()
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(Dialogue.GrantingLogins(_ => new Reply.Cut()));
        await using var client = XenApiClient.ForUnixSocket(server.Path);

        await using Session session = await client.LoginLocalWithPoolSecretAsync(
            "secret", Dialogue.Deadline, Dialogue.Token);

        Assert.True(session.IsLocal);
        Assert.Equal("[\"secret\"]", server.Requests[0].Parameters.GetRawText());
    }

    [Fact]
    public async Task Login_Refused_IsNotRepeated()
    {
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(
            _ => Reply.Error(XenApiErrorCode.SessionAuthenticationFailed, "root", "no"));
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);

        var failure = await Assert.ThrowsAsync<XenApiFailure>(
            () => client.LoginWithPasswordAsync("root", "wrong", Dialogue.Deadline, Dialogue.Token));

        Assert.False(failure.IsTransient);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(false, "session.logout")]
    [InlineData(true, "session.local_logout")]
    public async Task Dispose_LogsOutTheRightWay_Once(bool local, string logout)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"), local: local);

        await dialogue.Session.DisposeAsync();
        await dialogue.Session.DisposeAsync();

        Assert.Equal(1, dialogue.Server.Count(logout));
        Assert.Equal("OpaqueRef:s1", dialogue.Server.Requests[^1].Session);
    }

    [Fact]
    public async Task Dispose_SessionUsedAgainAfterLogout_LogsOutTheNewOne()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"));
        await dialogue.Session.LogoutAsync(Dialogue.Deadline, Dialogue.Token);
        await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);

        await dialogue.Session.DisposeAsync();

        Assert.Equal("OpaqueRef:s2", dialogue.Server.Requests[^1].Session);
        Assert.Equal(2, dialogue.Server.Count("session.logout"));
    }

    [Fact]
    public async Task Read_SessionRefused_IsMadeOnceMoreWithANewSession()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"));

        Assert.True(await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(2, dialogue.Session.Generation);
        Assert.Equal("OpaqueRef:s2", dialogue.Session.Reference);
        Assert.Equal(2, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    [Fact]
    public async Task Read_SessionRefusedAgain_FailsInsteadOfLooping()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Refuse);

        var failure = await Assert.ThrowsAsync<XenApiFailure>(
            () => dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(XenApiErrorCode.SessionInvalid, failure.Code);
        Assert.Equal(2, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    [Fact]
    public async Task Write_SessionRefused_IsMadeOnceMore_BecauseTheRefusalProvesItHadNoEffect()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"));

        await dialogue.Session.VM.PowerStateResetAsync(AnyVM, Dialogue.Deadline, Dialogue.Token);

        Assert.Equal(2, dialogue.Server.Count("VM.power_state_reset"));
    }

    [Fact]
    public async Task Write_AnotherSessionRefused_IsNotRepeated()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => Reply.Error(XenApiErrorCode.SessionInvalid, "OpaqueRef:inner"));

        await Assert.ThrowsAsync<XenApiFailure>(
            () => dialogue.Session.VM.PowerStateResetAsync(AnyVM, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(1, dialogue.Server.Count("VM.power_state_reset"));
        Assert.Equal(1, dialogue.Session.Generation);
    }

    [Fact]
    public async Task WriteOnce_SessionRefused_RenewsTheSessionButIsNotRepeated()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"), local: true);

        var failure = await Assert.ThrowsAsync<XenApiFailure>(
            () => dialogue.Session.Pool.EmergencyTransitionToMasterAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(CallOutcome.Failed, failure.Outcome);
        Assert.True(failure.IsTransient);
        Assert.Equal(1, dialogue.Server.Count("pool.emergency_transition_to_master"));
        Assert.Equal(2, dialogue.Session.Generation);
    }

    [Fact]
    public async Task Write_RenewalFails_StillTellsThatNothingWasExecuted()
    {
        int logins = 0;
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(request => request.Method switch
        {
            "session.login_with_password" when logins++ == 0 => Reply.Result("\"OpaqueRef:s1\""),
            "session.login_with_password" => new Reply.Cut(),
            _ => Refuse(request),
        });
        await using var client = XenApiClient.ForUnixSocket(server.Path, Dialogue.Quick);
        Session session = await client.LoginAsync(Dialogue.Deadline, Dialogue.Token);

        var failure = await Assert.ThrowsAsync<XenApiFailure>(
            () => session.VM.PowerStateResetAsync(AnyVM, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(CallOutcome.Failed, failure.Outcome);
        Assert.IsType<XenApiTransportException>(failure.InnerException);
    }

    [Fact]
    public async Task LocalSession_Refused_IsEndedBeforeANewOneIsMade()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"), local: true);

        await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.Equal(
            ["session.slave_local_login_with_password", "host.is_in_emergency_mode", "session.local_logout",
                "session.slave_local_login_with_password", "host.is_in_emergency_mode"],
            dialogue.Server.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task LocalSession_ServerRestarted_WorksAgainOnTheSameClient()
    {
        string path = ScriptedServer.NewSocketPath();
        ScriptedServer first = ScriptedServer.OnUnixSocket(Dialogue.GrantingLogins(_ => Reply.Result("true")), path);
        await using var client = XenApiClient.ForUnixSocket(path, Dialogue.Quick);
        Session session = await client.LoginLocalAsync(Dialogue.Deadline, Dialogue.Token);
        await first.DisposeAsync();
        await using ScriptedServer second = ScriptedServer.OnUnixSocket(
            request => request.Method switch
            {
                "session.local_logout" => Refuse(request),
                "session.slave_local_login_with_password" => Reply.Result("\"OpaqueRef:new\""),
                _ => request.Session == "OpaqueRef:new" ? Reply.Result("false") : Refuse(request),
            },
            path);

        Assert.False(await session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));
        Assert.Equal("OpaqueRef:new", session.Reference);
    }

    [Fact]
    public async Task Renewal_ByManyCallsAtOnce_HappensOnce()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(Forgetting("OpaqueRef:s1"));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token)));

        Assert.Equal(2, dialogue.Session.Generation);
        Assert.Equal(2, dialogue.Server.Count("session.login_with_password"));
    }

    private static Reply Refuse(ReceivedRequest request) =>
        Reply.Error(XenApiErrorCode.SessionInvalid, request.Session);

    private static Func<ReceivedRequest, Reply> Forgetting(string session) =>
        request => request.Session == session ? Refuse(request) : Reply.Result("true");
}
