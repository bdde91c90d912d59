using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>Failures after which nothing should be moved, and the one that a class cannot cover.</summary>
internal sealed class QuietStories(HaConfig config)
{
    private readonly StoryTimes _times = new(config);

    public TimelineStory GatewayGoneForBoth()
    {
        var soleFences = config.Policy is { LoneStart: LoneStart.Takeover, UsesArbiter: false };
        return new TimelineStory
        {
            Id = "gateway-gone",
            Title = "The gateway is gone for both hosts, they hear each other",
            Rows =
            [
                new(TimeRange.At(TimeSpan.Zero), "both: all VMs run on"),
                new(_times.GatewayEnd, "both: alert, the gateway is down for both; nobody fences, nobody takes over"),
            ],
            Outcome = soleFences
                ? "Nothing is stopped; but a host that is alone (Sole) fences when it loses the gateway: lone_start "
                    + "= takeover"
                : "Nothing is stopped; a host that is alone (Sole) runs on too: " + (config.Policy.UsesReservation ? "by its key on the storage" : config.Policy.UsesArbiter ? "by the arbiter's lease" : "lone_start = hold"),
        };
    }

    public TimelineStory LinkCutOnly() => SafetyClass.HasIndependentLinks(config) ? LinkCutWithSecondLink()
        : config.Policy.HasThirdParty ? new ThirdPartyStories(config).LinkCut() : OnlyLinkCut();

    public TimelineStory ToolstackHung() => new()
    {
        Id = "toolstack-hung",
        Title = "The toolstack of one host hangs",
        Rows =
        [
            new(TimeRange.At(TimeSpan.Zero), "host: its VMs run on; the daemon reaches the hypervisor without the "
                + "toolstack"),
            new(TimeRange.At(config.Timing.HeartbeatInterval), "peer: is told that this host is not fit to take "
                + "over; alert"),
        ],
        Outcome = "Nothing is stopped; until the toolstack answers again this host cannot take over from the other",
    };

    public TimelineStory Disabled() => new()
    {
        Id = "ha-disabled",
        Title = "Any of these while HA is disabled and both hosts acknowledged it",
        Rows = [new(TimeRange.At(TimeSpan.Zero), "both: nothing is fenced, promoted or restarted, whatever happens")],
        Outcome = "VMs of a dead host stay down until a person starts them or HA is enabled again",
        EndsWell = false,
    };

    private TimelineStory LinkCutWithSecondLink() => new()
    {
        Id = "link-cut",
        Title = "One link between the hosts is cut, both see the gateway",
        Rows =
        [
            new(TimeRange.At(TimeSpan.Zero), "both: hear each other on another link; all VMs run on"),
            new(TimeRange.At(config.Timing.Lease), "both: alert, the link is silent"),
        ],
        Outcome = "Nothing is stopped; repair the link, until then the class is lower",
    };

    private TimelineStory OnlyLinkCut() => new()
    {
        Id = "link-cut",
        Title = "Only the path between the hosts is cut, both still see the gateway",
        Rows =
        [
            new(_times.LeaseEnd, "both: silence; each runs on by the gateway and counts (Suspecting)"),
            new(_times.Silence, config.Policy.OnAmbiguous == OnAmbiguous.Takeover
                ? "both: take over, even if the peer still answers: on_ambiguous = takeover"
                : "both: if the peer answers on any network, hold and ask; if nothing answers, both take over"),
        ],
        Outcome = "This is what class C cannot cover: a VM may run on both hosts; a second link in another network "
            + "prevents it",
        EndsWell = false,
    };
}
