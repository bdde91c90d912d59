using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class message: alerts shown by management tools and mailed by the master (xapi_message.ml).
/// </summary>
public sealed class Message
{
    /// <summary>The most severe priority; 5 is information. Mail is sent up to 3 unless configured otherwise.</summary>
    public const int PriorityMostSevere = 1;

    /// <summary>The least severe priority.</summary>
    public const int PriorityInformation = 5;

    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public Message(IXenApi api) => _api = api;

    /// <summary>
    /// <c>message.create</c>. Stored on the current master and not part of the database, so it stays there after a
    /// change of master. Raises <see cref="XenApiErrorCode.UuidInvalid"/> if the object does not exist.
    /// </summary>
    /// <param name="name">Name, by convention in capitals; it is what programs match.</param>
    /// <param name="priority">1 (most severe) to 5 (information).</param>
    /// <param name="cls">Class of the object: <c>VM</c>, <c>Host</c>, <c>SR</c>, <c>Pool</c> …</param>
    /// <param name="objectUuid">Uuid, not reference, of the object.</param>
    /// <param name="body">Text for people.</param>
    /// <param name="deadline">Limit of the call.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<XenRef<Message>> CreateAsync(
        string name, int priority, string cls, string objectUuid, string body, TimeSpan deadline,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(priority, PriorityMostSevere);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(priority, PriorityInformation);
        return _api.CallAsync(
            XenApiCall.Write("message.create", name, priority, cls, objectUuid, body), json => json.AsRef<Message>(),
            deadline, cancellationToken);
    }

    /// <summary><c>message.get_all</c>: messages that the present master keeps, at most its <c>message-limit</c>.</summary>
    public Task<ImmutableArray<XenRef<Message>>> GetAllAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Read("message.get_all"), json => json.AsRefs<Message>(), deadline, cancellationToken);

    /// <summary><c>message.get_record</c>.</summary>
    public Task<MessageRecord> GetRecordAsync(XenRef<Message> message, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Read("message.get_record", message.Value), MessageRecord.Parse, deadline, cancellationToken);
}

/// <summary>A message (idl/datamodel.ml, class message): the fields that an alert is made of.</summary>
/// <param name="Name">Name, in capitals.</param>
/// <param name="Priority">1 (most severe) to 5 (information).</param>
/// <param name="Class">Class of the object it is about.</param>
/// <param name="ObjectUuid">Uuid of that object.</param>
/// <param name="Body">Text for people.</param>
public sealed record MessageRecord(string Name, long Priority, string Class, string ObjectUuid, string Body)
{
    internal static MessageRecord Parse(XenJson json) => new(
        json.Member("name").AsString(), json.Member("priority").AsInt(), json.Member("cls").AsString(), json.Member("obj_uuid").AsString(),
        json.Member("body").AsString());
}
