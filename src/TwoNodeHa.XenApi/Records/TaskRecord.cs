using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>State of a task.</summary>
public enum TaskStatusType
{
    /// <summary>A state this client does not know.</summary>
    Unknown = 0,

    /// <summary>Still at work.</summary>
    Pending,

    /// <summary>Ended well.</summary>
    Success,

    /// <summary>Ended with an error.</summary>
    Failure,

    /// <summary>Asked to end early.</summary>
    Cancelling,

    /// <summary>Ended early.</summary>
    Cancelled,
}

/// <summary>A task (idl/datamodel.ml).</summary>
/// <param name="NameLabel">The asynchronous call's name.</param>
/// <param name="Status">State.</param>
/// <param name="Progress">0 to 1, as far as the operation tells.</param>
/// <param name="Result">XML fragment when successful, else empty.</param>
/// <param name="ErrorInfo">The error, code first; empty when there is none.</param>
public sealed record TaskRecord(
    string NameLabel, TaskStatusType Status, double Progress, string Result, ImmutableArray<string> ErrorInfo)
{
    internal static TaskRecord Parse(XenJson json) => new(
        json.Member("name_label").AsString(),
        json.Member("status").AsEnum(
            ("pending", TaskStatusType.Pending), ("success", TaskStatusType.Success),
            ("failure", TaskStatusType.Failure), ("cancelling", TaskStatusType.Cancelling),
            ("cancelled", TaskStatusType.Cancelled)),
        json.Member("progress").AsFloat(),
        json.Member("result").AsString(),
        json.Member("error_info").AsStrings());

    /// <summary>The exception for a task that ended otherwise than well.</summary>
    internal XenApiException ToFailure(XenRef<Task_> task)
    {
        if (Status == TaskStatusType.Cancelled)
        {
            return new XenApiFailure(NameLabel, XenApiErrorCode.TaskCancelled, [task.Value]);
        }

        return Status == TaskStatusType.Failure && !ErrorInfo.IsEmpty
            ? new XenApiFailure(NameLabel, ErrorInfo[0], ErrorInfo.RemoveAt(0))
            : new XenApiProtocolException($"{NameLabel}: task ended with status {Status} and no error", "error_info");
    }
}
