using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What lets a host take over from a silent one, and when, in this class.</summary>
/// <param name="Meanwhile">What the taker does from the end of R1 on: half a sentence.</param>
/// <param name="By">How it takes over: half a sentence with the rule.</param>
/// <param name="OfMaster">When the slave takes over from the master.</param>
/// <param name="OfSlave">When the master takes over from the slave.</param>
internal sealed record SilencePermit(string Meanwhile, string By, TimeRange OfMaster, TimeRange OfSlave)
{
    /// <summary>Whichever host is silent.</summary>
    public TimeRange OfEither { get; } = new(Earlier(OfMaster.From, OfSlave.From), Later(OfMaster.To, OfSlave.To));

    /// <summary>The permit of a configuration.</summary>
    public static SilencePermit Of(HaConfig config)
    {
        var silence = new StoryTimes(config).Silence;
        if (config.Policy.UsesReservation)
        {
            return OfStorage(config);
        }

        var (ofMaster, ofSlave) = (PowerOff(config, config.Policy.FenceDelay), PowerOff(config, TimeSpan.Zero));
        return (config.Policy.UsesArbiter, config.Policy.UsesFenceAgent) switch
        {
            (false, false) => new SilencePermit("it runs on by the gateway and counts (Suspecting)", "takes over by silence (T2)", silence, silence),
            (true, false) => new SilencePermit("it runs on by the arbiter's lease, once it has it (Suspecting)",
                "takes over by the arbiter's lease (T4)", silence, silence),
            (false, true) => new SilencePermit("it runs on by the gateway and has the board switch the peer off (Suspecting)",
                "takes over when the board has said that the peer is off (T3)", ofMaster, ofSlave),
            (true, true) => new SilencePermit("it asks the arbiter for the lease and has the board switch the peer off (Suspecting)",
                "takes over when the board has said that the peer is off (T3), or by the arbiter's lease (T4)",
                new TimeRange(Earlier(ofMaster.From, silence.From), silence.To), new TimeRange(Earlier(ofSlave.From, silence.From), silence.To)),
        };
    }

    /// <summary>The master takes the slave's key away first; the other way round half a reading's worth later. Then both are waited out: a reading, and one fence.</summary>
    private static SilencePermit OfStorage(HaConfig config)
    {
        var (worth, call) = (ReservationRules.ReadingCounts(config.Timing), ReservationRules.ReadingInterval(config.Timing));
        var fenced = worth + config.Timing.FenceBound + config.Timing.Margin;
        var end = new StoryTimes(config).LeaseEnd;
        return new SilencePermit("it runs on by its key on the storage, and takes the other one's away (Suspecting)",
            "takes over when the storage has refused the other one's writes for long enough (T4)" + (config.Policy.UsesFenceAgent ? ", or when the board has said that it is off (T3)" : ""),
            end.Plus(fenced + (worth / 2), fenced + (worth / 2) + (2 * call)), end.Plus(fenced, fenced + (2 * call)));
    }

    /// <summary>
    /// A board that knows at once that its host is off, and one that must be ordered and takes all the time it has. Then the peer's kernel
    /// is asked once more.
    /// </summary>
    private static TimeRange PowerOff(HaConfig config, TimeSpan delay) => new StoryTimes(config).LeaseEnd.Plus(
        FenceConfig.Quiet, delay + FenceConfig.Quiet + Later(LongestOrder(config, 0), LongestOrder(config, 1)));

    private static TimeSpan LongestOrder(HaConfig config, int self) => new LocalConfig(config, self).FenceDeadline;

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left <= right ? left : right;

    private static TimeSpan Later(TimeSpan left, TimeSpan right) => left >= right ? left : right;
}
