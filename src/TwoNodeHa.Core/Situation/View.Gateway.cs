using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <content>The gateway.</content>
public readonly partial struct View
{
    /// <summary>Send time of the newest probe round that enough addresses answered; null when none.</summary>
    public Instant? GatewayAnsweredAt
    {
        get
        {
            var require = Config.Config.Gateway.Require;
            if (require == 1)
            {
                return NewestAnswer;
            }

            Span<long> answered = stackalloc long[State.Gateway.Answered.Length];
            var count = 0;
            foreach (var at in State.Gateway.Answered)
            {
                if (at is { } instant)
                {
                    answered[count++] = instant.Ticks;
                }
            }

            if (count < require)
            {
                return null;
            }

            answered[..count].Sort();
            return new Instant(answered[count - require]);
        }
    }

    /// <summary>Send time of the newest probe round that any address answered. Asked several times in each turn.</summary>
    private Instant? NewestAnswer
    {
        get
        {
            Instant? newest = null;
            foreach (var at in State.Gateway.Answered)
            {
                newest = at is { } instant && !(newest >= instant) ? instant : newest;
            }

            return newest;
        }
    }

    /// <summary>The gateway verdict: answered by enough addresses within the gateway timeout.</summary>
    public bool GatewayFresh => GatewayAnsweredAt is { } at && Now < at + Config.Config.Gateway.Timeout;

    /// <summary>Graded verdict of the gateway.</summary>
    public Health GatewayHealth
    {
        get
        {
            if (GatewayAnsweredAt is null)
            {
                return State.Gateway.Unanswered >= Deadlines.DoubtfulRounds ? Health.Lost : Health.Unknown;
            }

            if (!GatewayFresh)
            {
                return Health.Lost;
            }

            return State.Gateway.Unanswered >= Deadlines.DoubtfulRounds ? Health.Doubtful : Health.Healthy;
        }
    }

    /// <summary>The arbiter's lease is held, or the own key on the storage.</summary>
    public bool HasArbiter => ArbiterUntil is { } until && Now < until;

    /// <summary>
    /// A fence agent confirmed a moment ago that the peer is off, and the peer was not heard since: an older word says nothing,
    /// it may have been switched on.
    /// </summary>
    public bool PowerOffCounts => State.ThirdParty.PeerPowerOffAt is { } off && Now - off <= Deadlines.PowerOffCounts
        && (State.Peer.LastHeard is not { } heard || off > heard);

    /// <summary>The kernel of the host that an agent calls off has answered since: the agent lies, or switches another host.</summary>
    public bool PowerOffContradicted => State.ThirdParty.PeerPowerOffAt is { } off && State.Peer.SignOfLife is { } sign && sign >= off;
}
