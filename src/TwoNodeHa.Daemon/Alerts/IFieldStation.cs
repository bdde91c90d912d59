namespace TwoNodeHa.Daemon.Alerts;

/// <summary>Where custom fields are kept: the toolstack, or a test. The pool is the empty uuid.</summary>
internal interface IFieldStation
{
    /// <summary>The fields as they are, of every VM that has one and of the pool; null when they cannot be read now.</summary>
    Task<Dictionary<Guid, string>?> ReadAsync(CancellationToken cancel);

    /// <summary>Writes a field; null removes it.</summary>
    Task<Delivery> WriteAsync(Guid on, string? text, CancellationToken cancel);
}
