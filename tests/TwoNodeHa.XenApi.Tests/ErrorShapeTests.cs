using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>The answers of xapi.md 1.2, each as xapi writes it.</summary>
public sealed class ErrorShapeTests
{
    [Theory]
    [InlineData("""{"result":null,"error":["HOST_IS_SLAVE","10.0.0.1"],"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_IS_SLAVE","data":["10.0.0.1"]},"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":["HOST_IS_SLAVE","10.0.0.1"],"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":["HOST_IS_SLAVE","10.0.0.1"],"id":0}""")]
    [InlineData("""{"jsonrpc":"2.0","error":["HOST_IS_SLAVE","10.0.0.1"]}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_IS_SLAVE","data":"10.0.0.1"},"id":"x"}""")]
    [InlineData("""{"result":"stale","error":["HOST_IS_SLAVE","10.0.0.1"],"id":7,"extra":{}}""")]
    public async Task Error_AnyShape_IsTheSameFailure(string body)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(body));

        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => ReadAsync(dialogue));

        Assert.Equal(XenApiErrorCode.HostIsSlave, failure.Code);
        Assert.Equal(["10.0.0.1"], failure.Parameters);
        Assert.Equal(CallOutcome.Failed, failure.Outcome);
        Assert.False(failure.IsTransient);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_STILL_BOOTING"},"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_STILL_BOOTING","data":null},"id":7}""")]
    public async Task Error_WithoutParameters_IsAFailureWithNone(string body)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(body));

        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => ReadAsync(dialogue));

        Assert.Equal(XenApiErrorCode.HostStillBooting, failure.Code);
        Assert.Empty(failure.Parameters);
        Assert.True(failure.IsTransient);
    }

    [Theory]
    [InlineData("""{"result":true,"error":null,"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","result":true,"id":99}""")]
    [InlineData("""{"jsonrpc":"2.0","result":true}""")]
    [InlineData("""{"id":null,"result":true}""")]
    public async Task Success_AnyShape_IsTheResult(string body)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(body));

        Assert.True(await ReadAsync(dialogue));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":[],"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":[1,"x"],"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":"HOST_IS_SLAVE","id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":17,"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1},"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":5},"id":7}""")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    public async Task Answer_NotJsonRpc_IsAProtocolErrorOfUnknownOutcome(string body)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(body));

        var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(dialogue));

        Assert.Equal(CallOutcome.Unknown, error.Outcome);
        Assert.Null(error.Field);
        Assert.False(error.IsTransient);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html><body>it is broken</body></html>")]
    [InlineData("""{"jsonrpc":"2.0","result":""")]
    [InlineData("""{"jsonrpc":"2.0","result":true,"id":1}}""")]
    [InlineData("{\"result\":\"\u0001}")]
    public async Task Answer_NotJson_IsATransientProtocolError(string body)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(body));

        var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(dialogue));

        Assert.True(error.IsTransient);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
    }

    [Theory]
    [InlineData("\"true\"")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task Result_WrongType_IsAProtocolErrorNamingTheCall(string result)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(result));

        var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(dialogue));

        Assert.Equal("host.is_in_emergency_mode", error.Field);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task Http_NotOk_IsATransportFaultOfUnknownOutcome(int status)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => Reply.Http(status, "text/html", "<html>Internal error</html>"));

        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => ReadAsync(dialogue));

        Assert.Equal(TransportFault.HttpStatus, error.Fault);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
    }

    [Theory]
    [InlineData(XenApiErrorCode.CannotContactHost)]
    [InlineData(XenApiErrorCode.InternalError)]
    [InlineData(XenApiErrorCode.TaskCancelled)]
    public async Task Failure_RaisedAfterWorkMayHaveBegun_HasUnknownOutcome(string code)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Error(code, "x"));

        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => ReadAsync(dialogue));

        Assert.Equal(CallOutcome.Unknown, failure.Outcome);
    }

    private static Task<bool> ReadAsync(Dialogue dialogue) =>
        dialogue.Session.Host.IsInEmergencyModeAsync(Dialogue.Deadline, Dialogue.Token);
}
