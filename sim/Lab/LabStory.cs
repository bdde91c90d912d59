using System.Collections.Immutable;

namespace TwoNodeHa.Sim.Lab;

/// <summary>One line of what happened, in the time of the machine.</summary>
/// <param name="At">When.</param>
/// <param name="Host">Host it happened on; empty for the world around them.</param>
/// <param name="Text">What.</param>
internal sealed record StoryLine(DateTimeOffset At, string Host, string Text);

/// <summary>What was done to the lab, line by line. Thread-safe.</summary>
internal sealed class LabStory
{
    private readonly Lock _lock = new();
    private readonly List<StoryLine> _lines = [];

    public ImmutableArray<StoryLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Notes that something was done just now.</summary>
    public DateTimeOffset Mark(string host, string text)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        lock (_lock)
        {
            _lines.Add(new StoryLine(now, host, text));
        }

        return now;
    }

    public override string ToString() =>
        string.Join('\n', Lines.Select(line => $"{line.At:HH:mm:ss.fff} {line.Host} {line.Text}"));
}
