using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Replication;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Replication;

/// <summary>What drbdsetup says, by a scripted one.</summary>
public sealed class ReplicaWatcherTests : IDisposable
{
    private const string Status = """
        [ { "name": "r0", "node-id": 0, "role": "Primary", "suspended": false,
            "devices": [ { "volume": 0, "minor": 10, "disk-state": "UpToDate", "quorum": true },
                         { "volume": 1, "minor": 11, "disk-state": "Inconsistent", "quorum": true } ],
            "connections": [ { "peer-node-id": 1, "name": "beta", "connection-state": "Connected", "peer-role": "Secondary" } ] },
          { "name": "r1", "role": "Secondary", "devices": [ { "volume": 0, "disk-state": "UpToDate" } ],
            "connections": [ { "peer-node-id": 1, "name": "beta", "connection-state": "Connecting" } ] } ]
        """;

    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_worst_volume_counts_and_only_connected_is_connected() => Assert.Equal(
        [new ReplicaFact("r0", true, "Inconsistent"), new ReplicaFact("r1", false, "UpToDate"), new ReplicaFact("r2", false, "")],
        DrbdStatus.Parse(Status, ["r0", "r1", "r2"])!.Value);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[ { \"name\": \"r0\"")]
    [InlineData("version: 8.4.11 (api:1/proto:86-101)")]
    public void What_is_no_status_is_none(string said) => Assert.Null(DrbdStatus.Parse(said, ["r0"]));

    [Fact]
    public void Odd_members_say_nothing() => Assert.Equal(
        new ReplicaFact("r0", false, ""), Assert.Single(DrbdStatus.Parse("[ 7, { \"name\": \"r0\", \"devices\": 3, \"connections\": [ { \"connection-state\": 5 } ] } ]", ["r0"])!.Value));

    [Fact]
    public async Task A_reading_is_posted_and_trouble_is_told_once()
    {
        File.WriteAllText(_scratch["status.json"], Status);
        File.WriteAllText(_scratch["drbdsetup.sh"], $"[ \"$*\" = 'status --json' ] && cat {_scratch["status.json"]}\n");
        var config = Samples.Config();
        config = config with
        {
            Storage = config.Storage with { DrbdResources = ["r0", "r1"] },
            Tools = config.Tools with { Drbd = $"/bin/sh {_scratch["drbdsetup.sh"]}" },
        };
        using var watcher = new ReplicaWatcher(config, new ToolRunner(), new BootClock(), _sink);
        await watcher.ReadAsync();
        await watcher.ReadAsync();
        Assert.True(_sink.Of<Observation.ReplicasRead>().Last().Replicas is [{ PeerConnected: true }, { PeerConnected: false }]);
        Assert.True(Assert.Single(_sink.Of<Observation.ThirdPartySeen>()).Works);

        File.Delete(_scratch["drbdsetup.sh"]);
        await watcher.ReadAsync();
        await watcher.ReadAsync();
        Assert.Empty(_sink.Of<Observation.ReplicasRead>().Last().Replicas);
        Assert.Equal([true, false], _sink.Of<Observation.ThirdPartySeen>().Select(seen => seen.Works));
    }
}
