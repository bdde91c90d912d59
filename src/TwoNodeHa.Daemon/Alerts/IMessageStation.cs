using TwoNodeHa.Core.Operator;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>What became of a message.</summary>
internal enum Delivery
{
    /// <summary>It is written.</summary>
    Done,

    /// <summary>It may be written: it is not sent again.</summary>
    Unknown,

    /// <summary>The toolstack refuses it: it would refuse it again.</summary>
    Refused,

    /// <summary>Nothing was written, and later it can be.</summary>
    Later,
}

/// <summary>Where messages are written.</summary>
internal interface IMessageStation
{
    /// <summary>Writes one, within its own deadline.</summary>
    Task<Delivery> WriteAsync(XapiMessage message, CancellationToken cancel);
}
