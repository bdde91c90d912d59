namespace TwoNodeHa.Core.Model;

/// <summary>HA state of a host; kept apart from XAPI's role. The numbers are on the wire and never change.</summary>
public enum HaStatus
{
    /// <summary>Not known yet; the zero value.</summary>
    Unknown = 0,

    /// <summary>HA is switched off: nothing is fenced, promoted or restarted.</summary>
    Disabled = 1,

    /// <summary>Up, holding nothing, waiting to be admitted and for its toolstack.</summary>
    Joining = 2,

    /// <summary>Both hosts hear each other and are bound.</summary>
    Paired = 3,

    /// <summary>Peer silent, gateway in sight: counting towards a takeover.</summary>
    Suspecting = 4,

    /// <summary>Must not take over and need not fence: keeps what runs and asks the operator.</summary>
    Holding = 5,

    /// <summary>Taking over from the peer.</summary>
    TakingOver = 6,

    /// <summary>Took over; the peer is not back yet.</summary>
    Sole = 7,

    /// <summary>Neither peer nor gateway: counting down to the self-fence.</summary>
    Isolated = 8,

    /// <summary>Destroying its VMs.</summary>
    Fencing = 9,

    /// <summary>Nothing runs here, and that was verified.</summary>
    Fenced = 10,

    /// <summary>Leaving in order: shutdown or reboot of the host.</summary>
    Departing = 11,

    /// <summary>Under a promise not to take over until readmitted.</summary>
    Maintenance = 12,
}

/// <summary>Health with an honest zero value.</summary>
public enum Health
{
    /// <summary>Nothing is known.</summary>
    Unknown = 0,

    /// <summary>Good.</summary>
    Healthy = 1,

    /// <summary>Signs of trouble, no verdict yet.</summary>
    Doubtful = 2,

    /// <summary>Lost.</summary>
    Lost = 3,
}
