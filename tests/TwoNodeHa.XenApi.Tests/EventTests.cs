using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>event.from: the token, and when it must be forgotten.</summary>
public sealed class EventTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task From_FirstAndNext_CarriesTheToken()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(request => Batch(TokenOf(request) + "a"));
        Event events = dialogue.Session.NewEvent("vm", "host");

        EventBatch first = await NextAsync(events);
        EventBatch second = await NextAsync(events);

        Assert.True(first.IsComplete);
        Assert.False(second.IsComplete);
        Assert.Equal("aa", second.Token);
        Assert.Equal(["", "a"], Sent(dialogue));
        Assert.Equal("[\"vm\",\"host\"]", dialogue.Server.Requests[^1].Parameters[1].GetRawText());
        Assert.Equal("2.0", dialogue.Server.Requests[^1].Parameters[3].GetRawText());
    }

    [Fact]
    public async Task From_NewSession_DropsTheToken()
    {
        bool forgotten = false;
        await using Dialogue dialogue = await Dialogue.OpenAsync(request =>
            forgotten && request.Session == "OpaqueRef:s1" ? Refuse(request) : Batch("t"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);
        forgotten = true;

        await Assert.ThrowsAsync<XenApiFailure>(() => NextAsync(events));
        EventBatch batch = await NextAsync(events);

        Assert.True(batch.IsComplete);
        Assert.Equal(["", "t", ""], Sent(dialogue));
    }

    [Fact]
    public async Task From_SessionRenewedByAnotherCall_DropsTheTokenWithoutAFailure()
    {
        bool forgotten = false;
        await using Dialogue dialogue = await Dialogue.OpenAsync(request =>
            forgotten && request.Session == "OpaqueRef:s1" ? Refuse(request)
            : request.Method == "event.from" ? Batch("t") : Reply.Result("true"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);
        forgotten = true;
        await dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.Equal("", events.Token);
        Assert.True((await NextAsync(events)).IsComplete);
        Assert.Equal(["", ""], Sent(dialogue));
    }

    [Fact]
    public async Task From_TokenNotUnderstood_StartsOver()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(request => TokenOf(request).Length > 0
            ? Reply.Error(XenApiErrorCode.EventFromTokenParseFailure, TokenOf(request))
            : Batch("t"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);

        await Assert.ThrowsAsync<XenApiFailure>(() => NextAsync(events));

        Assert.True((await NextAsync(events)).IsComplete);
    }

    [Fact]
    public async Task From_NoUsableAnswer_IsNotRepeatedAndKeepsTheToken()
    {
        int calls = 0;
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => ++calls == 2 ? new Reply.Cut() : Batch("t"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);

        await Assert.ThrowsAsync<XenApiTransportException>(() => NextAsync(events));

        Assert.Equal(2, calls);
        Assert.Equal("t", events.Token);
    }

    [Fact]
    public async Task From_MalformedAnswer_KeepsTheToken()
    {
        int calls = 0;
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => ++calls == 2 ? Reply.Result("""{"events":[],"valid_ref_counts":{}}""") : Batch("t"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);

        var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => NextAsync(events));

        Assert.Equal("event.from.token", error.Field);
        Assert.Equal("t", events.Token);
    }

    [Fact]
    public async Task Resynchronize_AsksForACompletePicture()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Batch("t"));
        Event events = dialogue.Session.NewEvent("vm");
        await NextAsync(events);

        events.Resynchronize();

        Assert.True((await NextAsync(events)).IsComplete);
    }

    [Fact]
    public async Task From_SessionRenewedWhileSending_DiscardsTheAnswerToTheStaleToken()
    {
        var api = new RenewingApi();
        var events = new Event(api, "vm");
        await NextAsync(events);
        api.RenewsDuringCall = true;

        EventBatch stale = await NextAsync(events);
        EventBatch fresh = await NextAsync(events);

        Assert.Empty(stale.Events);
        Assert.False(stale.IsComplete);
        Assert.True(fresh.IsComplete);
    }

    [Fact]
    public async Task Batch_IsRead()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(
            """
            {"events":[
              {"id":1,"timestamp":"0.0","class":"pool","operation":"add","ref":"OpaqueRef:p","snapshot":{"uuid":"u",
                "name_label":"n","master":"OpaqueRef:h","ha_enabled":false,"other_config":{}}},
              {"id":2,"timestamp":"0.0","class":"vm","operation":"del","ref":"OpaqueRef:v","snapshot":null},
              {"id":3,"timestamp":"0.0","class":"Host","operation":"fly","ref":"OpaqueRef:h"}],
             "valid_ref_counts":{"vm":12,"Pool":1},"token":"t"}
            """));

        EventBatch batch = await NextAsync(dialogue.Session.NewEvent("*"));

        Assert.Equal("OpaqueRef:h", batch.Events[0].ReadPool().Master.Value);
        Assert.Equal(EventOperation.Del, batch.Events[1].Operation);
        Assert.Null(batch.Events[1].Snapshot);
        Assert.Throws<XenApiProtocolException>(() => batch.Events[1].ReadVM());
        Assert.Equal(("host", EventOperation.Unknown), (batch.Events[2].Class, batch.Events[2].Operation));
        Assert.Equal(12, batch.ValidRefCounts["vm"]);
        Assert.Equal(1, batch.ValidRefCounts["pool"]);
    }

    [Fact]
    public async Task From_DeadlineWithinTimeout_IsRefused()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Batch("t"));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => dialogue.Session.NewEvent("vm").FromAsync(Timeout, Timeout, Dialogue.Token));
    }

    private static Task<EventBatch> NextAsync(Event events) =>
        events.FromAsync(Timeout, Dialogue.Deadline, Dialogue.Token);

    private static Reply Batch(string token) =>
        Reply.Result($$"""{"events":[],"valid_ref_counts":{},"token":"{{token}}"}""");

    private static Reply Refuse(ReceivedRequest request) =>
        Reply.Error(XenApiErrorCode.SessionInvalid, request.Session);

    private static string TokenOf(ReceivedRequest request) => request.Parameters[2].GetString()!;

    private static IEnumerable<string> Sent(Dialogue dialogue) =>
        dialogue.Server.Requests.Where(request => request.Method == "event.from").Select(TokenOf);

    /// <summary>
    /// An implementation of the seam whose session changes between the look at the token and the call.
    /// </summary>
    private sealed class RenewingApi : IXenApi
    {
        public bool RenewsDuringCall { get; set; }

        public TimeProvider TimeProvider => TimeProvider.System;

        public int Generation { get; private set; } = 1;

        public Task<XenApiAnswer> CallAsync(XenApiCall call, TimeSpan deadline, CancellationToken cancellationToken)
        {
            if (RenewsDuringCall)
            {
                RenewsDuringCall = false;
                Generation++;
            }

            var result = System.Text.Json.JsonElement.Parse("""{"events":[],"valid_ref_counts":{},"token":"t"}""");
            return Task.FromResult(new XenApiAnswer(result, Generation));
        }
    }
}
