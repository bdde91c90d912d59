using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>Which of two hosts goes on when only one may.</summary>
public static class Rank
{
    /// <summary>
    /// (epoch, master of it, uuid) of this host is above the peer's. The master of the epoch goes on as master: the other would
    /// have to restart its toolstack first. Where the two name different ones, or one names none, both will adopt the higher
    /// uuid, and that one counts already: an answer that depended on who has adopted yet would let both go.
    /// </summary>
    public static bool OutranksPeer(View view)
    {
        var beat = view.State.Peer.Beat;
        var durable = view.Durable;
        var epoch = beat?.Epoch ?? 0;
        if (durable.Epoch != epoch)
        {
            return durable.Epoch > epoch;
        }

        var named = beat?.Master ?? Guid.Empty;
        var master = named.CompareTo(durable.Master) > 0 ? named : durable.Master;
        return master == Guid.Empty ? view.Config.Self.Uuid.CompareTo(view.Config.Peer.Uuid) > 0 : master == view.Config.Self.Uuid;
    }
}
