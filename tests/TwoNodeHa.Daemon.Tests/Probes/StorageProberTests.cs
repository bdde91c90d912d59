using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Probes;

public sealed class StorageProberTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly Counters _counters = new();
    private StorageProber? _prober;

    public void Dispose()
    {
        _prober?.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task A_file_that_can_be_read_is_reported_once()
    {
        Start(timeout: 60, Good("a"), Good("b"));
        await Reported(Health.Healthy);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal("all probes (2) can be read", Assert.Single(_sink.Of<Observation.StorageProbed>()).Detail);
    }

    [Fact]
    public async Task A_file_that_vanishes_is_doubtful_then_lost_then_back()
    {
        var path = Good("a");
        Start(timeout: 2.5, path, Good("b"));
        await Reported(Health.Healthy);
        File.Delete(path);
        await Reported(Health.Lost);
        File.WriteAllText(path, "back");
        await Eventually.Holds(() => Newest?.Health == Health.Healthy, "healthy again");
        var told = _sink.Of<Observation.StorageProbed>();
        var lost = Array.FindIndex(told, probed => probed.Health == Health.Lost);
        Assert.StartsWith($"{path}: open: No such file", told[lost].Detail, StringComparison.Ordinal);
        Assert.Equal(Health.Doubtful, told[lost - 1].Health);
        Assert.Equal(Health.Doubtful, told[lost + 1].Health);
    }

    [Fact]
    public async Task A_read_that_hangs_costs_its_own_probe_only_and_is_tried_anew()
    {
        var hung = Fifo.At(_scratch["hung"]);
        Start(timeout: 0.6, Good("a"), hung);
        await Reported(Health.Lost);
        Assert.StartsWith($"{hung}: a read hangs for", Newest!.Detail, StringComparison.Ordinal);
        await Eventually.Holds(() => Count("storage.read_given_up") == StorageProber.HungMax - 1, "given up");

        await Task.Delay(700, TestContext.Current.CancellationToken);
        Assert.Equal(StorageProber.HungMax - 1, Count("storage.read_given_up"));

        // A path made anew is found although a thread may hang in the old one.
        using (Fifo.Released(hung))
        {
            await Eventually.Holds(() => Count("storage.read_failed") > 0, "the threads let go");
            File.Delete(hung);
        }

        File.WriteAllText(hung, "storage");
        await Eventually.Holds(() => Newest.Health == Health.Healthy, "healthy again");
    }

    [Theory]
    [InlineData("empty", "it is empty")]
    [InlineData("directory", "Is a directory")]
    [InlineData("missing", "No such file")]
    public async Task What_cannot_be_read_is_named(string kind, string words)
    {
        var path = _scratch[kind];
        if (kind == "empty")
        {
            File.WriteAllBytes(path, []);
        }
        else if (kind == "directory")
        {
            Directory.CreateDirectory(path);
        }

        Start(timeout: 0.6, path);
        await Reported(Health.Lost);
        Assert.Contains(words, Newest!.Detail, StringComparison.Ordinal);
        Assert.Contains(path, Newest.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_probes_nothing_is_started_or_posted()
    {
        Start(timeout: 60);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public void The_worst_path_speaks_for_all()
    {
        Assert.Equal((Health.Lost, "b; d"), StorageProber.Combine(
            [(Health.Doubtful, "a"), (Health.Lost, "b"), (Health.Healthy, "c"), (Health.Lost, "d")]));
        Assert.Equal((Health.Doubtful, "a"), StorageProber.Combine([(Health.Doubtful, "a"), (Health.Unknown, "b")]));
        Assert.Equal((Health.Unknown, "b"), StorageProber.Combine([(Health.Healthy, "a"), (Health.Unknown, "b")]));
    }

    private Observation.StorageProbed? Newest => _sink.Of<Observation.StorageProbed>().LastOrDefault();

    private long Count(string name) => _counters.Snapshot().GetValueOrDefault(name);

    private string Good(string name)
    {
        File.WriteAllBytes(_scratch[name], new byte[4096]);
        return _scratch[name];
    }

    private void Start(double timeout, params string[] paths)
    {
        var storage = new StorageConfig
        {
            Probes = [.. paths],
            ProbeInterval = TimeSpan.FromSeconds(0.05),
            ProbeTimeout = TimeSpan.FromSeconds(timeout),
        };
        _prober = new StorageProber(storage, new BootClock(), _sink, _counters);
        _prober.Start();
    }

    private Task Reported(Health health) =>
        Eventually.Holds(() => _sink.Of<Observation.StorageProbed>().Any(probed => probed.Health == health), health.ToString());
}
