namespace TwoNodeHa.Sim.Play;

/// <summary>Where a VM runs, from the truth of the hypervisors.</summary>
[Flags]
internal enum Place
{
    /// <summary>On no host: it is down.</summary>
    Nowhere = 0,

    /// <summary>On the first host.</summary>
    First = 1,

    /// <summary>On the second host.</summary>
    Second = 2,

    /// <summary>On both: what must never be.</summary>
    Both = First | Second,
}

/// <summary>A stretch of a lane.</summary>
/// <param name="From">Its begin, seconds since second 0.</param>
/// <param name="Where">Where the VM ran.</param>
internal sealed record Stretch(double From, Place Where);

/// <summary>One VM over time.</summary>
/// <param name="vm">Its name.</param>
/// <param name="start">Where it runs at second 0.</param>
internal sealed class Lane(string vm, Place start)
{
    private readonly List<Stretch> _stretches = [new Stretch(0, start)];

    /// <summary>Name of the VM.</summary>
    public string Vm => vm;

    /// <summary>Ascending; each ends where the next begins, the last one now.</summary>
    public IReadOnlyList<Stretch> Stretches => _stretches;

    /// <summary>Where it runs now.</summary>
    public Place Now => _stretches[^1].Where;

    /// <summary>When its present stretch began, seconds.</summary>
    public double Since => _stretches[^1].From;

    /// <summary>It was seen at a place; true when that is another one than before.</summary>
    public bool Seen(double time, Place where)
    {
        if (where == Now)
        {
            return false;
        }

        _stretches.Add(new Stretch(time, where));
        return true;
    }

    /// <summary>How long it was at a place until a time, seconds.</summary>
    public double Seconds(Place where, double until)
    {
        var sum = 0.0;
        for (var i = 0; i < _stretches.Count; i++)
        {
            sum += _stretches[i].Where == where ? (i + 1 < _stretches.Count ? _stretches[i + 1].From : until) - _stretches[i].From : 0;
        }

        return sum;
    }
}
