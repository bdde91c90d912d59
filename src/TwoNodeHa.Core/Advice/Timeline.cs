using System.Collections.Immutable;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>Tells for the usual failures what happens when, from this very configuration.</summary>
public static class Timeline
{
    /// <summary>All stories, the commonest failures first.</summary>
    /// <param name="config">A validated configuration.</param>
    public static ImmutableArray<TimelineStory> Of(HaConfig config)
    {
        var loss = new LossStories(config);
        var quiet = new QuietStories(config);
        var third = new ThirdPartyStories(config);
        return
        [
            loss.PowerLossOfSlave(),
            loss.PowerLossOfMaster(),
            third.PowerLossConfirmed(),
            loss.OnlyNetworkLost(),
            loss.ManagementLostSecondLinkAlive(),
            quiet.GatewayGoneForBoth(),
            quiet.LinkCutOnly(),
            third.ArbiterAway(),
            quiet.ToolstackHung(),
            loss.StorageLost(),
            loss.DaemonKilled(),
            loss.DaemonFrozen(),
            loss.RebootFromShell(),
            quiet.Disabled(),
        ];
    }
}
