using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Links;

public sealed class RateLimitedLogTests
{
    private readonly ListLogger _logger = new();
    private readonly FakeTime _time = new();
    private readonly RateLimitedLog _log;

    public RateLimitedLogTests() => _log = new RateLimitedLog(_logger, _time);

    [Fact]
    public void One_line_per_reason_and_ten_seconds()
    {
        Flood("a", 1000);
        Assert.Single(_logger.Lines);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Flood("a", 10);
        Assert.Single(_logger.Lines);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Flood("a", 10);
        Assert.Equal(2, _logger.Lines.Length);
    }

    [Fact]
    public void Another_reason_has_a_line_of_its_own()
    {
        Flood("a", 5);
        Flood("b", 5);
        Assert.Equal(["a", "b"], _logger.Lines.Select(line => line.Split(' ')[1]));
    }

    [Fact]
    public void What_was_left_out_is_said_with_the_next_line_once()
    {
        Flood("a", 8);
        Assert.Contains("; 0 more", _logger.Lines[0], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(10));
        Flood("a", 1);
        Assert.Contains("; 7 more", _logger.Lines[1], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(10));
        Flood("a", 4);
        Assert.Contains("; 0 more", _logger.Lines[2], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(10));
        Flood("a", 1);
        Assert.Contains("; 3 more", _logger.Lines[3], StringComparison.Ordinal);
    }

    private void Flood(string reason, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _log.Warn(reason, "detail");
            _time.Advance(TimeSpan.FromTicks(i % 2));
        }
    }

    private sealed class FakeTime : TimeProvider
    {
        private long _ticks = 12_345;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
