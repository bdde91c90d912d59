namespace TwoNodeHa.Core.Situation;

/// <summary>Kinds of reasons for which a VM does not start: each is met in its own way.</summary>
public enum StartTrouble
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>It may pass: tried again, with pauses that grow.</summary>
    Transient = 1,

    /// <summary>A disk is locked by a host; a dead one's lock is released again in a takeover.</summary>
    Lock = 2,

    /// <summary>Not enough memory: tried once more, then when memory gets free.</summary>
    NoMemory = 3,

    /// <summary>Storage, network or a device that the VM needs is missing on that host.</summary>
    Missing = 4,

    /// <summary>It fails the same way each time, until somebody changes the VM.</summary>
    Permanent = 5,

    /// <summary>The answer did not come: it may have been started, or be started later. Looked for before anything else is tried.</summary>
    Unknown = 6,
}
