namespace TwoNodeHa.Daemon.Fencing;

/// <summary>Power of a host, as its board says.</summary>
internal enum Power
{
    /// <summary>The board did not answer, or not in time.</summary>
    Unknown,

    /// <summary>On.</summary>
    On,

    /// <summary>Off.</summary>
    Off,
}

/// <summary>A reading of the power, or what is wrong.</summary>
/// <param name="Power">The power; unknown when it could not be read.</param>
/// <param name="Detail">For the operator: what was said, or what is wrong and what to do. Holds no secret.</param>
internal sealed record PowerReading(Power Power, string Detail);

/// <summary>One way to the power of a host. Every call ends within its limit; none throws save for a cancelled token.</summary>
internal interface IFenceAgent
{
    /// <summary>Reads the power. Changes nothing.</summary>
    Task<PowerReading> StatusAsync(TimeSpan limit);

    /// <summary>Orders "off". Null when the board took the order, which proves nothing; else what is wrong.</summary>
    Task<string?> OffAsync(TimeSpan limit);

    /// <summary>Uuid of the host behind the board (SMBIOS); null when the board does not say. Changes nothing.</summary>
    Task<Guid?> HostUuidAsync(TimeSpan limit);
}
