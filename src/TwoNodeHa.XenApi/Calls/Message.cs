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
}
