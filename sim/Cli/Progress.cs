namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// How far a long run is, on standard error: one line that is drawn anew on a terminal, a line every ten seconds elsewhere. Any thread may tell.
/// </summary>
/// <param name="output">Where it goes.</param>
/// <param name="isTerminal">The line can be drawn anew.</param>
/// <param name="total">How many there are.</param>
/// <param name="what">What they are, in the plural.</param>
/// <param name="time">Clock of the pauses.</param>
internal sealed class Progress(TextWriter output, bool isTerminal, int total, string what, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Line = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private long _shown = time.GetTimestamp();
    private int _done;
    private int _failed;

    /// <summary>Of this process.</summary>
    public static Progress OfConsole(int total, string what) => new(Console.Error, !Console.IsErrorRedirected, total, what, TimeProvider.System);

    /// <summary>One more is done.</summary>
    /// <param name="failed">It failed.</param>
    public void Done(bool failed = false)
    {
        lock (_gate)
        {
            _done++;
            _failed += failed ? 1 : 0;
            if (isTerminal && _done == total)
            {
                output.Write("\r\e[K");
            }
            else if (time.GetElapsedTime(_shown) >= (isTerminal ? Redraw : Line))
            {
                _shown = time.GetTimestamp();
                var text = $"{_done} of {total} {what}{(_failed > 0 ? $", {_failed} failed" : "")}, {time.GetElapsedTime(_started).TotalSeconds:F0} s";
                output.Write(isTerminal ? $"\r{text}\e[K" : text + "\n");
            }
        }
    }
}
