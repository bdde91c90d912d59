namespace TwoNodeHa.Core.Situation;

/// <content>Resets of power states in a takeover.</content>
public static partial class Deadlines
{
    /// <summary>
    /// A reset that failed so often in a row is given up, after 7.5 s when each is refused at once. The start of that VM is tried again
    /// later, and its reset with it.
    /// </summary>
    public const int ResetTries = 5;

    /// <summary>Power states that XAPI loses again are reset at most this often in one takeover.</summary>
    public const int PowerStateResets = 3;
}
