using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>Calls of class task: the handles of <c>Async.</c> calls (server_helpers.ml).</summary>
/// <remarks>The underscore keeps the name apart from <see cref="System.Threading.Tasks.Task"/>.</remarks>
public sealed class Task_
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public Task_(IXenApi api) => _api = api;

    /// <summary>
    /// <c>task.get_record</c>. Raises <see cref="XenApiErrorCode.HandleInvalid"/> when xapi has forgotten the task, as
    /// every restart of the master makes it do.
    /// </summary>
    public Task<TaskRecord> GetRecordAsync(
        XenRef<Task_> task, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("task.get_record", task.Value), TaskRecord.Parse, deadline, cancellationToken);

    /// <summary><c>task.destroy</c>: forgets a completed task; a pending operation goes on.</summary>
    public Task DestroyAsync(XenRef<Task_> task, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("task.destroy", task.Value), deadline, cancellationToken);

    /// <summary>
    /// Polls a task until it has ended, then destroys it. Returns the result, an XML fragment <c>&lt;value&gt;…</c>.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="pollInterval">Time between two looks.</param>
    /// <param name="deadline">Limit for everything; when it passes the operation may still be running.</param>
    /// <param name="cancellationToken">Gives up waiting; the operation goes on.</param>
    /// <exception cref="XenApiFailure">The operation failed, or it was cancelled (outcome then unknown).</exception>
    /// <exception cref="XenApiTransportException">
    /// No answer in time, or the task was forgotten; outcome unknown.
    /// </exception>
    public async Task<string> WaitAsync(
        XenRef<Task_> task, TimeSpan pollInterval, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(pollInterval, TimeSpan.Zero);
        long started = _api.TimeProvider.GetTimestamp();
        TimeSpan Remaining() => deadline - _api.TimeProvider.GetElapsedTime(started);

        TaskRecord record = await LookAsync(task, Remaining(), cancellationToken);
        while (record.Status is TaskStatusType.Pending or TaskStatusType.Cancelling)
        {
            if (Remaining() <= pollInterval)
            {
                throw new XenApiTransportException(
                    TransportFault.DeadlineExpired, CallOutcome.Unknown,
                    $"{record.NameLabel}: still {record.Status} after {deadline.TotalSeconds:0.###} s");
            }

            await System.Threading.Tasks.Task.Delay(pollInterval, _api.TimeProvider, cancellationToken);
            record = await LookAsync(task, Remaining(), cancellationToken);
        }

        await ForgetAsync(task, Remaining(), cancellationToken);
        return record.Status == TaskStatusType.Success ? record.Result : throw record.ToFailure(task);
    }

    private async Task<TaskRecord> LookAsync(
        XenRef<Task_> task, TimeSpan remaining, CancellationToken cancellationToken)
    {
        try
        {
            return await GetRecordAsync(task, remaining, cancellationToken);
        }
        catch (XenApiFailure failure)
            when (string.Equals(failure.Code, XenApiErrorCode.HandleInvalid, StringComparison.Ordinal))
        {
            // Taken as a failure of the operation this would be a lie: the operation may have succeeded.
            throw new XenApiTransportException(
                TransportFault.TaskLost, CallOutcome.Unknown, $"{task}: the server has forgotten the task", failure);
        }
    }

    /// <summary>Destroys an ended task. If that fails, xapi collects it after 65 minutes (db_gc_util.ml).</summary>
    private async Task ForgetAsync(XenRef<Task_> task, TimeSpan remaining, CancellationToken cancellationToken)
    {
        if (remaining <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await DestroyAsync(task, remaining, cancellationToken);
        }
        catch (XenApiException)
        {
            // The result is known; tidiness must not turn it into an error.
        }
    }
}
