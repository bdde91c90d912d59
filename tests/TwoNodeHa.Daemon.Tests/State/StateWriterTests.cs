using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.State;

public sealed class StateWriterTests
{
    [Fact]
    public async Task Every_version_is_answered_once_in_order_and_failures_say_why()
    {
        var sink = new CollectingSink();
        using var writer = new StateWriter(
            state =>
            {
                if (state.Version == 3)
                {
                    throw new IOException("disk full");
                }

                if (state.Version == 4)
                {
                    throw new UnauthorizedAccessException("read-only");
                }
            },
            sink);
        for (var version = 1; version <= 6; version++)
        {
            writer.Persist(new DurableState { Version = version });
        }

        await Eventually.Holds(() => sink.Posted.Length >= 6, "six answers");
        Assert.Equal(
            [
                new Observation.Persisted(1, true, ""),
                new Observation.Persisted(2, true, ""),
                new Observation.Persisted(3, false, "disk full"),
                new Observation.Persisted(4, false, "read-only"),
                new Observation.Persisted(5, true, ""),
                new Observation.Persisted(6, true, ""),
            ],
            sink.Of<Observation.Persisted>());
    }

    [Fact]
    public async Task A_stalled_disk_does_not_stall_who_asks()
    {
        var sink = new CollectingSink();
        using var stalled = new ManualResetEventSlim(false);
        using var writer = new StateWriter(_ => stalled.Wait(Eventually.Ceiling), sink);
        writer.Persist(new DurableState { Version = 1 });
        writer.Persist(new DurableState { Version = 2 });
        Assert.Empty(sink.Posted);
        stalled.Set();
        await Eventually.Holds(() => sink.Posted.Length == 2, "both answers");
    }

    [Fact]
    public async Task The_real_file_behind_it_holds_the_last_version()
    {
        using var scratch = new Scratch();
        var file = new DurableFile(scratch["lib"]);
        var sink = new CollectingSink();
        using var writer = new StateWriter(file.Write, sink);
        writer.Persist(new DurableState { Version = 1 });
        writer.Persist(new DurableState { Version = 2 });
        await Eventually.Holds(() => sink.Of<Observation.Persisted>().Any(answer => answer is { Version: 2, Durable: true }), "version 2");
        Assert.Equal(2, file.Read().State!.Version);
    }
}
