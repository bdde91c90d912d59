namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>Pauses between attempts: each twice the one before, up to a limit; from the start again after work that lasted.</summary>
/// <param name="first">The first pause, above zero.</param>
/// <param name="limit">The longest pause; an attempt that lasted longer than this counts as success.</param>
internal sealed class BackOff(TimeSpan first, TimeSpan limit)
{
    private TimeSpan? _next;

    /// <summary>The pause after an attempt that failed.</summary>
    /// <param name="lasted">How long the attempt went well.</param>
    public TimeSpan After(TimeSpan lasted)
    {
        var pause = lasted > limit ? first : _next ?? first;
        _next = pause * 2 < limit ? pause * 2 : limit;
        return pause;
    }
}
