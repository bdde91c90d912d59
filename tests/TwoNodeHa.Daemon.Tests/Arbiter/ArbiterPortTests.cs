using System.Net;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Tests.Arbiter;

/// <summary>What becomes of the store's answers: a right that ended before it was heard of is none, an answer that is lost proves nothing.</summary>
public sealed class ArbiterPortTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly CollectingSink _sink = new();
    private readonly HaConfig _config;
    private readonly ArbiterPort _port;
    private TimeSpan _takes = TimeSpan.FromSeconds(1);
    private Exception? _fails;

    public ArbiterPortTests()
    {
        var arbiter = new ArbiterConfig { Endpoints = [IPEndPoint.Parse("127.0.0.1:1")], CaFile = "/none", Prefix = "/p", LeaseTime = TimeSpan.FromSeconds(60) };
        _config = Samples.Config() with { Arbiter = arbiter };
        var local = new LocalConfig(_config, 0);
        _port = new ArbiterPort(local, new EtcdStore(local, arbiter, _clock, Answer), _clock, _sink);
    }

    public void Dispose() => _port.Dispose();

    [Fact]
    public async Task A_lease_is_held_from_when_it_was_asked_for()
    {
        var asked = _clock.Now + _takes;
        Assert.Equal(ActionOutcome.Succeeded, (await AcquireAsync()).Outcome);
        Assert.Equal(asked + ArbiterRules.UsableOf(_config), Assert.Single(_sink.Of<Observation.ArbiterObserved>()).HeldUntil);
    }

    [Fact]
    public async Task A_lease_that_ended_before_its_answer_came_is_none()
    {
        _takes = TimeSpan.FromSeconds(61);
        Assert.Equal(ActionOutcome.Failed, (await AcquireAsync()).Outcome);
        Assert.Null(Assert.Single(_sink.Of<Observation.ArbiterObserved>()).HeldUntil);
    }

    [Fact]
    public async Task An_answer_that_is_lost_leaves_the_outcome_unknown_and_gives_no_right()
    {
        _fails = new ThirdPartyException("no answer in time");
        Assert.Equal(ActionOutcome.Unknown, (await AcquireAsync()).Outcome);
        Assert.Empty(_sink.Of<Observation.ArbiterObserved>());
        Assert.False(Assert.Single(_sink.Of<Observation.ThirdPartySeen>()).Works);
    }

    private Task<Observation.ActionFinished> AcquireAsync() => _port.RunAsync(new Command.Act(1, new HaAction.AcquireLease(), TimeSpan.FromSeconds(5)));

    private Task<JsonNode> Answer(string path, JsonObject body, CancellationToken cancel)
    {
        _clock.Now += _takes;
        if (_fails is { } error)
        {
            throw error;
        }

        return Task.FromResult(JsonNode.Parse(path == "lease/grant" ? """{"ID":"77","TTL":"60"}"""
            : body["compare"] is not null ? """{"header":{},"succeeded":true}"""
            : """{"header":{"cluster_id":"9","raft_term":"3"},"responses":[]}""")!);
    }
}
