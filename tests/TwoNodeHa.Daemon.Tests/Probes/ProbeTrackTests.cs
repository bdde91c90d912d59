using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Probes;

namespace TwoNodeHa.Daemon.Tests.Probes;

public sealed class ProbeTrackTests
{
    private readonly ProbeTrack _track = new("/srv/sr", new StorageConfig { Probes = ["/srv/sr"] });
    private Instant _now = Instant.FromSeconds(1000);
    private long _attempt;

    [Fact]
    public void Before_the_first_reading_nothing_is_known() => Assert.Equal(Health.Unknown, Pass(4));

    [Fact]
    public void Readings_that_succeed_are_healthy()
    {
        for (var i = 0; i < 10; i++)
        {
            Read();
            Assert.Equal(Health.Healthy, Pass(5));
        }
    }

    [Fact]
    public void Failures_are_doubtful_at_once_and_lost_after_the_whole_timeout()
    {
        Read();
        Pass(5);
        Read("read: Input/output error (errno 5)");
        Assert.Equal(Health.Doubtful, Pass(0.5));
        Assert.Equal("/srv/sr: read: Input/output error (errno 5)", _track.Look(_now).Detail);
        Assert.Equal(Health.Doubtful, Pass(14));
        Read("read: Input/output error (errno 5)");
        Assert.Equal(Health.Lost, Pass(1));
    }

    [Fact]
    public void A_read_that_hangs_is_doubtful_after_an_interval_and_lost_after_the_timeout()
    {
        Read();
        Pass(5);
        _track.Begin(_now);
        Assert.Equal(Health.Healthy, Pass(4.5));
        Assert.Equal(Health.Doubtful, Pass(1));
        Assert.Equal(Health.Doubtful, Pass(9));
        Assert.Equal(Health.Lost, Pass(1));
        Assert.Contains("a read hangs for 16 s", _track.Look(_now).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Flapping_is_never_lost()
    {
        for (var i = 0; i < 20; i++)
        {
            Read();
            Pass(5);
            Read("read: Stale file handle (errno 116)");
            Assert.Equal(Health.Doubtful, Pass(14));
        }
    }

    [Fact]
    public void What_was_lost_is_doubtful_until_it_was_read_for_the_whole_timeout()
    {
        Read();
        Read("gone");
        Assert.Equal(Health.Lost, Pass(21));
        Read();
        Assert.Equal(Health.Doubtful, Pass(15));
        Read("gone again");
        Assert.Equal(Health.Lost, Pass(0.5));
        Read();
        Assert.Equal(Health.Doubtful, Pass(19));
        Read();
        Assert.Equal(Health.Healthy, Pass(2));
    }

    [Fact]
    public void A_process_that_slept_has_not_lost_its_storage()
    {
        Read();
        Pass(1);
        _attempt = _track.Begin(_now);
        _now += TimeSpan.FromMinutes(10);
        Assert.NotEqual(Health.Lost, _track.Look(_now).Health);
        _track.End(_attempt, _now, "");
        Assert.Equal(Health.Healthy, Pass(1));
    }

    [Fact]
    public void A_reading_that_was_given_up_says_nothing_any_more()
    {
        var old = _track.Begin(_now);
        Assert.Equal(Health.Lost, Pass(21));
        Assert.True(_track.HangsForGood(_now));
        Read("still gone");
        _track.End(old, _now, "");
        Assert.Equal(Health.Lost, Pass(1));
        Read();
        Assert.Equal(Health.Doubtful, Pass(1));
        Assert.False(_track.HangsForGood(_now));
    }

    private void Read(string trouble = "") => _track.End(_track.Begin(_now), _now, trouble);

    private Health Pass(double seconds)
    {
        var health = _track.Look(_now).Health;
        for (var passed = 0.0; passed < seconds; passed += 0.5)
        {
            _now += TimeSpan.FromSeconds(0.5);
            health = _track.Look(_now).Health;
        }

        return health;
    }
}
