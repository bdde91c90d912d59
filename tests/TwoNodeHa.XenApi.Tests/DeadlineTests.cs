using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Nothing outlives its deadline, whatever the server does. The clock is moved by hand.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly XenRef<VM> AnyVM = new("OpaqueRef:v1");
    private readonly ManualTime _time = new();

    private XenApiClientOptions Options => Dialogue.Quick with { TimeProvider = _time };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_AcceptsAndIsSilentOrDrips_CallEndsWithTheDeadline(bool drips)
    {
        byte[] head = Reply.Head(200, "application/json", 1_000_000);
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => drips ? new Reply.Drip(head) : new Reply.Hang(), Options);

        Task call = dialogue.Session.VM.HardShutdownAsync(AnyVM, Deadline, Dialogue.Token);
        await dialogue.Server.ArrivalAsync("VM.hard_shutdown", Dialogue.Token);
        Assert.False(call.IsCompleted);
        _time.Advance(Deadline);

        await AssertExpiredAsync(call);
        Assert.Equal(1, dialogue.Server.Count("VM.hard_shutdown"));
    }

    [Fact]
    public async Task Read_Hanging_IsNotRepeatedBeyondItsDeadline()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => new Reply.Hang(), Options);

        Task call = dialogue.Session.Host.IsInEmergencyModeAsync(Deadline, Dialogue.Token);
        await dialogue.Server.ArrivalAsync("host.is_in_emergency_mode", Dialogue.Token);
        _time.Advance(Deadline);

        await AssertExpiredAsync(call);
        Assert.Equal(1, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    [Fact]
    public async Task Handshake_Hanging_EndsWithTheDeadline()
    {
        await using ScriptedServer server = ScriptedServer.OnTcp(_ => new Reply.Hang());
        server.IgnoresConnections = true;
        await using var client = XenApiClient.ForHttps("127.0.0.1", server.Port, Options);

        Task call = client.LoginAsync(Deadline, Dialogue.Token);
        await server.ConnectionAsync(Dialogue.Token);
        _time.Advance(Deadline);

        await AssertExpiredAsync(call);
    }

    [Fact]
    public async Task Renewal_Hanging_EndsWithTheDeadlineOfTheCall()
    {
        int logins = 0;
        await using ScriptedServer server = ScriptedServer.OnUnixSocket(request => request.Method switch
        {
            "session.login_with_password" when logins++ == 0 => Reply.Result("\"OpaqueRef:s1\""),
            "session.login_with_password" => new Reply.Hang(),
            _ => Reply.Error(XenApiErrorCode.SessionInvalid, "OpaqueRef:s1"),
        });
        await using var client = XenApiClient.ForUnixSocket(server.Path, Options);
        Session session = await client.LoginAsync(Deadline, Dialogue.Token);
        await server.ArrivalAsync("session.login_with_password", Dialogue.Token);

        Task call = session.Host.IsInEmergencyModeAsync(Deadline, Dialogue.Token);
        await server.ArrivalAsync("session.login_with_password", Dialogue.Token);
        _time.Advance(Deadline);

        await AssertExpiredAsync(call);
    }

    [Fact]
    public async Task Delay_BetweenAttempts_EndsWithTheDeadline()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => new Reply.Cut(), Options with { ReadRetryDelay = TimeSpan.FromHours(1) });

        Task call = dialogue.Session.Host.IsInEmergencyModeAsync(Deadline, Dialogue.Token);
        await dialogue.Server.ArrivalAsync("host.is_in_emergency_mode", Dialogue.Token);
        while (dialogue.Client.OutstandingCalls > 0)
        {
            await Task.Yield();
        }

        _time.Advance(Deadline);

        await AssertExpiredAsync(call);
    }

    [Fact]
    public async Task Caller_Cancels_SurfacesAsCancellation()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Dialogue.Token);
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => new Reply.Hang(), Options);

        Task call = dialogue.Session.VM.HardShutdownAsync(AnyVM, Deadline, cancel.Token);
        await dialogue.Server.ArrivalAsync("VM.hard_shutdown", Dialogue.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(86_401)]
    public async Task Deadline_NotSane_IsRefused(int seconds)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"), Options);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => dialogue.Session.Host.IsInEmergencyModeAsync(TimeSpan.FromSeconds(seconds), Dialogue.Token));
    }

    [Fact]
    public async Task Outstanding_AtTheLimit_FurtherCallsAreRefusedAtOnceAndLaterAccepted()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            request => request.Method == "VM.hard_shutdown" ? new Reply.Hang() : Reply.Result("true"),
            Options with { OutstandingCallsMax = 2 });
        Task[] hung =
        [
            dialogue.Session.VM.HardShutdownAsync(AnyVM, Deadline, Dialogue.Token),
            dialogue.Session.VM.HardShutdownAsync(AnyVM, Deadline, Dialogue.Token),
        ];

        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => dialogue.Session.Host.IsInEmergencyModeAsync(Deadline, Dialogue.Token));
        Assert.Equal(TransportFault.TooManyCalls, error.Fault);
        Assert.Equal(CallOutcome.NotSent, error.Outcome);
        Assert.Equal(2, dialogue.Client.OutstandingCalls);

        await dialogue.Server.ArrivalAsync("VM.hard_shutdown", Dialogue.Token);
        await dialogue.Server.ArrivalAsync("VM.hard_shutdown", Dialogue.Token);
        _time.Advance(Deadline);
        await AssertExpiredAsync(hung[0]);
        await AssertExpiredAsync(hung[1]);
        while (dialogue.Client.OutstandingCalls > 0)
        {
            await Task.Yield();
        }

        Assert.True(await dialogue.Session.Host.IsInEmergencyModeAsync(Deadline, Dialogue.Token));
    }

    private static async Task AssertExpiredAsync(Task call)
    {
        // The wait has a limit of its own, so that a call ignoring its deadline fails the test instead of hanging it.
        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => call.WaitAsync(TimeSpan.FromSeconds(30), Dialogue.Token));
        Assert.Equal(TransportFault.DeadlineExpired, error.Fault);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
        Assert.True(error.IsTransient);
    }
}
