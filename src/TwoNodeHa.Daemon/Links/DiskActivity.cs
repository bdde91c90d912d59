namespace TwoNodeHa.Daemon.Links;

/// <summary>What one thread of a <see cref="DiskLink"/> is doing, for those who must not wait for it.</summary>
internal sealed class DiskActivity(string name)
{
    private long _since;
    private volatile string _trouble = "";

    public string Name { get; } = name;

    /// <summary>How long the access under way has taken; null when none is.</summary>
    public TimeSpan? HangsFor => Volatile.Read(ref _since) is not 0 and var since
        ? TimeSpan.FromMilliseconds(Environment.TickCount64 - since)
        : null;

    public void Begin() => Volatile.Write(ref _since, Environment.TickCount64);

    /// <summary>Neither under way nor done.</summary>
    public void Idle() => Volatile.Write(ref _since, 0);

    public TimeSpan Ended(TimeSpan bound)
    {
        var took = HangsFor ?? TimeSpan.Zero;
        Idle();
        _trouble = took > bound ? $"{Name} took {took.TotalSeconds:0.0} s" : "";
        return took;
    }

    public void Failed(string trouble)
    {
        Idle();
        _trouble = trouble;
    }

    public string Trouble(TimeSpan bound) =>
        HangsFor is { } hangs && hangs > bound ? $"{Name} hangs for {hangs.TotalSeconds:0} s" : _trouble;
}
