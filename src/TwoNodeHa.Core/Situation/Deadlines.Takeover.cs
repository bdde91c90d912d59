namespace TwoNodeHa.Core.Situation;

/// <content>The steps of a takeover that many VMs make long.</content>
public static partial class Deadlines
{
    /// <summary>
    /// A reset that failed so often in a row is given up, after 7.5 s when each is refused at once. The start of that VM is tried again
    /// later, and its reset with it.
    /// </summary>
    public const int ResetTries = 5;

    /// <summary>Power states that XAPI loses again are reset at most this often in one takeover.</summary>
    public const int PowerStateResets = 3;

    /// <summary>
    /// Between two pictures of the database by its events while a takeover starts VMs: each start changes it many times, and what runs is told
    /// by the hypervisor's list.
    /// </summary>
    public static readonly TimeSpan EventSpacing = TimeSpan.FromSeconds(2);
}
