namespace TwoNodeHa.Core.Model;

/// <summary>Kind of persistent reservation on a LUN (SPC-4, 6.14.3.4).</summary>
public enum LunReservation
{
    /// <summary>None: everybody may write.</summary>
    None = 0,

    /// <summary>Write exclusive, registrants only: who has no key is refused each write. Ours.</summary>
    WriteExclusiveRegistrants = 1,

    /// <summary>Any other: of another program, or of a cluster that was here before.</summary>
    Other = 2,
}

/// <summary>Registrations and reservation of one LUN, as its target reported them.</summary>
/// <param name="Readable">Both were read within the bound. Else the rest says nothing.</param>
/// <param name="Own">This host's key is registered on every path.</param>
/// <param name="Peer">The peer's key is registered.</param>
/// <param name="Others">Keys of neither host.</param>
/// <param name="Reservation">What is reserved.</param>
public readonly record struct LunFact(bool Readable, bool Own, bool Peer, int Others, LunReservation Reservation)
{
    /// <summary>A LUN that did not answer.</summary>
    public static readonly LunFact Unread;

    /// <summary>This host may write, and a host without a key may not.</summary>
    public bool IsHeld => Readable && Own && Reservation == LunReservation.WriteExclusiveRegistrants;

    /// <summary>Of the two hosts only this one may write.</summary>
    public bool IsExclusive => IsHeld && !Peer;

    /// <summary>Nothing of anybody: a LUN that was never used so, or whose controller forgot all.</summary>
    public bool IsBlank => this is { Readable: true, Own: false, Peer: false, Others: 0, Reservation: LunReservation.None };
}
