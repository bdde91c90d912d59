namespace TwoNodeHa.Core.Model;

/// <summary>One resource of DRBD, as this host's kernel sees it.</summary>
/// <param name="Resource">Its name.</param>
/// <param name="PeerConnected">The peer's kernel answers on the way of the replication. DRBD notices within its ping-int (10 s) that it does not.</param>
/// <param name="DiskState">State of the own disk: the worst one of its volumes; empty when the resource is not up here.</param>
public sealed record ReplicaFact(string Resource, bool PeerConnected, string DiskState)
{
    /// <summary>The own data is the newest: all that was confirmed to a guest is in it.</summary>
    public bool IsUpToDate => DiskState == "UpToDate";
}
