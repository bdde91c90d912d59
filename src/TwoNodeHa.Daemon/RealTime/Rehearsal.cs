using System.Text.Json;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Daemon.RealTime;

/// <summary>
/// Two loops of this daemon's own code, one for each host, play a meeting with each other before the real one begins:
/// what the hot path needs is compiled and in memory before the first deadline. Nothing leaves the process: only
/// heartbeats are exchanged, all other orders are dropped.
/// </summary>
internal sealed class Rehearsal : ICommandExecutor
{
    private const int Rounds = 20;

    private readonly LoopCore _core;
    private readonly LocalConfig _config;
    private readonly byte[] _key;
    private readonly byte[] _buffer = new byte[HeartbeatCodec.DatagramMax];
    private readonly List<Observation> _answers = [];
    private Heartbeat? _beat;

    private Rehearsal(LocalConfig config, byte[] key)
    {
        _core = new LoopCore(config, this);
        _config = config;
        _key = key;
    }

    public static void Run(LocalConfig config, byte[] key)
    {
        Rehearsal[] hosts = [new(config, key), new(new LocalConfig(config.Config, 1 - config.SelfIndex), key)];
        var durable = new DurableState { Incarnation = 1, Enabled = true, SwitchGeneration = 1, PeerSwitchGeneration = 1, PeerEnabled = true };
        var now = Instant.FromSeconds(1);
        foreach (var host in hosts)
        {
            host.Turn(new Observation.Started(durable, DurableOrigin.Intact, 1, null, new WatchdogFacts(true, true, "")), now);
        }

        for (var round = 0; round < Rounds; round++)
        {
            now += config.Timing.HeartbeatInterval;
            for (var self = 0; self < hosts.Length; self++)
            {
                hosts[self].Turn(new Observation.GatewayAnswered(0, now), now);
                hosts[self].Turn(new Observation.Ticked(0), now);
                if (hosts[1 - self]._beat is { } beat)
                {
                    hosts[self].Turn(new Observation.HeartbeatReceived(0, beat), now);
                }
            }
        }

        _ = JsonSerializer.Serialize(hosts[0]._core.Status(now), ControlJson.Default.StatusReport);
    }

    void ICommandExecutor.Execute(Command command)
    {
        switch (command)
        {
            case Command.SendHeartbeat send:
                var length = HeartbeatCodec.Encode(send.Beat, 0, _key, _buffer);
                _beat = HeartbeatCodec.Decode(_buffer.AsSpan(0, length), _key).Beat;
                break;
            case Command.Persist persist:
                _answers.Add(new Observation.Persisted(persist.State.Version, true, ""));
                break;
            case Command.ListDomains list:
                _answers.Add(new Observation.DomainsListed(list.Id, new HypervisorFacts([], 0), ""));
                break;
            case Command.ReadToolstack read:
                _answers.Add(new Observation.ToolstackObserved(read.Id, new ToolstackFacts
                {
                    Running = true,
                    Answers = true,
                    InitComplete = true,
                    RoleFile = _config.SelfIndex == 0 ? PoolRole.Master : PoolRole.Slave,
                    MasterAddress = _config.SelfIndex == 0 ? "" : _config.Peer.Address.ToString(),
                }));
                break;
            default:
                break;
        }
    }

    private void Turn(Observation observation, Instant now)
    {
        _core.Turn(observation, now);
        var answers = _answers.ToArray();
        _answers.Clear();
        foreach (var answer in answers)
        {
            _core.Turn(answer, now);
        }
    }
}
