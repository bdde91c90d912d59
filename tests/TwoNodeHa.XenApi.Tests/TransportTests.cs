using System.Text;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Bytes: sizes, headers, broken connections.</summary>
public sealed class TransportTests
{
    private static readonly XenRef<VM> AnyVM = new("OpaqueRef:v1");

    [Fact]
    public async Task Request_Headers_SuitXapi()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"));

        await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);

        string head = dialogue.Server.Requests[^1].Head;
        Assert.StartsWith("POST /jsonrpc HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("User-Agent: twonodeha\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Content-Length: ", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Expect", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Request_Text_TravelsAsUtf8()
    {
        const string Text = "Größe \"quoted\" \\ 漢 \U0001F600\n";
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("\"\""));

        await dialogue.Session.VM.OtherConfig.AddAsync(AnyVM, "key", Text, Dialogue.Deadline, Dialogue.Token);

        Assert.Equal(Text, dialogue.Server.Requests[^1].Parameters[3].GetString());
    }

    [Fact]
    public async Task Request_TooLarge_IsRefusedBeforeSending()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("\"\""));
        string text = new('x', 300 * 1024);

        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => dialogue.Session.VM.OtherConfig.AddAsync(
            AnyVM, "key", text, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(TransportFault.RequestTooLarge, error.Fault);
        Assert.Equal(CallOutcome.NotSent, error.Outcome);
        Assert.False(error.IsTransient);
        Assert.Single(dialogue.Server.Requests);
        Assert.Equal(0, dialogue.Client.OutstandingCalls);
    }

    [Fact]
    public async Task Response_Huge_IsReadWithinTheLimit()
    {
        string text = new('x', 5_000_000);
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result($$"""{"a":"{{text}}"}"""));

        var map = await dialogue.Session.VM.OtherConfig.GetAsync(AnyVM, Dialogue.Deadline, Dialogue.Token);

        Assert.Equal(text.Length, map["a"].Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_TooLarge_IsATransportFault(bool announced)
    {
        string body = $$"""{"result":"{{new string('x', 5000)}}"}""";
        byte[] unannounced = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\n" + body);
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => announced ? Reply.Json(body) : new Reply.Bytes(unannounced),
            Dialogue.Quick with { ResponseBytesMax = 4096 });

        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => ReadAsync(dialogue));

        Assert.Equal(TransportFault.ResponseTooLarge, error.Fault);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
        Assert.Equal(1, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    public static TheoryData<string> BrokenAnswers => ["cut", "truncated", "half head", "silent close"];

    [Theory]
    [MemberData(nameof(BrokenAnswers))]
    public async Task Write_AnswerBroken_HasUnknownOutcomeAndIsNotRepeated(string how)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Broken(how));

        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => dialogue.Session.VM.HardShutdownAsync(AnyVM, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(TransportFault.ConnectionLost, error.Fault);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
        Assert.True(error.IsTransient);
        Assert.Equal(1, dialogue.Server.Count("VM.hard_shutdown"));
    }

    [Fact]
    public async Task Answer_NotHttp_IsAProtocolError()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => new Reply.Bytes("SSH-2.0-OpenSSH_9.9\r\n\r\n"u8.ToArray()));

        var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(dialogue));

        Assert.Equal(CallOutcome.Unknown, error.Outcome);
    }

    [Fact]
    public async Task Connect_NoSocketFile_IsProvablyNotSent()
    {
        await using var client = XenApiClient.ForUnixSocket(ScriptedServer.NewSocketPath(), Dialogue.Quick);

        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => client.LoginLocalAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(TransportFault.ConnectFailed, error.Fault);
        Assert.Equal(CallOutcome.NotSent, error.Outcome);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task Write_ServerGoneSinceLogin_IsProvablyNotSent()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("\"\""));
        await dialogue.Server.DisposeAsync();

        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => dialogue.Session.VM.HardShutdownAsync(AnyVM, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(CallOutcome.NotSent, error.Outcome);
    }

    [Fact]
    public async Task Client_Disposed_RefusesCalls()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"));
        await dialogue.Client.DisposeAsync();

        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => ReadAsync(dialogue));

        Assert.Equal(TransportFault.ClientDisposed, error.Fault);
        await dialogue.Session.DisposeAsync();
    }

    private static Reply Broken(string how) => how switch
    {
        "cut" => new Reply.Cut(),
        "truncated" => Reply.Truncated("""{"jsonrpc":"2.0","res""", announced: 400),
        "half head" => new Reply.Bytes("HTTP/1.1 200 OK\r\nContent-Le"u8.ToArray()),
        _ => new Reply.Bytes([]),
    };

    private static Task<bool> ReadAsync(Dialogue dialogue) =>
        dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);
}
