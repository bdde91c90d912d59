using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Waiting for asynchronous calls.</summary>
public sealed class TaskTests
{
    private static readonly XenRef<Task_> AnyTask = new("OpaqueRef:t1");
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Wait_PendingThenSuccess_ReturnsTheResultAndDestroysTheTask()
    {
        int looks = 0;
        await using Dialogue dialogue = await Dialogue.OpenAsync(request => request.Method switch
        {
            "Async.VM.start_on" => Reply.Result("\"OpaqueRef:t1\""),
            "task.get_record" => Record(++looks < 3 ? "pending" : "success"),
            _ => Reply.Result("\"\""),
        });

        XenRef<Task_> task = await dialogue.Session.VM.AsyncStartOnAsync(
            new("OpaqueRef:v"), new("OpaqueRef:h"), startPaused: false, force: true, Dialogue.Deadline, Dialogue.Token);
        string result = await dialogue.Session.Task.WaitAsync(task, Poll, Dialogue.Deadline, Dialogue.Token);

        Assert.Equal("<value></value>", result);
        Assert.Equal(3, looks);
        Assert.Equal(1, dialogue.Server.Count("task.destroy"));
    }

    [Fact]
    public async Task Wait_Failure_RaisesTheOperationsFailure()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => Record("failure", "\"SR_BACKEND_FAILURE_46\",\"\",\"The VDI is not available\",\"\""));

        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => WaitAsync(dialogue));

        Assert.Equal(XenApiErrorCode.SrBackendFailure46, failure.Code);
        Assert.Equal(3, failure.Parameters.Length);
    }

    [Fact]
    public async Task Wait_Cancelled_HasUnknownOutcome()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Record("cancelled"));

        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => WaitAsync(dialogue));

        Assert.Equal(XenApiErrorCode.TaskCancelled, failure.Code);
        Assert.Equal(CallOutcome.Unknown, failure.Outcome);
    }

    [Theory]
    [InlineData("failure")]
    [InlineData("exploded")]
    public async Task Wait_EndWithoutReason_IsAProtocolError(string status)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Record(status));

        await Assert.ThrowsAsync<XenApiProtocolException>(() => WaitAsync(dialogue));
    }

    [Fact]
    public async Task Wait_TaskForgotten_IsNotTakenForAFailureOfTheOperation()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(
            _ => Reply.Error(XenApiErrorCode.HandleInvalid, "task", AnyTask.Value));

        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => WaitAsync(dialogue));

        Assert.Equal(TransportFault.TaskLost, error.Fault);
        Assert.Equal(CallOutcome.Unknown, error.Outcome);
    }

    [Fact]
    public async Task Wait_ForeverPending_EndsWithTheDeadline()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Record("pending"));

        // The poll interval does not fit into the deadline, so the first look must be the last, without a wait.
        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => dialogue.Session.Task.WaitAsync(
            AnyTask, Dialogue.Deadline, Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(TransportFault.DeadlineExpired, error.Fault);
        Assert.Equal(1, dialogue.Server.Count("task.get_record"));
    }

    private static Task<string> WaitAsync(Dialogue dialogue) =>
        dialogue.Session.Task.WaitAsync(AnyTask, Poll, Dialogue.Deadline, Dialogue.Token);

    private static Reply Record(string status, string error = "") => Reply.Result(
        $$"""
        {"name_label":"Async.VM.start_on","status":"{{status}}","progress":0,"result":"<value></value>",
         "error_info":[{{error}}]}
        """);
}
