using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What a fence agent and an arbiter are for (class A). Without them these stories show what would be gained.</summary>
internal sealed class ThirdPartyStories(HaConfig config)
{
    private readonly StoryTimes _times = new(config);
    private readonly SilencePermit _permit = SilencePermit.Of(config);
    private readonly SilencePermit _confirmed = SilencePermit.Of(config with { Policy = config.Policy with { UsesFenceAgent = true } });

    public TimelineStory PowerLossConfirmed() => new()
    {
        Id = "power-loss-confirmed",
        Title = "A host loses power, and its board has a supply of its own",
        Hypothetical = !config.Policy.UsesFenceAgent,
        Rows =
        [
            new(TimeRange.At(TimeSpan.Zero), "host: power is gone, its VMs stop; the board answers"),
            new(_times.LeaseEnd, "other host: silence (Suspecting); it has the power read at once"),
            new(_confirmed.OfSlave, "master: " + _confirmed.By),
            new(_confirmed.OfMaster, "slave: " + _confirmed.By + ", and becomes master"),
        ],
        Takeover = _confirmed.OfEither,
        Toolstack = StoryTimes.Promotion,
        Outcome = "The early times are those of a board that answers at once, the late ones of one that takes as long as its agent may. Most boards share "
            + "the supply of their host and are silent then: " + (config.Policy.UsesArbiter ? "the arbiter decides" : "without an arbiter a person must say that the host is dead"),
    };

    public TimelineStory ArbiterAway()
    {
        var storage = config.Policy.UsesReservation;
        var usable = storage ? ReservationRules.SoleReadingCounts : ArbiterRules.UsableOf(config);
        var newest = storage ? ReservationRules.ReadingInterval(config.Timing) : ArbiterRules.LeaseOf(config) / 3;
        var lease = new TimeRange(usable - newest > TimeSpan.Zero ? usable - newest : TimeSpan.Zero, usable);
        return new TimelineStory
        {
            Id = "arbiter-away",
            Title = storage ? "The storage does not answer about its reservations" : "The arbiter is out of reach",
            Hypothetical = !config.Policy.UsesArbiter,
            Rows =
            [
                new(TimeRange.At(TimeSpan.Zero), "both, while they hear each other: all VMs run on"),
                new(lease, $"a host that is alone (Sole): {(storage ? "its newest reading is too old" : "its lease ends")}, it destroys its VMs"),
                new(lease.Plus(TimeSpan.Zero, config.Timing.FenceBound), "a host that is alone: nothing runs there, verified"),
            ],
            Outcome = "A healthy pair does not need it; a host that is alone starts its VMs again when " + (storage ? "the storage answers" : "the arbiter is back"),
        };
    }

    /// <summary>Both are alive and see the gateway, and not each other: what classes C and B cannot cover.</summary>
    public TimelineStory LinkCut()
    {
        var (arbiter, held) = (config.Policy.UsesArbiter, config.Policy.UsesReservation ? "key" : "lease");
        return new TimelineStory
        {
            Id = "link-cut",
            Title = "Only the path between the hosts is cut, both still see the gateway",
            Rows = arbiter
                ?
                [
                    new(_times.LeaseEnd, (config.Policy.UsesReservation ? "both: silence; both have the storage take the other's key away, it puts them in a row" : "both: silence; both ask the arbiter for the lease, one has it") + (config.Policy.UsesFenceAgent ? "; the master has the slave switched off" : "")),
                    new(_times.LeaseEnd.Plus(TimeSpan.Zero, config.Timing.FenceBound), $"host without the {held}: its right to run ends, it destroys its VMs"),
                    new(_permit.OfEither, $"host with the {held}: {_permit.By}"),
                ]
                :
                [
                    new(_times.LeaseEnd, "both: silence; the master has the slave switched off at once, the slave would order the same after fence_delay"),
                    new(_permit.OfSlave, "master: " + _permit.By),
                ],
            Takeover = arbiter ? _permit.OfEither : _permit.OfSlave,
            Toolstack = arbiter ? StoryTimes.Promotion : null,
            Outcome = arbiter ? "One host runs all VMs, the other one rejoins as slave when it is heard again"
                : "The master runs all VMs; the slave stays off until somebody switches it on",
        };
    }
}
