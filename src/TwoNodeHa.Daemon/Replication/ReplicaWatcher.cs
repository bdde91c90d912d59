using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.ThirdParty;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Replication;

/// <summary>Reads the state of DRBD every two seconds and posts it. Changes nothing; a tool that hangs says nothing.</summary>
internal sealed class ReplicaWatcher(HaConfig config, ToolRunner tools, IMonotonicClock clock, IObservationSink sink) : IDisposable
{
    /// <summary>Name of the replication in messages.</summary>
    public const string Name = "drbd";

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private string? _told;

    public void Start()
    {
        if (!config.Storage.DrbdResources.IsEmpty)
        {
            _ = Task.Run(() => Rounds.RunAsync(ReadAsync, Between, spread: false, _stop.Token));
        }
    }

    public void Dispose() => _stop.Cancel();

    internal async Task ReadAsync()
    {
        var asked = clock.Now;
        var result = await tools.RunAsync(config.Tools.Drbd, ["status", "--json"], Between);
        var replicas = result.SaidAll ? DrbdStatus.Parse(result.Output, config.Storage.DrbdResources) : null;
        sink.Post(new Observation.ReplicasRead(asked, replicas ?? []));
        Tell(replicas is null
            ? result.SaidAll ? $"{config.Tools.Drbd} does not answer in JSON: DRBD 9 is needed" : result.Describe(config.Tools.Drbd)
            : replicas.Value.FirstOrDefault(replica => replica.DiskState.Length == 0) is { } missing ? $"there is no resource {missing.Resource} on this host, or it is not up" : "");
    }

    private void Tell(string trouble)
    {
        if (trouble != _told)
        {
            _told = trouble;
            sink.Post(new Observation.ThirdPartySeen(Name, trouble.Length == 0, trouble.Length == 0 ? "its state is read" : trouble));
        }
    }
}
