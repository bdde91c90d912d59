using System.Globalization;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>An agent with its configuration.</summary>
internal sealed record NamedAgent(FenceConfig Config, IFenceAgent Agent);

/// <summary>
/// Carries out the order to switch the peer off: its agents one behind the other, each within its own time. Off is what was read
/// back as off; a time-out is unknown, never "failed". An order is not repeated before the power was read. Nothing is ordered any more once
/// the order does not stand: a slow board must not make the next agent cut a peer that was heard again meanwhile.
/// </summary>
internal sealed class FencePort(
    LocalConfig config, IReadOnlyList<NamedAgent> agents, IMonotonicClock clock, IObservationSink sink, Func<Guid?> ownUuid, Func<long, bool> stands)
{
    private const string Withdrawn = "nothing was ordered: the reason for the order is gone";

    private static readonly TimeSpan BetweenReadings = TimeSpan.FromMilliseconds(200);

    /// <summary>Answers exactly once, and posts the proof before where there is one.</summary>
    public void Act(Command.Act act) => _ = Task.Run(async () => sink.Post(await RunAsync(act)));

    internal async Task<Observation.ActionFinished> RunAsync(Command.Act act)
    {
        try
        {
            return await TryAllAsync(act);
        }
        catch (Exception error)
        {
            // Nobody foresaw it, but whoever waits for the answer must get one.
            return new Observation.ActionFinished(act.Id, ActionOutcome.Unknown, "UNFORESEEN", error.Message);
        }
    }

    private async Task<Observation.ActionFinished> TryAllAsync(Command.Act act)
    {
        var end = clock.Now + act.Deadline;
        var (unknown, troubles) = (false, new List<string>());
        foreach (var agent in agents.Where(agent => agent.Config.Host != config.SelfIndex))
        {
            var limit = end - clock.Now;
            limit = limit <= agent.Config.Timeout ? limit : agent.Config.Timeout;
            if (limit <= TimeSpan.Zero)
            {
                break;
            }

            if (!stands(act.Id))
            {
                troubles.Add($"{agent.Config.Name}: {Withdrawn}");
                break;
            }

            var (ordered, trouble) = await SwitchOffAsync(agent, act, clock.Now + limit);
            if (trouble is null)
            {
                return new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "");
            }

            if (trouble.Length == 0)
            {
                return new Observation.ActionFinished(act.Id, ActionOutcome.Failed, HaAction.IsOn, $"{agent.Config.Name} reads: on");
            }

            unknown |= ordered;
            troubles.Add($"{agent.Config.Name}: {trouble}");
        }

        return new Observation.ActionFinished(act.Id, unknown ? ActionOutcome.Unknown : ActionOutcome.Failed, "AGENT",
            troubles.Count > 0 ? string.Join("; ", troubles) : "no fence agent is configured for the peer");
    }

    /// <summary>Null trouble when off was read, an empty one when only reading was asked for and it is on. Ordered: the board may have got the order, so the power is unknown until it is read.</summary>
    private async Task<(bool Ordered, string? Trouble)> SwitchOffAsync(NamedAgent named, Command.Act act, Instant end)
    {
        var asked = clock.Now;
        var reading = await named.Agent.StatusAsync(end - clock.Now);
        if (reading.Power == Power.Off)
        {
            return Confirmed(named, asked);
        }

        var onlyRead = act.Action is HaAction.FencePeer { OnlyRead: true };
        if (reading.Power == Power.Unknown && (onlyRead || clock.Now >= end))
        {
            return (false, $"its power cannot be read: {reading.Detail}");
        }

        if (onlyRead)
        {
            return (false, "");
        }

        if (ownUuid() is { } own && BoardUuid.Same(own, await named.Agent.HostUuidAsync(Left(end))))
        {
            return (false, $"its board is the one of this host ({own}): nothing was ordered; correct its address");
        }

        if (!stands(act.Id))
        {
            return (false, Withdrawn);
        }

        // Ordered although the power could not be read: a board that is slow to say may be quick to act.
        var refused = await named.Agent.OffAsync(Left(end));
        while (clock.Now < end)
        {
            asked = clock.Now;
            reading = await named.Agent.StatusAsync(Left(end));
            if (reading.Power == Power.Off)
            {
                return Confirmed(named, asked);
            }

            if (refused is not null && reading.Power == Power.Unknown)
            {
                break;
            }

            await Task.Delay(BetweenReadings);
        }

        return (true, string.Create(CultureInfo.InvariantCulture,
            $"off was not read back within {named.Config.Timeout.TotalSeconds:0.#} s ({refused ?? "ordered"}; the power is: {reading.Detail})"));
    }

    private TimeSpan Left(Instant end) => end - clock.Now is { Ticks: > 0 } left ? left : TimeSpan.FromMilliseconds(1);

    private (bool, string?) Confirmed(NamedAgent named, Instant asked)
    {
        sink.Post(new Observation.PeerPowerOff(named.Config.Name, asked));
        return (true, null);
    }
}
