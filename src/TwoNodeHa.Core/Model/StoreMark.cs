namespace TwoNodeHa.Core.Model;

/// <summary>
/// What a replicated store says of itself with every answer. None of it ever goes back in one life of the store: where it
/// does, the store is an older copy of itself.
/// </summary>
/// <param name="Cluster">Id of the cluster; another one is another store.</param>
/// <param name="Term">Raft term; raised by each election.</param>
/// <param name="Revision">Of this pool's own record, before the write of who asks; raised by each lease that is given to one of its
/// hosts, so that neither other pools nor the own write hide that the store forgot one.</param>
public readonly record struct StoreMark(string Cluster, long Term, long Revision)
{
    /// <summary>True when an answer with this mark cannot come from a later moment of the store that gave the other one.</summary>
    public bool IsBehind(StoreMark other) => Cluster != other.Cluster || Term < other.Term || Revision < other.Revision;

    /// <inheritdoc/>
    public override string ToString() => $"cluster {Cluster}, term {Term}, revision {Revision}";
}
