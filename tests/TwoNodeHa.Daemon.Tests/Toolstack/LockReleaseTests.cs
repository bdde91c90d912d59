using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

/// <summary>The locks of a dead host are released where it had storage, and as those of a master where it was one.</summary>
public sealed class LockReleaseTests : IDisposable
{
    private static readonly Guid Host = Guid.Parse("11111111-1111-4111-8111-111111111111");
    private const string Sr = "33333333-3333-4333-8333-333333333333";

    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(true, $"11111111-1111-4111-8111-111111111111 {Sr} master")]
    [InlineData(false, $"11111111-1111-4111-8111-111111111111 {Sr}")]
    public async Task The_tool_is_told_host_storage_and_whether_it_was_master(bool wasMaster, string told)
    {
        await using var server = ScriptedServer.OnUnixSocket(Answer, _scratch["no-xapi"]);
        File.WriteAllText(_scratch["pool.conf"], "master");
        File.WriteAllText(_scratch["release.sh"], $"echo \"$@\" >> {_scratch["released"]}\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with { Tools = config.Tools with { ReleaseLocks = $"/bin/sh {_scratch["release.sh"]}" } };
        await using var port = new ToolstackPort(new LocalConfig(config, 0), _sink, new ToolRunner(), NullLogger.Instance);
        port.Read(new Command.ReadToolstack(1, WithDatabase: true, Eventually.Ceiling));
        await Eventually.Holds(() => _sink.Of<Observation.ToolstackObserved>().Length > 0, "the database is known");

        port.Act(new Command.Act(2, new HaAction.ReleaseStorageLocks(Host, wasMaster), Eventually.Ceiling));
        await Eventually.Holds(() => _sink.Of<Observation.ActionFinished>().Length > 0, "released");
        Assert.Equal(ActionOutcome.Succeeded, _sink.Of<Observation.ActionFinished>()[0].Outcome);
        Assert.Equal([told], File.ReadAllLines(_scratch["released"]));
    }

    private static Reply Answer(ReceivedRequest request) => request.Method switch
    {
        "pool.get_all_records" => Reply.Result("""{"OpaqueRef:p":{"uuid":"p","master":"OpaqueRef:a","ha_enabled":false}}"""),
        "host.get_all_records" => Reply.Result($$$"""{"OpaqueRef:a":{"uuid":"{{{Host}}}","enabled":true}}"""),
        "PBD.get_all_records" => Reply.Result(
            """{"OpaqueRef:d":{"uuid":"44444444-4444-4444-8444-444444444444","host":"OpaqueRef:a","SR":"OpaqueRef:r","currently_attached":true}}"""),
        "SR.get_all_records" => Reply.Result($$$"""{"OpaqueRef:r":{"uuid":"{{{Sr}}}","name_label":"nfs","type":"nfs","shared":true}}"""),
        { } other when other.EndsWith(".get_all_records", StringComparison.Ordinal) => Reply.Result("{}"),
        "host.compute_free_memory" => Reply.Result("1"),
        "host.is_in_emergency_mode" => Reply.Result("false"),
        "event.from" => Reply.Result("""{"events":[],"valid_ref_counts":{},"token":"t"}"""),
        _ => Reply.Result("\"OpaqueRef:s\""),
    };
}
