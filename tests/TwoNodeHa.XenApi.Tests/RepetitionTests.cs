using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Reads are repeated within bounds, writes are not, answers never are.</summary>
public sealed class RepetitionTests
{
    public static TheoryData<string> Faults => ["cut", "500", "html"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Read_NoUsableAnswer_IsRepeatedUntilThereIsOne(string fault)
    {
        int calls = 0;
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => ++calls < 3 ? Fault(fault) : Reply.Result("true"));

        Assert.True(await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(3, calls);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Read_NeverAUsableAnswer_IsGivenUpAfterTheConfiguredAttempts(string fault)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => Fault(fault), Dialogue.Quick with { ReadAttemptsMax = 4 });

        await Assert.ThrowsAnyAsync<XenApiException>(
            () => dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(4, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    [Fact]
    public async Task Read_SingleAttemptConfigured_IsNotRepeated()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => new Reply.Cut(), Dialogue.Quick with { ReadAttemptsMax = 1 });

        await Assert.ThrowsAsync<XenApiTransportException>(
            () => dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(1, dialogue.Server.Count("host.is_in_emergency_mode"));
    }

    [Theory]
    [InlineData(XenApiErrorCode.InternalError)]
    [InlineData(XenApiErrorCode.HostStillBooting)]
    public async Task Read_CodedError_IsAnAnswerAndNotRepeated(string code)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Error(code), local: true);

        await Assert.ThrowsAsync<XenApiFailure>(
            () => dialogue.Session.Host.LocalAssertHealthyAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(1, dialogue.Server.Count("host.local_assert_healthy"));
    }

    [Theory]
    [InlineData(CallKind.Write, "cut")]
    [InlineData(CallKind.Write, "500")]
    [InlineData(CallKind.Write, "html")]
    [InlineData(CallKind.WriteOnce, "cut")]
    [InlineData(CallKind.WriteOnce, "500")]
    [InlineData(CallKind.ReadOnce, "cut")]
    public async Task OtherThanRead_NoUsableAnswer_IsMadeExactlyOnce(CallKind kind, string fault)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Fault(fault));
        var call = new XenApiCall("VM.something", kind, [JsonValue.Create(1)]);

        var error = await Assert.ThrowsAnyAsync<XenApiException>(
            () => dialogue.Session.CallAsync(call, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(CallOutcome.Unknown, error.Outcome);
        Assert.Equal(1, dialogue.Server.Count("VM.something"));
    }

    [Fact]
    public async Task Call_KindNotStated_IsRefused()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result("true"));

        await Assert.ThrowsAsync<ArgumentException>(() => dialogue.Session.CallAsync(
            new XenApiCall("VM.something", CallKind.Unknown, []), Dialogue.Deadline, Dialogue.Token));
    }

    private static Reply Fault(string fault) => fault switch
    {
        "cut" => new Reply.Cut(),
        "500" => Reply.Http(500, "text/html", "<html></html>"),
        _ => Reply.Json("<html></html>"),
    };
}
