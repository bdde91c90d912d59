namespace TwoNodeHa.Sim.Report;

/// <summary>Seconds to pixels: stretched where things happen, long quiet stretches folded to a fixed width.</summary>
internal sealed class TimeAxis
{
    private const double FoldAfter = 12;
    public const double Width = 1080;

    private readonly List<(double Time, double At)> _knots = [];

    public TimeAxis(IEnumerable<double> moments, double end)
    {
        var at = 0.0;
        var last = 0.0;
        _knots.Add((0, 0));
        foreach (var moment in moments.Where(moment => moment > 0).Append(end).Order())
        {
            var gap = moment - last;
            at += gap <= FoldAfter ? gap : FoldAfter;
            if (gap > FoldAfter)
            {
                Folds.Add((last + (gap / 2), gap));
            }

            last = moment;
            _knots.Add((moment, at));
        }

        Scale = at > 0 ? Width / at : 1;
    }

    public double Scale { get; }

    /// <summary>Folded stretches: their middle, and how long each is in truth, seconds.</summary>
    public List<(double Middle, double Length)> Folds { get; } = [];

    public double X(double time)
    {
        time = Math.Max(0, time);
        var index = _knots.FindIndex(knot => knot.Time >= time);
        if (index <= 0)
        {
            return index == 0 ? 0 : _knots[^1].At * Scale;
        }

        var (from, to) = (_knots[index - 1], _knots[index]);
        var share = to.Time > from.Time ? (time - from.Time) / (to.Time - from.Time) : 0;
        return (from.At + (share * (to.At - from.At))) * Scale;
    }
}
