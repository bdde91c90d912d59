using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>What a silent peer is bound to by what was last heard of it, and what it may expect of this host.</summary>
internal static class PeerBond
{
    /// <summary>
    /// Why the peer would not fence although no right is left to it; null when it is bound. Its lease ends all the same. That the time
    /// of a disablement is over here says nothing of the peer: its order may be a newer one, its daemon stopped, its clock behind.
    /// </summary>
    public static string? WhyNot(View view)
    {
        if (AsksToHold(view) is { } asked)
        {
            return asked;
        }

        // A promise alone is no bond: while HA is disabled, what is brought back beside it runs on. And what is known is known only once
        // it is on disk: a restarted daemon must know no less.
        return view is { Durable.PeerBound: true, Confirmed.PeerBound: true } ? null
            : "the peer is not known to be bound to fence (not armed, another configuration, or never heard)";
    }

    /// <summary>Why the peer may count on this host to leave it alone; null when it does not.</summary>
    public static string? AsksToHold(View view)
    {
        var durable = view.Durable;
        if (durable.PeerDisarm != 0)
        {
            return "the peer paused (restart or upgrade of its daemon) and was not heard since: it is not bound to fence";
        }

        if (durable is { PeerEnabled: false, PeerSwitchGeneration: > 0 })
        {
            return "the peer last said that HA is disabled there: it is not bound to fence";
        }

        return durable.PeerSwitchGeneration == durable.SwitchGeneration ? null
            : "the peer was not heard with the newest setting of HA: if it heard of a disablement, it is not bound to fence";
    }

    /// <summary>
    /// Its power is read, and it is not switched off. A peer in maintenance runs nothing: it may be in the middle of a firmware update. And an
    /// empty host that waits gains nothing worth the VMs of a peer that is merely behind a cut.
    /// </summary>
    public static bool IsOnlyRead(View view) => view.PromiseOfPeerHolds || view.Durable.Committed;
}
