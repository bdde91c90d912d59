using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The monotonic clock of one host (CLOCK_BOOTTIME): begins anew at every boot, at another value than the peer's, and runs
/// faster or slower than the world by a drift. Continuous when the drift changes.
/// </summary>
public sealed class HostClock
{
    private readonly Instant _origin;
    private Instant _worldBase;
    private Instant _localBase;
    private decimal _rate = 1;

    /// <param name="origin">What the clock shows when the host has just booted.</param>
    public HostClock(Instant origin) => _origin = _localBase = origin;

    /// <summary>How much faster than the world this clock runs, parts per million.</summary>
    public int DriftPpm { get; private set; }

    /// <summary>What the clock shows at a time of the world.</summary>
    public Instant At(Instant world) => DriftPpm == 0
        ? _localBase + (world - _worldBase)
        : _localBase + TimeSpan.FromTicks((long)decimal.Floor((world - _worldBase).Ticks * _rate));

    /// <summary>The first time of the world at which the clock shows at least this.</summary>
    public Instant WorldAt(Instant local) => DriftPpm == 0
        ? _worldBase + (local - _localBase)
        : _worldBase + TimeSpan.FromTicks((long)decimal.Ceiling((local - _localBase).Ticks / _rate));

    public void Drift(int ppm, Instant world)
    {
        (_localBase, _worldBase) = (At(world), world);
        DriftPpm = ppm;
        _rate = 1 + (ppm / 1_000_000m);
    }

    /// <summary>A new boot.</summary>
    public void Restart(Instant world) => (_localBase, _worldBase) = (_origin, world);
}
