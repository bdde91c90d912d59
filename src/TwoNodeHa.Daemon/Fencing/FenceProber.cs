using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Agent;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>Reads the power of both hosts by every agent, now and then: an agent that is needed once a year must not fail that once.</summary>
internal sealed class FenceProber(LocalConfig config, IReadOnlyList<NamedAgent> agents, IObservationSink sink, Func<Guid?> ownUuid) : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();

    public void Start()
    {
        foreach (var agent in agents)
        {
            // Boards have few sessions.
            _ = Task.Run(() => Rounds.RunAsync(async () => sink.Post(await TestAsync(agent)), Between, spread: true, _stop.Token));
        }
    }

    public void Dispose() => _stop.Cancel();

    /// <summary>One test: status only.</summary>
    internal async Task<Observation.ThirdPartySeen> TestAsync(NamedAgent named)
    {
        var (host, own) = (config.Config.Hosts[named.Config.Host].Name, named.Config.Host == config.SelfIndex);
        var reading = await named.Agent.StatusAsync(named.Config.Timeout);
        var says = reading.Power == Power.Unknown ? reading.Detail : $"the power of {host} is {reading.Detail}";
        if (reading.Power == Power.Unknown)
        {
            return new Observation.ThirdPartySeen(named.Config.Name, false, says);
        }

        if (own && reading.Power == Power.Off)
        {
            return new Observation.ThirdPartySeen(named.Config.Name, false, $"it says that {host} is off, and this is {host}, which is not: it is the board of another host");
        }

        var (known, board) = (ownUuid(), await named.Agent.HostUuidAsync(named.Config.Timeout));
        return known is null || board is null
            ? new Observation.ThirdPartySeen(named.Config.Name, true, $"{says}; whose board it is was not compared")
            : own == BoardUuid.Same(known.Value, board)
                ? new Observation.ThirdPartySeen(named.Config.Name, true, own ? $"{says}; it is the board of this host" : says)
                : new Observation.ThirdPartySeen(named.Config.Name, false, own
                    ? $"its board is of host {board}, and {host} is {known}: it is the board of another host, correct its address"
                    : $"its board is the one of this host ({known}), not of {host}: correct its address, the two may be swapped");
    }
}
